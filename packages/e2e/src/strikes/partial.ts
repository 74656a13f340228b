/**
 * Links that are broken while the machines at both ends are well: what stopped etcd at Cloudflare in 2020, and the three
 * scenarios of OmniPaxos (Ng, Haridi, Carbone: EuroSys 2023, section 2).
 */
import { between, losing } from './half-broken';
import { followers, type Ground, type Strike } from './strike';
import type { Loss } from '../harness/private-network';

const HOLD_MS = 10_000;

function broken(name: string, title: string, packets: (ground: Ground) => readonly Loss[]): Strike {
  return { name, title, holdMs: HOLD_MS, strikes: 'everybody', needs: 'network', inject: losing(packets) };
}

const one = (ground: Ground): readonly string[] =>
  followers(ground)
    .slice(0, 1)
    .map(({ name }) => name);
const all = (ground: Ground): readonly string[] => followers(ground).map(({ name }) => name);
const tms = ({ cluster }: Ground): readonly string[] => cluster.tms.map(({ name }) => name);

/** The same link broken both ways, and each way alone. */
function threeWays(name: string, title: string, others: (ground: Ground) => readonly string[]): readonly Strike[] {
  return [
    broken(name, `${title}: broken both ways`, (ground) => between(ground.leader.name, others(ground))),
    broken(`${name}-out`, `${title}: what the leader sends is lost`, (ground) => others(ground).map((to) => ({ from: ground.leader.name, to }))),
    broken(`${name}-in`, `${title}: what is sent to the leader is lost`, (ground) => others(ground).map((from) => ({ from, to: ground.leader.name }))),
  ];
}

export const singleLinks: readonly Strike[] = [
  ...threeWays('tm-leader', 'TM and leader', tms),
  ...threeWays('leader-one', 'leader and one follower', one),
  ...threeWays('leader-all', 'leader and all followers', all),
];

/** All links between Resource Managers but those of the pairs. */
function onlyTheLinks(ground: Ground, pairs: readonly (readonly [string, string])[]): readonly Loss[] {
  const kept = new Set(pairs.flatMap(([from, to]) => [`${from}>${to}`, `${to}>${from}`]));
  const rms = ground.cluster.rms.map(({ name }) => name);
  return rms.flatMap((from) => rms.filter((to) => to !== from && !kept.has(`${from}>${to}`)).map((to) => ({ from, to })));
}

/** Of five: only one follower reaches a majority, and the leader reaches nobody but it. */
export const quorumLoss = broken('quorum-loss', 'quorum loss: everybody reaches one follower only', (ground) => {
  const [hub = '', ...others] = all(ground);
  return onlyTheLinks(
    ground,
    [ground.leader.name, ...others].map((name) => [hub, name]),
  );
});

/** Each reaches its neighbours only, and the leader stands at the end. With three, only its link to the last is broken. */
export const chained = broken('chained', 'chained: each reaches its neighbours only, the leader stands at the end', (ground) => {
  const chain = [ground.leader.name, ...all(ground)];
  return onlyTheLinks(
    ground,
    chain.slice(1).map((name, at) => [chain[at] ?? '', name]),
  );
});

const LAG_MS = 2_000;

/**
 * Of five: one follower falls behind, then the leader is lost, and the others reach that follower only. It reaches a majority and
 * lacks entries, so it may not lead; those that have them reach nobody else. Raft waits here for its network, and so do we.
 */
export const constrainedElection: Strike = {
  name: 'constrained',
  title: 'constrained election: who reaches a majority lacks entries',
  holdMs: HOLD_MS,
  strikes: 'everybody',
  needs: 'network',
  inject: async (ground) => {
    const { network } = ground.cluster;
    const [hub = '', ...others] = all(ground);
    network.lose(between(hub, [ground.leader.name, ...others]));
    await new Promise((resolve) => setTimeout(resolve, LAG_MS));
    network.lose([
      ...onlyTheLinks(
        ground,
        others.map((name) => [hub, name]),
      ),
      ...between(ground.leader.name, tms(ground)),
    ]);
    return () => Promise.resolve(network.heal());
  },
};
