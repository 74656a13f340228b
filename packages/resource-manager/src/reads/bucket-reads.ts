/** Reads about a bucket as a whole: what homes have recorded, totals, lists, undecided legs, locks. */
import { directionOf, MOMENTS_SINCE, type LegRow, type Move, type OutcomeRow } from '@mas/ledger';
import type { LegQuery, ParticipantReply, ParticipantRequest, UndecidedTransaction } from '@mas/two-phase-commit';
import type { AccountNumber, AmountMinor, Currency, TxnId } from '@mas/values';
import { StoreUnavailable } from '../applied-store';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { HomeQuerier } from '../homes/home-querier';
import { readingOf } from './account-reads';
import type { Closing } from './closing';
import { decidedOf } from './decided-legs';
import { foreignAccount, foreignRange, foreignSlot, readPoint, withRows } from './read-point';

const MAX_LEGS_LISTED = 500;

type Query = Extract<ParticipantRequest, { readonly kind: 'query' }>;
type ListAccounts = Extract<ParticipantRequest, { readonly kind: 'list-accounts' }>;

export class BucketReads {
  constructor(
    private readonly applier: BucketApplier,
    private readonly closing: Closing,
    private readonly homes: HomeQuerier,
    private readonly context: ReplicaContext,
  ) {}

  /**
   * As a home: what is recorded under each key. Records nothing; "nothing" is only ever said about slots that are owned. Nothing that is decided later has
   * a commit time up to `closedAtUs`: what is applied once the bucket is closed there says that by itself, under any leader, so a question about the past alone
   * asks no quorum. Every other one does: this leader may be deposed, and what another has decided and answered meanwhile would be missing.
   */
  async query({ keys, closedAtUs, isPast, decisionsOnly }: Query): Promise<ParticipantReply> {
    const answer = (): Promise<ParticipantReply> => this.recorded(keys, decisionsOnly);
    const closed = async (us: number): Promise<ParticipantReply> => (await this.closing.at(us)) ?? (await this.served(answer));
    // A home that has no moments yet decides at none; at the read point, for what a leader has not applied may raise it.
    const hasMoments = (): boolean => this.applier.state().ledger.semanticsVersion >= MOMENTS_SINCE;
    if (isPast && closedAtUs !== null && hasMoments()) return closed(closedAtUs);
    return this.atReadPoint(() => (closedAtUs !== null && hasMoments() ? closed(closedAtUs) : answer()));
  }

  private async recorded(keys: Query['keys'], decisionsOnly: boolean): Promise<ParticipantReply> {
    const { table } = this.applier.state();
    const homes = keys.map(({ homeSlot }) => homeSlot);
    const foreign = foreignSlot(this.applier, homes);
    if (foreign !== null) return foreign;
    return withRows(this.applier, { outcomes: keys.map(({ key }) => key) }, (): ParticipantReply => {
      const gone = foreignSlot(this.applier, homes);
      if (gone !== null) return gone;
      const outcomes: (OutcomeRow | null)[] = keys.map(({ key }) => table.outcome(key) ?? null);
      return decisionsOnly ? { kind: 'decisions', decisions: outcomes } : { kind: 'queried', outcomes };
    });
  }

  /**
   * Sums over the bucket, as of its last moment or of one that has passed: together with other buckets' the money of the ledger at one moment, if they count each slot once.
   * Slots that came or went for good behind the moment are not told from others: what has moved since is then no longer known.
   */
  async totals(atUs: number | null): Promise<ParticipantReply> {
    const failure = atUs === null ? null : await this.closing.at(atUs);
    if (failure !== null) return failure;
    return atUs === null ? this.atReadPoint(() => this.totalsOf([], null)) : this.totalsAt(atUs);
  }

  private async totalsAt(us: number): Promise<ParticipantReply> {
    const { ledger } = this.applier.state();
    if (us < ledger.momentsSinceUs) return this.closing.refused('before');
    const moves = ledger.movesBehind(us);
    if (moves === null) return this.closing.refused('forgotten');
    const taken = this.totalsOf(moves, us);
    const decided = await decidedOf(
      this.homes,
      [...ledger.countedPreparedLegs()].filter((leg) => (leg.preparedUs ?? 0) <= us),
      { closedAtUs: us, isPast: true },
    );
    if ('kind' in decided) return decided;
    if (decided.some(({ commitUs }) => commitUs === null)) return this.closing.refused('before');
    const settled = decided.filter(({ commitUs }) => (commitUs ?? 0) <= us);
    const balances = new Map(taken.totals.balances);
    for (const {
      leg: { spec },
    } of settled)
      add(balances, spec.currency, BigInt(directionOf(spec.effect)) * spec.amountMinor);
    return { kind: 'totals', totals: { ...taken.totals, balances } };
  }

  private totalsOf(moves: readonly Move[], us: number | null): Extract<ParticipantReply, { readonly kind: 'totals' }> {
    const { ledger } = this.applier.state();
    const meta = ledger.meta();
    const balances = new Map(meta.totals);
    for (const { currency, amountMinor } of moves) add(balances, currency, -amountMinor);
    const momentUs = us ?? (meta.momentUs === 0 ? null : meta.momentUs);
    return {
      kind: 'totals',
      totals: {
        bucket: this.applier.bucket,
        momentUs,
        accountCount: meta.accountCount,
        issued: meta.issued,
        balances,
        undecidedLegs: this.undecidedLegs(),
        momentsSinceUs: meta.momentsSinceUs,
        holdings: { slots: meta.slots, moves: meta.moves },
      },
    };
  }

  private undecidedLegs(): number {
    const { ledger } = this.applier.state();
    let legs = ledger.preparedCount;
    for (const outcome of ledger.undelivered()) legs += outcome.untold.length;
    return legs;
  }

  /** "No such leg" is only ever said about slots that are owned. */
  async leg(account: AccountNumber, txn: TxnId): Promise<ParticipantReply> {
    return this.atReadPoint(async () => {
      const foreign = foreignAccount(this.applier, [account]);
      if (foreign !== null) return foreign;
      return withRows(
        this.applier,
        { legs: [{ account, txn }] },
        (): ParticipantReply => foreignAccount(this.applier, [account]) ?? { kind: 'leg', leg: this.applier.state().table.leg(account, txn) ?? null },
      );
    });
  }

  /**
   * The account's history, from SQL, which first catches up with the read point.
   * @param sinceUs a replica that stands at this moment or later answers as it is, whether it leads or not
   */
  async listLegs(query: LegQuery, sinceUs: number | null): Promise<ParticipantReply> {
    const isThere = sinceUs !== null && this.applier.state().ledger.momentUs >= sinceUs;
    if (sinceUs !== null && !isThere) return { kind: 'unavailable', reason: 'it has not come to the moment of the list yet' };
    const at = (read: (index: number) => Promise<ParticipantReply>): Promise<ParticipantReply> =>
      isThere ? this.served(() => read(this.applier.applied().index)) : this.atReadPoint(read);
    return at(async (index) => {
      const foreign = foreignAccount(this.applier, [query.account]);
      if (foreign !== null) return foreign;
      const limit = Math.max(1, Math.min(query.limit, MAX_LEGS_LISTED));
      await this.applier.flush(index, this.context.config.readTimeoutMs);
      // One more than asked for says whether there is a next page.
      const rows = await this.applier.state().store.listLegs({ ...query, limit: limit + 1 });
      const gone = foreignAccount(this.applier, [query.account]);
      if (gone !== null) return gone;
      const legs: readonly LegRow[] = rows.slice(0, limit);
      const last = legs[legs.length - 1];
      return { kind: 'legs', legs, nextCursorSeq: rows.length > limit && last !== undefined ? last.seq : null };
    });
  }

  async listAccounts({ after, limit, slots }: Pick<ListAccounts, 'after' | 'limit' | 'slots'>): Promise<ParticipantReply> {
    return this.atReadPoint(async (index) => {
      const foreign = slots === null ? null : foreignRange(this.applier, slots);
      if (foreign !== null) return foreign;
      const count = Math.max(1, Math.min(limit, this.context.config.maxListed));
      await this.applier.flush(index, this.context.config.readTimeoutMs);
      const { store, ledger } = this.applier.state();
      // No number is empty: the first one of the slot.
      const rows = await store.listAccounts(after ?? (slots === null ? null : { slot: slots.from, number: '' as AccountNumber }), count + 1);
      const gone = slots === null ? null : foreignRange(this.applier, slots);
      if (gone !== null) return gone;
      const wanted = slots === null ? rows : rows.filter(({ slot }) => slot <= slots.to);
      const accounts = wanted.slice(0, count);
      const last = accounts[accounts.length - 1];
      return {
        kind: 'account-list',
        // What comes in is not the bucket's yet, and what goes no more.
        accounts: accounts.filter(({ slot }) => ledger.ownsSlot(slot)).map((row) => readingOf(row, ledger.preparedOn(row.number))),
        next: wanted.length > count && last !== undefined ? { slot: last.slot, number: last.number } : null,
      };
    });
  }

  async undecided(): Promise<ParticipantReply> {
    return this.atReadPoint(() => {
      const nowMs = this.applier.stamps.now();
      const transactions: UndecidedTransaction[] = [];
      for (const leg of this.applier.state().ledger.preparedLegs()) {
        if (transactions.length === this.context.config.maxListed) break;
        transactions.push({ txn: leg.txn, key: leg.key, homeSlot: leg.homeSlot, leg, ageMs: Math.max(0, nowMs - leg.preparedAtMs) });
      }
      return { kind: 'undecided', transactions };
    });
  }

  /** Locks in force; of one id also who broke it last. */
  async locks(lockId: string | null): Promise<ParticipantReply> {
    return this.atReadPoint(() => {
      const nowMs = this.applier.stamps.now();
      const locks = [...this.applier.state().ledger.locks()].filter(
        (lock) => lock.untilMs > nowMs && (lockId === null ? lock.mode !== 'broken' : lock.lockId === lockId),
      );
      return { kind: 'locks', locks: locks.slice(0, this.context.config.maxListed), stampMs: nowMs };
    });
  }

  private async atReadPoint(read: (index: number) => ParticipantReply | Promise<ParticipantReply>): Promise<ParticipantReply> {
    const point = await readPoint(this.context.host, this.applier.bucket, this.context.config.readTimeoutMs);
    return point.kind === 'ready' ? this.served(() => read(point.index)) : point;
  }

  private async served(read: () => ParticipantReply | Promise<ParticipantReply>): Promise<ParticipantReply> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof StoreUnavailable) return this.applier.storeRefusal();
      throw error;
    }
  }
}

function add(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}
