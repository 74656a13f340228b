/**
 * Reads of accounts. COMMITTED never shows undecided money and never misses what has been answered (docs/adr/0021): balances and prepared legs are taken together,
 * then the homes of these legs are asked. What a home has decided is added, not applied first: a read proposes nothing but, on an idle bucket, the
 * entry that closes it at the moment that is read.
 */
import type { AccountRow, LegRow } from '@mas/ledger';
import type { AccountReading, ParticipantFailure, ParticipantReply, ReadLevel, ReadMoment } from '@mas/two-phase-commit';
import { SLOT_COUNT, type AccountNumber, type AmountMinor, type Slot, type SlotRange } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { HomeQuerier, HomesSilent } from '../homes/home-querier';
import type { Closing, NoMomentReply } from './closing';
import { decidedOf, type Decided } from './decided-legs';
import { changeBy, pastLegs, type ListLegs } from './past-balance';
import { foreignAccount, foreignSlot, readPoint, withRows, type WrongBucket } from './read-point';

/** Rows and prepared legs of one instant: nothing is applied in between. */
interface Taken {
  readonly rows: readonly (AccountRow | null)[];
  readonly prepared: readonly LegRow[];
  /** The bucket is closed here; 0: it has no moments yet. */
  readonly momentUs: number;
}

/** Of the long past. */
const ACCOUNTS_AT_ONCE = 16;
/** It may take so long, whatever it is that makes it long: nobody says that the asker has gone. */
const PAST_MS = 10_000;

class TookTooLong extends Error {}

type Failed = ParticipantFailure | NoMomentReply | HomesSilent | WrongBucket;

export class AccountReads {
  constructor(
    private readonly applier: BucketApplier,
    private readonly closing: Closing,
    private readonly homes: HomeQuerier,
    private readonly context: ReplicaContext,
  ) {}

  async read(level: ReadLevel, numbers: readonly AccountNumber[], at: ReadMoment): Promise<ParticipantReply> {
    if (level === 'committed' && typeof at === 'number') return this.readAt(numbers, at);
    const point = await readPoint(this.context.host, this.applier.bucket, this.context.config.readTimeoutMs);
    if (point.kind !== 'ready') return point;
    if (typeof at === 'object') return 'choose' in at ? this.choose(numbers, at.choose) : this.momentOfHomes(at.ofHomes);
    const latest = await this.withAccounts(numbers, async () => (level === 'committed' ? this.now(numbers) : uncommitted(this.take(numbers))));
    return typeof latest === 'number' ? this.readAt(numbers, latest) : latest;
  }

  /**
   * What was decided before is not behind the bucket's own moment, nor behind the moments of the homes of what is prepared here. Who owns a home is asked
   * by its slot: buckets have maps of different ages, and one that is asked about slots that have left it would know nothing of what was decided there since.
   * @param leftOut slots of homes that the asker sees to himself
   */
  private async choose(numbers: readonly AccountNumber[], leftOut: readonly SlotRange[]): Promise<ParticipantReply> {
    const foreign = foreignAccount(this.applier, numbers);
    if (foreign !== null) return foreign;
    const { ledger } = this.applier.state();
    const ownUs = ledger.momentUs;
    const homes = new Set(numbers.flatMap((number) => ledger.preparedOn(number)).map((leg) => leg.homeSlot));
    const isLeftOut = new Uint8Array(SLOT_COUNT);
    for (const { from, to } of leftOut) isLeftOut.fill(1, from, to + 1);
    for (const home of homes) if (ledger.ownsSlot(home) || isLeftOut[home] === 1) homes.delete(home);
    const homesUs = await this.homes.momentOf(homes);
    if (typeof homesUs === 'object' && homesUs !== null) return homesUs;
    return { kind: 'accounts', readings: [], momentUs: ownUs === 0 || homesUs === null ? null : Math.max(ownUs, homesUs), asStored: false };
  }

  /** Of what this bucket has decided as the home of payments in these slots, and of what owners before it have: they are told how far to rise by the move. */
  private momentOfHomes(homes: readonly Slot[]): ParticipantReply {
    const foreign = foreignSlot(this.applier, homes);
    if (foreign !== null) return foreign;
    const { momentUs } = this.applier.state().ledger;
    return { kind: 'accounts', readings: [], momentUs: momentUs === 0 ? null : momentUs, asStored: false };
  }

  /** A number: the latest commit time that a home named, which lies behind the moment of what was taken; the accounts have to be read there. */
  private async now(numbers: readonly AccountNumber[]): Promise<ParticipantReply | number> {
    const taken = this.take(numbers);
    const decided = await decidedOf(this.homes, taken.prepared, { closedAtUs: taken.momentUs === 0 ? null : taken.momentUs, isPast: false });
    if ('kind' in decided) return decided;
    // One of them belongs to no moment: its home had none to give.
    const unplaced = taken.momentUs === 0 || decided.some(({ commitUs }) => commitUs === null);
    const latestUs = decided.reduce((us, { commitUs }) => Math.max(us, commitUs ?? 0), taken.momentUs);
    if (unplaced) return reply(taken, decided, [], null);
    return latestUs === taken.momentUs ? reply(taken, decided, [], taken.momentUs) : latestUs;
  }

  private async readAt(numbers: readonly AccountNumber[], us: number): Promise<ParticipantReply> {
    const failure = await this.closing.at(us);
    if (failure !== null) return failure;
    return this.withAccounts(numbers, async (): Promise<Failed | ParticipantReply> => {
      const { ledger } = this.applier.state();
      if (us < ledger.momentsSinceUs) return this.closing.refused('before');
      const moves = ledger.movesBehind(us);
      if (moves === null) return this.fromRows(numbers, us).catch(tookTooLong);
      const taken = this.take(numbers, us);
      const decided = await decidedOf(this.homes, taken.prepared, { closedAtUs: us, isPast: true });
      if ('kind' in decided) return decided;
      if (decided.some(({ commitUs }) => commitUs === null)) return this.closing.refused('before');
      const wanted = new Set(numbers);
      const undone = moves.filter(({ account }) => wanted.has(account)).map(({ account, amountMinor }) => ({ account, amountMinor: -amountMinor }));
      return reply(
        taken,
        decided.filter(({ commitUs }) => (commitUs ?? 0) <= us),
        undone,
        us,
      );
    });
  }

  /** As of a moment that is no longer in memory. */
  private async fromRows(numbers: readonly AccountNumber[], us: number): Promise<Failed | ParticipantReply> {
    const { store } = this.applier.state();
    const { clock } = this.context;
    const untilMs = clock.monotonicMs() + PAST_MS;
    const listLegs: ListLegs = (query) => (clock.monotonicMs() < untilMs ? store.listLegs(query) : Promise.reject(new TookTooLong()));
    await this.applier.flushUpTo(us, this.context.config.readTimeoutMs);
    const rows = new Map((await store.load({ accounts: [...new Set(numbers)], legs: [], outcomes: [] })).accounts.map((row) => [row.number, row]));
    const accounts = numbers.map((number) => rows.get(number) ?? null).map((row) => (row !== null && createdUs(row) <= us ? row : null));
    // What SQL lacks may have gone with its slot.
    const foreign = foreignAccount(this.applier, numbers);
    if (foreign !== null) return foreign;
    const readings: (AccountReading | null)[] = [];
    for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE) {
      const some = await Promise.all(accounts.slice(from, from + ACCOUNTS_AT_ONCE).map((row) => (row === null ? null : this.pastReading(listLegs, row, us))));
      for (const reading of some) {
        if (reading !== null && 'kind' in reading) return reading;
        readings.push(reading);
      }
    }
    return foreignAccount(this.applier, numbers) ?? { kind: 'accounts', readings, momentUs: us, asStored: false };
  }

  private async pastReading(listLegs: ListLegs, row: AccountRow, us: number): Promise<AccountReading | Failed> {
    const { baseMinor, committed, prepared } = await pastLegs(listLegs, row, us);
    const decided = await decidedOf(this.homes, prepared, { closedAtUs: us, isPast: true });
    if ('kind' in decided) return decided;
    if (decided.some(({ commitUs }) => commitUs === null)) return this.closing.refused('before');
    const settled = decided.filter(({ commitUs }) => (commitUs ?? 0) <= us).map(({ leg }) => leg);
    const balanceMinor = [...committed, ...settled].reduce((sum, leg) => sum + changeBy(leg), baseMinor);
    return readingOf(row, [], balanceMinor - row.balanceMinor);
  }

  private async withAccounts<Value>(numbers: readonly AccountNumber[], read: () => Promise<Value>): Promise<Value | ParticipantFailure | WrongBucket> {
    const foreign = (): WrongBucket | null => foreignAccount(this.applier, numbers);
    return foreign() ?? withRows(this.applier, { accounts: numbers }, async () => foreign() ?? read());
  }

  /** @param us accounts and legs that came to be behind this moment are left out */
  private take(numbers: readonly AccountNumber[], us = Number.POSITIVE_INFINITY): Taken {
    const { ledger, table } = this.applier.state();
    return {
      rows: numbers.map((number) => table.account(number) ?? null).map((row) => (row !== null && createdUs(row) <= us ? row : null)),
      prepared: numbers.flatMap((number) => ledger.preparedOn(number)).filter((leg) => (leg.preparedUs ?? 0) <= us),
      momentUs: ledger.momentUs,
    };
  }
}

function tookTooLong(error: unknown): ParticipantFailure {
  if (error instanceof TookTooLong)
    return { kind: 'unavailable', reason: `accounts of so long ago took longer than ${PAST_MS / 1000} s to be read: ask for fewer at a time` };
  throw error;
}

function createdUs(row: AccountRow): number {
  return row.createdUs ?? row.createdAtMs * 1000;
}

interface Change {
  readonly account: AccountNumber;
  readonly amountMinor: AmountMinor;
}

function reply({ rows, prepared }: Taken, decided: readonly Decided[], undone: readonly Change[], momentUs: number | null): ParticipantReply {
  const changes = new Map<AccountNumber, AmountMinor>();
  const settled = decided.map(({ leg }): Change => ({ account: leg.account, amountMinor: changeBy(leg) }));
  for (const { account, amountMinor } of [...settled, ...undone]) changes.set(account, (changes.get(account) ?? 0n) + amountMinor);
  const open = prepared.filter((leg) => !decided.some((each) => each.leg === leg));
  const readings = rows.map((row) => (row === null ? null : readingOf(row, open, changes.get(row.number))));
  return { kind: 'accounts', readings, momentUs, asStored: decided.length === 0 && undone.length === 0 };
}

function uncommitted({ rows, prepared }: Taken): ParticipantReply {
  return { kind: 'accounts', readings: rows.map((row) => (row === null ? null : readingOf(row, prepared))), momentUs: null, asStored: true };
}

export function readingOf(row: AccountRow, prepared: readonly LegRow[], changeMinor: AmountMinor = 0n): AccountReading {
  return {
    number: row.number,
    currency: row.currency,
    status: row.status,
    owner: row.owner,
    balanceMinor: row.balanceMinor + changeMinor,
    minimumMinor: row.minimumMinor,
    holdsMinor: row.holdsMinor,
    pendingCreditsMinor: row.pendingCreditsMinor,
    rev: row.rev,
    createdAtMs: row.createdAtMs,
    preparedTxns: prepared.filter((leg) => leg.account === row.number).map((leg) => leg.txn),
  };
}
