/** The machines that are half broken, one by one: the table of docs/performance.md. */
import type { MasProcess } from '../harness/mas-process';
import type { Loss } from '../harness/private-network';
import { followers, type Ground, type Strike } from './strike';

const [STAND_STILL_MS, LONG_MS, LONGEST_MS] = [8_000, 15_000, 20_000];
const FSYNC_DELAY_MS = 500;
const FLAP_MS = 300;
const LOST_PERCENT = 20;

/** Packets that are lost while a strike lasts. */
export function losing(packets: (ground: Ground) => readonly Loss[]): Strike['inject'] {
  return (ground) => {
    ground.cluster.network.lose(packets(ground));
    return Promise.resolve(() => Promise.resolve(ground.cluster.network.heal()));
  };
}

/** Every packet between two parties, both ways. */
export function between(one: string, others: readonly string[], percent = 100): readonly Loss[] {
  return others.flatMap((other) => [
    { from: one, to: other, percent },
    { from: other, to: one, percent },
  ]);
}

const names = (processes: readonly MasProcess[]): readonly string[] => processes.map(({ name }) => name);

export const halfBroken: readonly Strike[] = [
  {
    name: 'freeze',
    title: 'SIGSTOP',
    holdMs: STAND_STILL_MS,
    strikes: 'leader',
    needs: 'nothing',
    inject: ({ leader }) => {
      leader.freeze();
      return Promise.resolve(() => Promise.resolve(leader.thaw()));
    },
  },
  {
    name: 'silent',
    title: 'all its links silent (black hole)',
    holdMs: STAND_STILL_MS,
    strikes: 'leader',
    needs: 'network',
    inject: losing((ground) => between(ground.leader.name, [...names(followers(ground)), ...names(ground.cluster.tms)])),
  },
  {
    name: 'disk',
    title: 'fsync takes 500 ms',
    holdMs: LONG_MS,
    strikes: 'leader',
    needs: 'compiler',
    inject: ({ leader, shim }) => {
      shim?.set(leader.name, { fsyncDelayMs: FSYNC_DELAY_MS });
      return Promise.resolve(() => Promise.resolve(shim?.set(leader.name, {})));
    },
  },
  {
    name: 'tm-link',
    title: 'only the TM cannot reach it',
    holdMs: LONG_MS,
    strikes: 'leader',
    needs: 'network',
    inject: losing(({ cluster, leader }) => between(leader.name, names(cluster.tms))),
  },
  {
    name: 'deaf',
    title: 'nothing from other RMs reaches it, one way',
    holdMs: STAND_STILL_MS,
    strikes: 'leader',
    needs: 'network',
    inject: losing((ground) => followers(ground).map(({ name }) => ({ from: name, to: ground.leader.name }))),
  },
  {
    name: 'flapping',
    title: '300 ms frozen, 300 ms awake',
    holdMs: LONGEST_MS,
    strikes: 'leader',
    needs: 'nothing',
    inject: ({ leader }) => {
      let isFrozen = false;
      const flap = (): void => {
        isFrozen = !isFrozen;
        if (isFrozen) leader.freeze();
        else leader.thaw();
      };
      flap();
      const timer = setInterval(flap, FLAP_MS);
      return Promise.resolve(() => {
        clearInterval(timer);
        leader.thaw();
        return Promise.resolve();
      });
    },
  },
  {
    name: 'loss',
    title: '20 % of packets lost on RM ports',
    holdMs: LONGEST_MS,
    strikes: 'everybody',
    needs: 'network',
    inject: losing(({ cluster }) =>
      cluster.rms.flatMap(({ name }, at) => between(name, [...names(cluster.rms.slice(at + 1)), ...names(cluster.tms)], LOST_PERCENT)),
    ),
  },
  {
    name: 'sql',
    title: 'SQL away for all RMs',
    holdMs: LONG_MS,
    strikes: 'everybody',
    needs: 'servers',
    inject: async ({ cluster }) => {
      await cluster.sql?.kill();
      return async () => {
        await cluster.sql?.restart();
      };
    },
  },
  {
    name: 'sql-silent',
    title: 'SQL stands still for all RMs (SIGSTOP)',
    holdMs: LONG_MS,
    strikes: 'everybody',
    needs: 'servers',
    inject: ({ cluster }) => {
      cluster.sql?.pause();
      return Promise.resolve(() => Promise.resolve(cluster.sql?.resume()));
    },
  },
  {
    name: 'kill',
    title: 'SIGKILL',
    holdMs: STAND_STILL_MS,
    strikes: 'leader',
    needs: 'nothing',
    inject: async ({ leader }) => {
      await leader.kill();
      return async () => {
        leader.start();
        await leader.ready();
      };
    },
  },
];
