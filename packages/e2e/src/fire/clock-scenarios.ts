/**
 * Clocks that jump, are wrong by an hour, or run ten percent too fast, while locks are held, authorizations wait, accounts are read, and an
 * audit runs: what was promised lasts as long as it was promised, and nobody is refused for a machine's clock.
 */
import type { Scenario } from './scenario';
import { NEEDS_COMPILER, type World } from './world';

const HOUR_MS = 3_600_000;
const HOLD_MS = 5_000;
const FAST = 0.1;
const DRIFT_EVERY_MS = 50;

/** By process; what undoes it is all clocks right again, which for these is a jump the other way. */
type Wrong = (world: World) => Promise<() => void>;

function clocks(name: string, wrong: Wrong): Scenario {
  return {
    name,
    holdMs: HOLD_MS,
    servesMeanwhile: true,
    unavailable: (world) => (world.shim === null ? NEEDS_COMPILER : null),
    inject: async (world) => {
      const right = await wrong(world);
      const audited = auditMeanwhile(world);
      return async () => {
        right();
        await audited;
      };
    },
  };
}

/** It may miss something; it may not find anything. */
async function auditMeanwhile({ observer, books }: World): Promise<void> {
  try {
    const { checks } = await observer.audit({ isFull: true });
    books.findings.push(
      ...checks.flatMap(({ name, differences }) => differences.map((one) => `the cluster's own audit, while a clock was wrong: ${name}: ${one}`)),
    );
  } catch (error) {
    books.findings.push(`no audit while a clock was wrong: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function ahead(offsets: Readonly<Record<string, number>>): Wrong {
  return ({ shim }) => {
    for (const [name, clockOffsetMs] of Object.entries(offsets)) shim?.set(name, { clockOffsetMs });
    return Promise.resolve(() => {
      for (const name of Object.keys(offsets)) shim?.set(name, {});
    });
  };
}

function leaderAhead(offsetMs: number): Wrong {
  return async (world) => ahead({ [(await world.cluster.leaderOf(1, world.observer)).name]: offsetMs })(world);
}

function fast(name: string): Wrong {
  return ({ shim }) => {
    const sinceMs = performance.now();
    const timer = setInterval(() => shim?.set(name, { clockOffsetMs: Math.round((performance.now() - sinceMs) * FAST) }), DRIFT_EVERY_MS);
    return Promise.resolve(() => {
      clearInterval(timer);
      shim?.set(name, {});
    });
  };
}

const RMS = ['rm1', 'rm2', 'rm3'];

export const clockScenarios: readonly Scenario[] = [
  clocks("jump a leader's clock an hour ahead, and back", leaderAhead(HOUR_MS)),
  clocks("jump a leader's clock ten minutes back, and ahead again", leaderAhead(-HOUR_MS / 6)),
  ...RMS.flatMap((name) => [
    clocks(`the clock of ${name} an hour ahead`, ahead({ [name]: HOUR_MS })),
    clocks(`the clock of ${name} an hour behind`, ahead({ [name]: -HOUR_MS })),
    clocks(`the clock of ${name} a tenth too fast`, fast(name)),
  ]),
  clocks('three clocks, no two of which agree', ahead({ rm1: HOUR_MS, rm2: -HOUR_MS })),
];
