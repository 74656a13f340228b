/**
 * What clients asked and heard, with the virtual times at which they did. The auditor's first source: it knows nothing of
 * how an answer came about.
 */
import type { AccountView, PaymentRequest, PaymentResult, Reply, RequestError } from '@mas/transaction-coordinator';
import type { AccountNumber, AmountMinor, Currency, PaymentKey } from '@mas/values';
import type { Subject } from '@mas/ledger';

/** One call to one Transaction Manager. `endMs` is null where no answer ever came. */
export interface Attempt {
  readonly tm: string;
  readonly startMs: number;
  endMs: number | null;
  answer: Reply<PaymentResult> | null;
  /** What this attempt asked for: a retry with another body is a conflict. */
  readonly request: PaymentRequest;
}

export interface PaymentHistory {
  readonly key: PaymentKey;
  readonly id: string;
  readonly subject: Subject;
  readonly request: PaymentRequest;
  readonly attempts: Attempt[];
}

export interface ReadHistory {
  readonly level: 'committed' | 'uncommitted' | 'cached';
  readonly numbers: readonly AccountNumber[];
  readonly startMs: number;
  readonly endMs: number;
  readonly views: readonly AccountView[];
  /** Whose token asked; none: an operator's. */
  readonly subject?: Subject;
  /** Which life of which coordinator answered. */
  readonly through?: string;
  /** The moment that the reader named: it says nothing of what is so now. */
  readonly atUs?: number;
}

export interface AccountHistory {
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly openingMinor: AmountMinor;
  /** The lowest that it ever had. */
  readonly minimumMinor: AmountMinor;
  /** The highest that anybody has asked for meanwhile. */
  highestMinimumMinor?: AmountMinor;
  readonly startMs: number;
  /** When the account was first known to exist. */
  createdMs: number | null;
  /** It pays, and is paid by, others that are apart only: who reads all the rest has read all the money of the rest. */
  readonly isApart?: boolean;
}

/** An exclusive lock as its holder saw it. */
export interface LockHistory {
  readonly lockIds: readonly string[];
  readonly handle: string;
  readonly tokens: ReadonlyMap<string, number>;
  readonly askedMs: number;
  readonly acquiredMs: number;
  readonly timeoutMs: number;
  releasedMs: number | null;
}

/** An operator has ended whoever held a lock then. */
export interface LockBreak {
  readonly lockId: string;
  readonly startMs: number;
  /** Null: no answer came, or none that says that it is over. */
  endMs: number | null;
}

/** A request that is no payment: the opening of an account or a change of one. */
export interface OtherRequest {
  readonly key: PaymentKey;
  /** What was asked for; equal texts are equal requests. */
  readonly what: string;
  /** The first final answer: it was done, or the account's bucket refused it. Null where none came, or the id was another request's. */
  heard: 'done' | 'refused' | null;
}

/** What a question by id was answered. */
export interface LookUp {
  readonly key: PaymentKey;
  /** null: no payment has that id. */
  readonly state: 'PENDING' | 'COMMITTED' | 'ABORTED' | null;
  readonly startMs: number;
  readonly endMs: number;
}

export class History {
  readonly payments = new Map<PaymentKey, PaymentHistory>();
  readonly reads: ReadHistory[] = [];
  readonly accounts = new Map<AccountNumber, AccountHistory>();
  readonly locks: LockHistory[] = [];
  readonly lockBreaks: LockBreak[] = [];
  /** Requests that are decided like payments and move no money: openings and changes of accounts. Their ids are bound like payments'. */
  readonly otherRequests: OtherRequest[] = [];
  readonly lookUps: LookUp[] = [];
  readonly refusedReads: RequestError[] = [];
  /** Answers COMMITTED, in the order of their times. */
  readonly successesMs: number[] = [];
}

/** Notes that it is asked for; what was heard is for the caller to note. */
export function otherRequest(history: History, key: PaymentKey, what: string): OtherRequest {
  const request: OtherRequest = { key, what, heard: null };
  history.otherRequests.push(request);
  return request;
}

/** What is known of a payment from its answers alone. */
export function verdictOf(payment: PaymentHistory): 'committed' | 'aborted' | 'refused' | 'unknown' {
  let refused = payment.attempts.length > 0;
  for (const { answer } of payment.attempts) {
    if (answer?.ok === true && answer.value.kind !== 'unknown') return answer.value.kind;
    // Without a quorum, or a database, nothing is refused: what a network doubles may still arrive, and be decided when there is one again.
    if (answer === null || answer.ok || answer.error.reason === 'NO_QUORUM' || answer.error.reason === 'NO_STORE') refused = false;
  }
  return refused ? 'refused' : 'unknown';
}
