/** The simulator\u2019s streams between Resource Managers keep the contract of every transport, so that what is simulated over them means something. */
import type { LocalMember, PeerRefusal } from '@mas/membership';
import { peerTransportContract, type TransportPair } from '@mas/testkit/peer-transport';
import { Network } from './network';
import { RaftFabric, type SimTransport, type TransportOwner } from './raft-transport';
import { SimProcess } from './sim-process';
import { World } from './world';

const LIMIT_MS = 60_000;
/** Longer than a silent connection is believed in. */
const CUT_MS = 3_000;
const TURNED_AWAY = / turns \S+ away: ([A-Z_]+)$/;

peerTransportContract('simulated network', (members) => {
  const world = new World({ seed: 1, keepsDetails: false });
  const network = new Network(world);
  const fabric = new RaftFabric(network, {
    onBatch: () => undefined,
    onTaken: () => undefined,
    onHeard: (process, by, why) => {
      throw new Error(`${by} has heard ${process}: ${why}`);
    },
  });
  const owner = (member: LocalMember, name: string, standing: string | null): TransportOwner => ({
    process: new SimProcess(name, world.time, { wallMs: 0, monotonicMs: 0 }),
    member,
    standing: () => standing,
    onRefused: () => undefined,
  });
  const transports = members.map((member) => fabric.transport(owner(member, `rm-${member.self.rm}`, null))) as [SimTransport, SimTransport];
  const [low, high] = transports.map(({ process }) => process.name) as [string, string];
  const pair: TransportPair = {
    ids: [members[0].self.rm, members[1].self.rm],
    transports,
    guest: (member) => fabric.guest(owner(member, `guest-rm-${member.self.rm}`, 'it is no member')),
    refusals: () => world.trace.lines.flatMap(({ text }) => TURNED_AWAY.exec(text)?.[1] ?? []) as PeerRefusal['name'][],
    eventually: async (what, condition) => {
      if (!(await world.time.runUntil(world.time.nowMs() + LIMIT_MS, condition))) throw new Error(`not within ${LIMIT_MS} virtual ms: ${what}`);
    },
    breakConnections: () => {
      network.block(low, high);
      network.block(high, low);
      world.time.at(CUT_MS, () => network.heal());
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  };
  return Promise.resolve(pair);
});
