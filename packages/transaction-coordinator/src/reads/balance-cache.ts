/**
 * Balances in Redis, for reads that may be old. A value is put there only under the namespace that was read before
 * the linearizable operation it comes from, and only over a lower rev, so the value in Redis never goes back, not even
 * across a flush. What rarely changes of an account (status, owner) is remembered here, and its age counts.
 *
 * What this coordinator answers never goes back either: while Redis is silent the bucket answers, and what it said cannot be
 * put into Redis. When Redis is heard again it still has what it had before. So the highest rev that was seen here is kept
 * with the details, and what lies below it is read at the bucket. Whose details are forgotten is read there as well, so the
 * rev is never missed; and no answer is older than the details may be.
 *
 * A balance that holds what a home has decided and the account's bucket has not been told has no rev of its own: it is answered, not put into Redis, and until
 * a read that began later has found the row like that, the account is read at its bucket.
 */
import type { AccountReading, RecordedPayment } from '@mas/two-phase-commit';
import type { AccountNumber, BucketId, Clock } from '@mas/values';
import type { AccountView } from '../coordinator-service';
import type { CachedBalance, TxnCoordinatorDAO } from '../txn-coordinator-dao';

const MAX_WAITING = 10_000;
const MAX_DETAILS = 100_000;
/** An account's details older than this are read again. */
const DETAILS_AGE_MS = 60_000;
const NAMESPACE_AGE_MS = 5_000;
/** Above every rev: what is in Redis lies below it. */
const NO_REV = Number.POSITIVE_INFINITY;

/** What is known as an operation begins. */
export interface CacheTicket {
  readonly namespace: string | null;
  /** Rises from operation to operation. */
  readonly order: number;
}

interface Details {
  readonly reading: AccountReading;
  readonly readAtMs: number;
  /** The highest that this coordinator has read, answered or committed. */
  seenRev: number;
  /** Reads that began before this one are behind what has been answered. */
  readonly sinceOrder: number;
}

export class BalanceCache {
  private namespace: { readonly value: string; readonly readAtMs: number } | null = null;
  private readingNamespace = false;
  private writing = false;
  /** The newest value per account that waits to be written. */
  private readonly waiting = new Map<AccountNumber, { readonly namespace: string; readonly balance: CachedBalance }>();
  private readonly details = new Map<AccountNumber, Details>();
  private order = 0;

  constructor(
    private readonly dao: TxnCoordinatorDAO,
    private readonly clock: Clock,
    /** Values wait so long for others. */
    private readonly gatherMs: number,
  ) {}

  /** The namespace known now, before an operation begins; null until Redis has told it. */
  currentNamespace(): string | null {
    const nowMs = this.clock.monotonicMs();
    if (this.namespace === null || nowMs - this.namespace.readAtMs > NAMESPACE_AGE_MS) this.readNamespace();
    return this.namespace?.value ?? null;
  }

  /** Before a read begins. */
  begin(): CacheTicket {
    this.order += 1;
    return { namespace: this.currentNamespace(), order: this.order };
  }

  /** A fresh decision's balances. @param namespace what currentNamespace gave before the payment began. */
  committed(namespace: string | null, outcome: RecordedPayment): void {
    const readAtMs = this.clock.wallMs();
    for (const { account, balanceMinor, rev } of outcome.balances) {
      this.seen(account, rev);
      const leg = outcome.body.legs.find((candidate) => candidate.account === account);
      if (leg !== undefined && namespace !== null) this.put(namespace, { number: account, currency: leg.currency, balanceMinor, rev, readAtMs });
    }
  }

  /** @param ticket what begin gave before the read. @param isStored the balance is that of the account's row */
  read({ namespace, order }: CacheTicket, reading: AccountReading, isStored: boolean): void {
    const readAtMs = this.clock.wallMs();
    const known = this.details.get(reading.number);
    if (!isStored) return this.remember({ reading, readAtMs, seenRev: NO_REV, sinceOrder: this.order });
    if (known !== undefined && order <= known.sinceOrder) return;
    const seenRev = known === undefined || known.seenRev === NO_REV ? reading.rev : Math.max(reading.rev, known.seenRev);
    this.remember({ reading, readAtMs, seenRev, sinceOrder: known?.sinceOrder ?? 0 });
    if (namespace !== null)
      this.put(namespace, { number: reading.number, currency: reading.currency, balanceMinor: reading.balanceMinor, rev: reading.rev, readAtMs });
  }

  /** What Redis and this process know; null for an account that has to be read at its bucket. */
  async lookUp(numbers: readonly AccountNumber[], bucketOf: (number: AccountNumber) => BucketId): Promise<readonly (AccountView | null)[]> {
    let cached: readonly (CachedBalance | null)[];
    try {
      cached = await this.dao.cachedBalances(numbers);
    } catch {
      return numbers.map(() => null);
    }
    const nowMs = this.clock.wallMs();
    return numbers.map((number, i) => {
      const balance = cached[i] ?? null;
      const details = this.details.get(number);
      if (balance === null || details === undefined || nowMs - details.readAtMs > DETAILS_AGE_MS || balance.rev < details.seenRev) return null;
      details.seenRev = balance.rev;
      const { status, owner, minimumMinor, createdAtMs } = details.reading;
      return {
        number,
        currency: balance.currency,
        status,
        owner,
        balanceMinor: balance.balanceMinor,
        minimumMinor,
        holdsMinor: null,
        pendingCreditsMinor: null,
        level: 'cached',
        momentUs: null,
        ageMs: Math.max(0, nowMs - Math.min(balance.readAtMs, details.readAtMs)),
        rev: balance.rev,
        createdAtMs,
        bucket: bucketOf(number),
        leader: null,
      };
    });
  }

  private seen(number: AccountNumber, rev: number): void {
    const details = this.details.get(number);
    if (details !== undefined) details.seenRev = Math.max(details.seenRev, rev);
  }

  private remember(details: Details): void {
    const { number } = details.reading;
    this.details.delete(number);
    if (this.details.size >= MAX_DETAILS) {
      const [oldest] = this.details.keys();
      if (oldest !== undefined) this.details.delete(oldest);
    }
    this.details.set(number, details);
  }

  private put(namespace: string, balance: CachedBalance): void {
    const present = this.waiting.get(balance.number);
    if (present !== undefined && present.namespace === namespace && present.balance.rev >= balance.rev) return;
    if (present === undefined && this.waiting.size >= MAX_WAITING) return;
    this.waiting.set(balance.number, { namespace, balance });
    this.write();
  }

  private write(): void {
    if (this.writing || this.waiting.size === 0) return;
    this.writing = true;
    const write = (): void => {
      const byNamespace = new Map<string, CachedBalance[]>();
      for (const { namespace, balance } of this.waiting.values()) {
        const balances = byNamespace.get(namespace);
        if (balances === undefined) byNamespace.set(namespace, [balance]);
        else balances.push(balance);
      }
      this.waiting.clear();
      // A cache: what cannot be written is read at its bucket.
      const writes = [...byNamespace].map(([namespace, balances]) => this.dao.cacheBalances(namespace, balances).catch(() => undefined));
      void Promise.all(writes).then(() => {
        this.writing = false;
        this.write();
      });
    };
    this.clock.schedule(this.gatherMs, write);
  }

  private readNamespace(): void {
    if (this.readingNamespace) return;
    this.readingNamespace = true;
    const readAtMs = this.clock.monotonicMs();
    this.dao.cacheNamespace().then(
      (value) => {
        this.namespace = { value, readAtMs };
        this.readingNamespace = false;
      },
      () => {
        this.namespace = null;
        this.readingNamespace = false;
      },
    );
  }
}
