/**
 * Reading accounts. One account: its leader's linearizable read. Several at one instant: every prepare, commit,
 * rollback and decision raises an account's rev, so all are collected, and after the last reply collected again; if no
 * rev has moved, all values held together at every moment between the two. Legs may be prepared at that moment: the
 * second collection has asked their homes after it and found them undecided, so no money of theirs has moved on any
 * account; had one been decided, it would have been applied first and a rev would differ. After two failures the
 * leaders hold new instructions on these accounts back for a moment.
 */
import { slotOfAccount, type LeaderDirectory } from '@mas/placement';
import type { AccountReading, ReadLevel } from '@mas/two-phase-commit';
import type { AccountNumber, BucketId, Clock } from '@mas/values';
import { viewOfReading } from '../accounts/account-view';
import { MAX_ACCOUNTS_PER_READ, type CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import type { AccountView, Caller, Reply } from '../coordinator-service';
import { mayRead } from '../payment/identity';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import type { BalanceCache } from './balance-cache';
import { instantDelayMs } from './instant-delay';

export class AccountReads {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly cache: BalanceCache,
    private readonly clock: Clock,
    private readonly counters: CoordinatorCounters,
    private readonly config: CoordinatorConfig,
  ) {}

  async get(caller: Caller, numbers: readonly AccountNumber[], level: 'committed' | 'uncommitted' | 'cached'): Promise<Reply<readonly AccountView[]>> {
    if (numbers.length === 0) return success([]);
    if (numbers.length > MAX_ACCOUNTS_PER_READ) return failure('invalid', 'TOO_MANY_ACCOUNTS', `One read takes at most ${MAX_ACCOUNTS_PER_READ} accounts.`, 'numbers');
    const foreign = numbers.findIndex((number) => !mayRead(caller.subject, number));
    if (foreign >= 0) return failure('permission-denied', 'NOT_AUTHORIZED', `The token may not read account ${numbers[foreign] ?? ''}.`, `numbers[${foreign}]`);
    if (level === 'cached') return this.cached(caller, numbers);
    const namespace = this.cache.currentNamespace();
    const readings = level === 'committed' && numbers.length > 1 ? await this.atOneInstant(numbers, caller) : await this.collect(numbers, level, caller, 0);
    if (!readings.ok) return readings;
    if (level === 'committed') for (const reading of readings.value) if (reading !== null) this.cache.read(namespace, reading);
    return this.views(numbers, readings.value, level);
  }

  private async cached(caller: Caller, numbers: readonly AccountNumber[]): Promise<Reply<readonly AccountView[]>> {
    const known = await this.cache.lookUp(numbers, (number) => this.link.bucketOf(slotOfAccount(number)));
    const missing = numbers.filter((_, i) => known[i] === null);
    if (missing.length === 0) return success(known.filter((view) => view !== null));
    const namespace = this.cache.currentNamespace();
    const readings = await this.collect(missing, 'committed', caller, 0);
    if (!readings.ok) return readings;
    for (const reading of readings.value) if (reading !== null) this.cache.read(namespace, reading);
    const views = this.views(missing, readings.value, 'committed');
    if (!views.ok) return views;
    const read = new Map(views.value.map((view) => [view.number, { ...view, level: 'cached' as const, ageMs: 0 }]));
    return success(numbers.map((number, i) => known[i] ?? read.get(number)).filter((view) => view !== undefined));
  }

  private async atOneInstant(numbers: readonly AccountNumber[], caller: Caller): Promise<Reply<readonly (AccountReading | null)[]>> {
    const unique = [...new Set(numbers)];
    let before: readonly (AccountReading | null)[] | null = null;
    let collectionMs = 0;
    for (let failures = 0; ; ) {
      const startedMs = this.clock.monotonicMs();
      const after = await this.collect(unique, 'committed', caller, instantDelayMs(failures, collectionMs, this.config));
      // What was held back and waited for says nothing about how long a collection takes.
      if (failures === 0) collectionMs = this.clock.monotonicMs() - startedMs;
      if (!after.ok) return after;
      if (before !== null && sameInstant(before, after.value)) {
        const byNumber = new Map(unique.map((number, i) => [number, after.value[i] ?? null]));
        return success(numbers.map((number) => byNumber.get(number) ?? null));
      }
      if (before !== null) {
        failures += 1;
        this.counters.instantReadRetries += 1;
      }
      before = after.value;
      if (this.clock.monotonicMs() >= caller.deadlineMs - this.config.deadlineReserveMs) {
        return failure('unavailable', 'NO_COMMON_INSTANT', 'Payments kept changing these accounts until the deadline; try again.');
      }
    }
  }

  private async collect(numbers: readonly AccountNumber[], level: ReadLevel, caller: Caller, delayMs: number): Promise<Reply<readonly (AccountReading | null)[]>> {
    const groups = new Map<BucketId, number[]>();
    for (const [i, number] of numbers.entries()) {
      const bucket = this.link.bucketOf(slotOfAccount(number));
      const group = groups.get(bucket);
      if (group === undefined) groups.set(bucket, [i]);
      else group.push(i);
    }
    const readings: (AccountReading | null)[] = numbers.map(() => null);
    const failures = await Promise.all(
      [...groups].map(async ([bucket, positions]) => {
        const wanted = positions.map((i) => numbers[i]).filter((number) => number !== undefined);
        const reply = await this.link.read(bucket, { kind: 'read-accounts', bucket, level, numbers: wanted, token: caller.token, delayMs }, caller.deadlineMs);
        if (reply.kind !== 'accounts') return unanswered(reply, `A bucket of these accounts did not answer (${reply.kind === 'unreachable' ? reply.reason : `unexpected ${reply.kind}`}); try again.`);
        for (const [j, i] of positions.entries()) readings[i] = reply.readings[j] ?? null;
        return undefined;
      }),
    );
    return failures.find((failed) => failed !== undefined) ?? success(readings);
  }

  private views(numbers: readonly AccountNumber[], readings: readonly (AccountReading | null)[], level: ReadLevel): Reply<readonly AccountView[]> {
    const views: AccountView[] = [];
    for (const [i, number] of numbers.entries()) {
      const reading = readings[i] ?? null;
      if (reading === null) return failure('not-found', 'ACCOUNT_NOT_FOUND', `Account ${number} does not exist.`, `numbers[${i}]`, { account: number });
      views.push(viewOfReading(reading, level, this.directory));
    }
    return success(views);
  }
}

function sameInstant(before: readonly (AccountReading | null)[], after: readonly (AccountReading | null)[]): boolean {
  return after.every((reading, i) => reading?.rev === before[i]?.rev);
}
