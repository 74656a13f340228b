/** One Resource Manager of three is away, or its disk is slow, and leads nothing: what that costs payments beside a whole cluster. */
import type { MasProcess } from '@mas/e2e';
import { META_GROUP } from '@mas/placement';
import type { MasClient } from '@mas/client';
import { waitUntil } from '@mas/test-servers';
import { present } from '@mas/values';
import { UNIFORM } from '../load/payment-load';
import { BATCH_SIZE, type ScenarioResult } from '../load/payment-scenario';
import type { WarmUp } from '../load/warm-up';
import { leadersOf } from '../measure/leaders';
import { CALLERS, type Ground } from './ground';

export interface BrokenFollowerFigures {
  readonly follower: string;
  readonly warmUp: WarmUp;
  readonly whole: ScenarioResult;
  readonly broken: ScenarioResult;
  /** After the repair: what differs from `whole` is the machine's and the warm-up's doing. */
  readonly wholeAgain: ScenarioResult;
  /** How leadership left it. */
  readonly left: string;
  /** Of all looks at the cluster's status while it was measured as broken: in how many it led a bucket. */
  readonly ledShare: number;
  /** From the repair, and where it was ended its start, until every replica has applied all that is committed. */
  readonly caughtUpMs: number;
}

interface Break {
  /** Ends when the follower leads nothing. @returns how leadership left it */
  readonly inflict: (pay: () => Promise<unknown>) => Promise<string>;
  readonly repair: () => Promise<void>;
}

const ACCOUNTS = 3_000;
/** The load has run for so long when counting begins. */
const SETTLE_MS = 3_000;
const SLOW_FSYNC_MS = 100;
/** So slow that a process says of itself that it ails. */
const AILING_FSYNC_MS = 500;
const LEAVES_BY_ITSELF_MS = 15_000;
const LEAVES_MS = 60_000;
const [LOOK_EVERY_MS, WATCH_EVERY_MS] = [100, 500];

export async function followerDown(ground: Ground): Promise<BrokenFollowerFigures> {
  const follower = lastOf(ground);
  const client = ground.client();
  return compare(ground, client, follower.name, {
    inflict: async () => {
      ground.notePeaks();
      await follower.kill();
      return `SIGKILL; others led all buckets ${(await leadsNothing(ground, client, follower.name, LEAVES_MS)).toFixed(0)} ms later`;
    },
    repair: async () => {
      follower.start();
      await follower.ready();
    },
  });
}

export async function followerSlow(ground: Ground): Promise<BrokenFollowerFigures> {
  const { shim } = ground;
  if (shim === null) throw new Error('it needs a C compiler (cc) for the library that slows fsync down');
  const { name } = lastOf(ground);
  const client = ground.client();
  const slow = (fsyncDelayMs: number): void => shim.set(name, { fsyncDelayMs });
  return compare(ground, client, name, {
    inflict: (pay) =>
      whilePaying(pay, async () => {
        slow(SLOW_FSYNC_MS);
        const tookMs = await leadsNothing(ground, client, name, LEAVES_BY_ITSELF_MS).catch(() => null);
        if (tookMs !== null) return `fsyncs ${SLOW_FSYNC_MS} ms slower; it had handed over what it led ${tookMs.toFixed(0)} ms later`;
        slow(AILING_FSYNC_MS);
        await leadsNothing(ground, client, name, LEAVES_MS);
        slow(SLOW_FSYNC_MS);
        const kept = `it went on leading under load for ${LEAVES_BY_ITSELF_MS / 1000} s`;
        return `fsyncs ${SLOW_FSYNC_MS} ms slower; ${kept}, and handed over once they were ${AILING_FSYNC_MS} ms slower, which lasted until then`;
      }),
    repair: () => {
      slow(0);
      return Promise.resolve();
    },
  });
}

async function compare(ground: Ground, client: MasClient, follower: string, { inflict, repair }: Break): Promise<BrokenFollowerFigures> {
  await ground.growTo(ACCOUNTS, client);
  const load = await ground.load(client);
  const warmUp = await ground.warmUp(client, load);
  await ground.atRest(client);
  const whole = await ground.batches(client, load, 'all up', SETTLE_MS);
  ground.progress.phase(`waiting until ${follower} leads nothing`);
  const left = await inflict(() => client.createPayments(Array.from({ length: BATCH_SIZE }, () => load.next(UNIFORM))));
  const watch = new LeadWatch(client, follower);
  const broken = await ground.batches(client, load, `${follower} broken`, SETTLE_MS).finally(() => watch.stop());
  const repairedMs = performance.now();
  await repair();
  await ground.caughtUp(client);
  const caughtUpMs = performance.now() - repairedMs;
  await ground.atRest(client);
  const wholeAgain = await ground.batches(client, load, 'all up again', SETTLE_MS);
  return { follower, warmUp, whole, broken, wholeAgain, left, ledShare: watch.share(), caughtUpMs };
}

function lastOf({ cluster }: Ground): MasProcess {
  return present(cluster.rms.at(-1), 'a Resource Manager');
}

/** There is no command that moves leadership. @returns after how many milliseconds every bucket is led by another one */
async function leadsNothing({ cluster }: Ground, client: MasClient, name: string, timeoutMs: number): Promise<number> {
  const startedMs = performance.now();
  const { buckets } = cluster.placement.map;
  await waitUntil(
    `${name} leads no bucket`,
    async () => {
      const leaders = await leadersOf(client);
      return buckets.every(({ bucket }) => (leaders.get(bucket) ?? name) !== name);
    },
    { timeoutMs, intervalMs: LOOK_EVERY_MS, diagnostics: () => cluster.diagnostics() },
  );
  return performance.now() - startedMs;
}

/** A disk is only found slow by who writes to it. */
async function whilePaying<Found>(pay: () => Promise<unknown>, wait: () => Promise<Found>): Promise<Found> {
  let isOver = false;
  const caller = async (): Promise<void> => {
    while (!isOver) await pay();
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, caller));
  // Heard below: not before what is waited for is over.
  callers.catch(() => undefined);
  try {
    return await wait();
  } finally {
    isOver = true;
    await callers;
  }
}

/** Balance may give a follower its leadership back while it is measured: then the figure is of something else. */
class LeadWatch {
  private readonly looks: boolean[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly client: MasClient,
    private readonly name: string,
  ) {
    this.timer = setInterval(() => void this.look(), WATCH_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  share(): number {
    return this.looks.filter((led) => led).length / Math.max(1, this.looks.length);
  }

  private async look(): Promise<void> {
    const leaders = await leadersOf(this.client).catch(() => null);
    if (leaders !== null) this.looks.push([...leaders].some(([bucket, leader]) => bucket !== META_GROUP && leader === this.name));
  }
}
