/**
 * One scenario: load until it runs at full rate, the fault, its end, the first success, everything resolved, the audit. A run
 * under too little load does not count, and neither does one whose payments have no answer.
 */
import { waitUntil } from '@mas/test-servers';
import type { Books } from '../harness/books';
import { Load } from '../harness/load';
import { DoubtWatch } from './doubt-watch';
import type { Scenario } from './scenario';
import type { World } from './world';

export interface ScenarioResult {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly committed: number;
  readonly aborted: number;
  /** Without an answer when the load ended … */
  readonly unknown: number;
  /** … and answered since. */
  readonly resolved: number;
  readonly firstSuccessMs: number | null;
  readonly allResolvedMs: number;
  /** Resolution times of single payments that were in doubt across the fault. */
  readonly resolutionsMs: readonly number[];
  readonly checks: number;
  readonly sumsRead: number;
  readonly problems: readonly string[];
}

export interface RunOptions {
  readonly loadPerSecond: number;
  /** Beyond it nothing new is begun, so that the load is no more than the machine bears. */
  readonly maxInFlight: number;
  /** A run with less does not count. */
  readonly minimumPerSecond: number;
  /** Within which a payment ends from the moment that its buckets have majorities again, and the first one commits. */
  readonly promiseMs: number;
}

/** The promise, on a machine that does nothing else. */
export const FIRE_OPTIONS: RunOptions = { loadPerSecond: 90, maxInFlight: 400, minimumPerSecond: 50, promiseMs: 10_000 };
/** On a machine that may be as busy as it likes: the same faults and the same judge of money, and everything ends. */
export const PATIENT_OPTIONS: RunOptions = { loadPerSecond: 40, maxInFlight: 40, minimumPerSecond: 2, promiseMs: 240_000 };
const WARM_WINDOW_MS = 1_500;
const WARM_TIMEOUT_MS = 240_000;
const RECOVERY_TIMEOUT_MS = 240_000;
/** Longer than any election, reconnection or call takes on a machine that is busy. */
const SERVES_TIMEOUT_MS = 60_000;

let runs = 0;

export async function runScenario(
  world: World,
  scenario: Scenario,
  options: RunOptions = scenario.untimed === true ? PATIENT_OPTIONS : FIRE_OPTIONS,
): Promise<ScenarioResult> {
  const { cluster, books, auditor } = world;
  await cluster.whole();
  const failuresBefore = cluster.failures().length;
  runs += 1;
  const load = new Load(world.client, books, world.random, `${process.pid}-${runs}`, {
    ratePerSecond: options.loadPerSecond,
    maxInFlight: options.maxInFlight,
  });
  const doubts = new DoubtWatch(world.observer);
  let ratePerSecond = 0;
  load.start();
  try {
    await waitUntil(
      `the load runs at ${options.minimumPerSecond} payments/s, and a sum has been read`,
      () => (ratePerSecond = load.rate(WARM_WINDOW_MS)) >= options.minimumPerSecond && load.sumsRead > 0,
      { timeoutMs: WARM_TIMEOUT_MS, diagnostics: () => `${load.rate(WARM_WINDOW_MS)} payments/s, ${load.sumsRead} sums\n${cluster.diagnostics()}` },
    );
    doubts.start();
    const ledBefore = scenario.leadersStay === true ? await world.leaders() : null;
    const faultAtMs = performance.now();
    const lift = await scenario.inject(world);
    await new Promise((resolve) => setTimeout(resolve, scenario.holdMs));
    const served = await hasServed(world, scenario, load, faultAtMs);
    const moved = ledBefore === null ? [] : movedLeaders(ledBefore, await world.leaders());
    await lift();
    const liftedAtMs = performance.now();
    await cluster.whole();
    const countFromMs = scenario.servesMeanwhile ? faultAtMs : liftedAtMs;
    await waitUntil('a payment commits', () => load.firstSuccessAfter(countFromMs) !== null && load.firstSuccessAfter(liftedAtMs) !== null, {
      timeoutMs: RECOVERY_TIMEOUT_MS,
      diagnostics: () => cluster.diagnostics(),
    });
    const firstSuccessMs = (load.firstSuccessAfter(countFromMs) ?? 0) - countFromMs;
    await load.stop();
    const unknown = await auditor.resolveOpen();
    await auditor.settled();
    await doubts.stop();
    const resolutionsMs = doubts.resolutionsMs(faultAtMs, liftedAtMs, scenario.servesMeanwhile);
    const audit = await auditor.audit();
    const allResolvedMs = Math.max(0, ...resolutionsMs);
    const problems = [
      ...audit.findings,
      ...endedBadly(scenario, cluster.failures().slice(failuresBefore)),
      ...served,
      ...moved,
      ...abandoned(scenario, books),
      ...(firstSuccessMs > options.promiseMs ? [`the first success took ${Math.round(firstSuccessMs)} ms`] : []),
      ...(allResolvedMs > options.promiseMs ? [`a payment was in doubt for ${Math.round(allResolvedMs)} ms (${doubts.longest()})`] : []),
    ];
    const result: ScenarioResult = {
      name: scenario.name,
      ratePerSecond,
      committed: books.count('committed'),
      aborted: books.count('aborted'),
      unknown,
      resolved: unknown - books.open().length,
      firstSuccessMs,
      allResolvedMs,
      resolutionsMs,
      checks: audit.checks,
      sumsRead: load.sumsRead,
      problems,
    };
    books.carryForward();
    return result;
  } finally {
    await load.stop();
    await doubts.stop();
  }
}

/** A fault that a bucket has to survive is not lifted before it has; where it never does, that is the finding. */
async function hasServed(world: World, { mustServe }: Scenario, load: Load, faultAtMs: number): Promise<readonly string[]> {
  if (mustServe === undefined) return [];
  const touches = (account: string): boolean => world.bucketOf(account) === mustServe;
  try {
    await waitUntil(`bucket ${mustServe} serves`, () => load.firstSuccessAfter(faultAtMs, touches) !== null, {
      timeoutMs: SERVES_TIMEOUT_MS,
      diagnostics: () => world.cluster.diagnostics(),
    });
    return [];
  } catch (error) {
    return [`bucket ${mustServe} did not serve while the fault lasted: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function movedLeaders(before: ReadonlyMap<number, string>, after: ReadonlyMap<number, string>): readonly string[] {
  return [...before]
    .filter(([bucket, leader]) => after.get(bucket) !== leader)
    .map(([bucket, leader]) => `bucket ${bucket} was led by ${leader}, and at the end of the fault by ${after.get(bucket) ?? 'nobody'}`);
}

function endedBadly({ mayStop, refusals = 0 }: Scenario, failures: readonly string[]): readonly string[] {
  if (mayStop === true) return [];
  const others = failures.filter((failure) => !/^rm\d ended with 2: /.test(failure));
  return failures.length - others.length === refusals ? others : [`${refusals} processes were to be turned away`, ...failures];
}

function abandoned({ noneAbandoned }: Scenario, books: Books): readonly string[] {
  const count = [...books.entries()].filter(({ reason }) => reason === 'ABANDONED').length;
  return noneAbandoned === true && count > 0 ? [`${count} payments were given up by their homes (ABANDONED)`] : [];
}
