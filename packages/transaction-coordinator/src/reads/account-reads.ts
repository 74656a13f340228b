/**
 * Reading accounts. One bucket's: its leader's linearizable read. Those of several buckets at one moment (docs/adr/0021): each bucket says at which moment
 * nothing is missing that was decided before, and all are read at the latest of these. Nothing is held back for it.
 */
import { slotOfAccount, type LeaderDirectory } from '@mas/placement';
import type { AccountReading, ParticipantReply, ReadLevel, ReadMoment } from '@mas/two-phase-commit';
import type { AccountNumber, BucketId, Slot, SlotRange } from '@mas/values';
import { viewOfReading } from '../accounts/account-view';
import { MAX_ACCOUNTS_PER_READ } from '../coordinator-config';
import type { AccountView, Caller, Reply } from '../coordinator-service';
import { mayRead } from '../payment/identity';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import type { BalanceCache } from './balance-cache';

type Answer = Extract<ParticipantReply, { readonly kind: 'accounts' }>;

/** Positions among the accounts that are read. */
type Groups = ReadonlyMap<BucketId, readonly number[]>;

interface Collected {
  readonly readings: readonly (AccountReading | null)[];
  /** Of each: its balance is that of its row. */
  readonly isStored: readonly boolean[];
  readonly momentUs: number | null;
}

/** A bucket remembers what moved for seconds; who does not come in that time chooses anew. */
const MOMENT_ATTEMPTS = 3;

export class AccountReads {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly cache: BalanceCache,
  ) {}

  async get(caller: Caller, numbers: readonly AccountNumber[], level: 'committed' | 'uncommitted' | 'cached'): Promise<Reply<readonly AccountView[]>> {
    if (numbers.length === 0) return success([]);
    if (numbers.length > MAX_ACCOUNTS_PER_READ)
      return failure('invalid', 'TOO_MANY_ACCOUNTS', `One read takes at most ${MAX_ACCOUNTS_PER_READ} accounts.`, 'numbers');
    const foreign = numbers.findIndex((number) => !mayRead(caller.subject, number));
    if (foreign >= 0) return failure('permission-denied', 'NOT_AUTHORIZED', `The token may not read account ${numbers[foreign] ?? ''}.`, `numbers[${foreign}]`);
    if (level === 'cached') return this.cached(caller, numbers);
    if (level === 'uncommitted') {
      const collected = await this.collect(numbers, this.groupsOf(numbers), level, 'now', caller);
      return collected.ok ? this.views(numbers, collected.value, level) : collected;
    }
    const collected = await this.committed(numbers, caller);
    return collected.ok ? this.views(numbers, collected.value, level) : collected;
  }

  private async cached(caller: Caller, numbers: readonly AccountNumber[]): Promise<Reply<readonly AccountView[]>> {
    const known = await this.cache.lookUp(numbers, (number) => this.link.bucketOf(slotOfAccount(number)));
    const missing = numbers.filter((_, i) => known[i] === null);
    if (missing.length === 0) return success(known.filter((view) => view !== null));
    const collected = await this.committed(missing, caller);
    if (!collected.ok) return collected;
    const views = this.views(missing, collected.value, 'committed');
    if (!views.ok) return views;
    const read = new Map(views.value.map((view) => [view.number, { ...view, level: 'cached' as const, ageMs: 0 }]));
    return success(numbers.map((number, i) => known[i] ?? read.get(number)).filter((view) => view !== undefined));
  }

  private async committed(numbers: readonly AccountNumber[], caller: Caller): Promise<Reply<Collected>> {
    const ticket = this.cache.begin();
    const collected = await this.atOneMoment(numbers, caller);
    if (!collected.ok) return collected;
    const { readings, isStored } = collected.value;
    for (const [i, reading] of readings.entries()) if (reading !== null) this.cache.read(ticket, reading, isStored[i] === true);
    return collected;
  }

  private async atOneMoment(numbers: readonly AccountNumber[], caller: Caller): Promise<Reply<Collected>> {
    const groups = this.groupsOf(numbers);
    if (groups.size <= 1) return this.collect(numbers, groups, 'committed', 'now', caller);
    for (let attempt = 1; ; attempt += 1) {
      // Homes in the accounts' own slots need not be asked: who answers for an account owns its slot, else he says that he does not.
      const chosen = await this.ask(numbers, groups, 'committed', { choose: rangesOf(numbers.map(slotOfAccount)) }, caller);
      if (!chosen.ok) return chosen;
      let latestUs = 0;
      for (const { momentUs } of chosen.value) {
        if (momentUs === null)
          return failure(
            'unavailable',
            'NO_COMMON_MOMENT',
            'The buckets of these accounts have no moments in common yet, which they do a few seconds after an upgrade; try again.',
          );
        latestUs = Math.max(latestUs, momentUs);
      }
      const collected = await this.collect(numbers, groups, 'committed', latestUs, caller);
      if (collected.ok || attempt === MOMENT_ATTEMPTS || collected.error.reason !== 'MOMENT_GONE') return collected;
    }
  }

  private groupsOf(numbers: readonly AccountNumber[]): Groups {
    const groups = new Map<BucketId, number[]>();
    for (const [i, number] of numbers.entries()) {
      const bucket = this.link.bucketOf(slotOfAccount(number));
      const group = groups.get(bucket);
      if (group === undefined) groups.set(bucket, [i]);
      else group.push(i);
    }
    return groups;
  }

  private async collect(numbers: readonly AccountNumber[], groups: Groups, level: ReadLevel, at: ReadMoment, caller: Caller): Promise<Reply<Collected>> {
    const answers = await this.ask(numbers, groups, level, at, caller);
    if (!answers.ok) return answers;
    const readings: (AccountReading | null)[] = numbers.map(() => null);
    const isStored = numbers.map(() => false);
    let next = 0;
    for (const positions of groups.values()) {
      const answer = answers.value[next++];
      for (const [j, i] of positions.entries()) {
        readings[i] = answer?.readings[j] ?? null;
        isStored[i] = answer?.asStored ?? false;
      }
    }
    const momentUs = answers.value.length === 1 || typeof at === 'number' ? (answers.value[0]?.momentUs ?? null) : null;
    return success({ readings, isStored, momentUs });
  }

  /** An answer per group, in order. */
  private async ask(numbers: readonly AccountNumber[], groups: Groups, level: ReadLevel, at: ReadMoment, caller: Caller): Promise<Reply<readonly Answer[]>> {
    const replies = await Promise.all(
      [...groups].map(async ([bucket, positions]): Promise<Reply<Answer>> => {
        const wanted = positions.map((i) => numbers[i]).filter((number) => number !== undefined);
        const reply = await this.link.read(bucket, { kind: 'read-accounts', bucket, level, numbers: wanted, token: caller.token, at }, caller.deadlineMs);
        if (reply.kind === 'accounts') return success(reply);
        if (reply.kind === 'no-moment')
          return failure('unavailable', 'MOMENT_GONE', 'The accounts could not be read at one moment, because payments overtook the read; try again.');
        return unanswered(
          reply,
          `A bucket of these accounts did not answer (${reply.kind === 'unreachable' ? reply.reason : `unexpected ${reply.kind}`}); try again.`,
        );
      }),
    );
    const answers: Answer[] = [];
    for (const reply of replies) {
      if (!reply.ok) return reply;
      answers.push(reply.value);
    }
    return success(answers);
  }

  private views(numbers: readonly AccountNumber[], { readings, momentUs }: Collected, level: ReadLevel): Reply<readonly AccountView[]> {
    const views: AccountView[] = [];
    for (const [i, number] of numbers.entries()) {
      const reading = readings[i] ?? null;
      if (reading === null) return failure('not-found', 'ACCOUNT_NOT_FOUND', `Account ${number} does not exist.`, `numbers[${i}]`, { account: number });
      views.push(viewOfReading(reading, level, this.directory, momentUs));
    }
    return success(views);
  }
}

function rangesOf(slots: readonly Slot[]): readonly SlotRange[] {
  return [...new Set(slots)].map((slot) => ({ from: slot, to: slot }));
}
