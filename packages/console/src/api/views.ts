/** What the API answers, as the pages read it. Amounts are decimal texts beside their currency; ids of processes are as people write them (`rm-1`). */

export interface SessionView {
  /** Null: nobody is signed in. */
  readonly viewer: { readonly name: string; readonly isOperator: boolean; readonly account: string | null; readonly endsAtMs: number } | null;
  /** `npm start`: processes can be killed and started from here, and payments made. */
  readonly hasShow: boolean;
}

export interface ErrorView {
  readonly reason: string;
  readonly message: string;
}

export type Severity = 'bad' | 'warning' | 'note';

/** What is not as it should be, and what to do about it. */
export interface ProblemView {
  /** The same as long as it is the same problem. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly todo: string;
  /** A heading of docs/runbooks.md. */
  readonly runbook: string | null;
}

export interface ReplicaView {
  readonly rm: string;
  readonly role: string;
  readonly term: number;
  readonly applied: number;
  /** Entries committed and not applied here. */
  readonly lag: number;
  /** Applied, and not yet in SQL. */
  readonly unsaved: number;
  readonly fsyncMs: number | null;
  readonly applyMs: number | null;
  readonly prepared: number;
  readonly queued: number;
}

export interface BucketView {
  /** `meta`, or the bucket's number. */
  readonly name: string;
  readonly verdict: 'OK' | 'DEGRADED' | 'NO LEADER' | 'NO QUORUM';
  readonly up: number;
  readonly size: number;
  readonly needed: number;
  readonly leader: string | null;
  readonly term: number;
  readonly commit: number;
  /** How many of all; null for meta, which has none. */
  readonly slots: number | null;
  readonly slotRanges: string;
  /** Operations under way: prepared legs and queued proposals at its leader. */
  readonly prepared: number;
  readonly queued: number;
  /** Where it should be, one for each; null: it does not answer. */
  readonly replicas: readonly { readonly rm: string; readonly replica: ReplicaView | null }[];
}

export interface NodeView {
  readonly rm: string;
  readonly address: string;
  readonly isUp: boolean;
  /** `well`, or what it says of itself. */
  readonly condition: string;
  readonly isWell: boolean;
  readonly leads: readonly string[];
  readonly replicas: number;
  readonly fsyncMs: number | null;
}

export interface ManagerView {
  readonly address: string;
  readonly id: string | null;
  readonly isUp: boolean;
  readonly uptimeMs: number | null;
  readonly inFlight: number | null;
}

/** One of a chart; null where nothing is known. */
export interface PointView {
  readonly atMs: number;
  readonly committedPerSecond: number | null;
  readonly abortedPerSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface FiguresView {
  readonly now: PointView;
  readonly inFlight: number | null;
  /** Of the last minute. */
  readonly minute: {
    readonly committed: number;
    readonly unknown: number;
    readonly refused: number;
    readonly aborted: readonly { readonly reason: string; readonly count: number }[];
  };
}

export interface LeaderChangeView {
  readonly atMs: number;
  readonly bucket: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** Of what has been undecided for more than three seconds; younger ones are payments under way. */
export interface DoubtCountView {
  readonly count: number;
  readonly oldestMs: number;
}

export interface LiveView {
  readonly atMs: number;
  /** False: no Transaction Manager answers, and what is shown is of before. */
  readonly isCurrent: boolean;
  readonly problems: readonly ProblemView[];
  readonly managers: readonly ManagerView[];
  readonly nodes: readonly NodeView[];
  readonly buckets: readonly BucketView[];
  readonly figures: FiguresView;
  readonly leaderChanges: readonly LeaderChangeView[];
  /** Null: not known. */
  readonly doubts: DoubtCountView | null;
  readonly placementVersion: number | null;
}

export interface AccountView {
  readonly number: string;
  readonly currency: string;
  readonly status: string;
  readonly owner: string;
  readonly balance: string;
  readonly holds: string | null;
  readonly pendingCredits: string | null;
  readonly available: string;
  readonly minimum: string;
  readonly createdAtMs: number;
  readonly bucket: number;
  readonly leader: string | null;
  readonly momentUs: number | null;
}

export interface LegView {
  readonly txn: string;
  readonly id: string;
  /** Who made it: `issuer|subject` of an operator, or an account. */
  readonly scope: string;
  readonly account: string;
  readonly atMs: number;
  readonly state: string;
  readonly effect: string;
  /** Signed as it changed the balance. */
  readonly amount: string;
  readonly currency: string;
  readonly balanceAfter: string | null;
  readonly with: readonly string[];
  readonly reason: string | null;
  readonly memo: string;
}

export interface PageView<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface StepView {
  readonly atMs: number;
  readonly step: string;
  readonly bucket: number | null;
  readonly detail: string | null;
}

export interface PaymentView {
  readonly id: string;
  readonly scope: string;
  readonly txn: string;
  readonly state: string;
  readonly kind: string | null;
  readonly memo: string;
  readonly legs: readonly { readonly account: string; readonly effect: string; readonly amount: string; readonly currency: string }[];
  readonly reason: string | null;
  readonly createdAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly commitUs: number | null;
  /** Accounts that have not been told yet. */
  readonly untold: readonly string[];
  readonly steps: readonly StepView[];
}

export interface DoubtView {
  readonly txn: string;
  readonly id: string;
  readonly scope: string;
  readonly ageMs: number;
  /** Of the leg, or of the home where no leg is seen. */
  readonly bucket: number;
  /** Null: no leg of it is seen, so nothing can be resolved. */
  readonly account: string | null;
  readonly amount: string | null;
  readonly coordinator: string | null;
  /** Which home was asked, and what it says. */
  readonly home: string;
}

export interface DoubtsView {
  /** The oldest ones first. */
  readonly doubts: readonly DoubtView[];
  /** How many there are beside them. */
  readonly more: number;
  readonly silentBuckets: readonly number[];
}

export interface ResultView {
  readonly state: string;
  readonly reason: string | null;
}

export interface LockView {
  readonly id: string;
  readonly mode: string | null;
  readonly holders: readonly { readonly heldBy: string; readonly token: number | null; readonly remainingMs: number }[];
  readonly waiting: number | null;
  readonly lastBreak: { readonly by: string; readonly atMs: number } | null;
}

export interface LocksView {
  readonly locks: readonly LockView[];
  readonly silentBuckets: readonly number[];
  readonly more: number;
}

export interface SearchView {
  readonly account: AccountView | null;
  readonly payment: PaymentView | null;
}

export interface ShowView {
  readonly processes: readonly { readonly name: string; readonly isRunning: boolean; readonly pid: number | null; readonly canStop: boolean }[];
  readonly accounts: readonly string[];
  readonly traffic: {
    readonly perSecond: number;
    readonly sent: number;
    readonly committed: number;
    readonly aborted: number;
    /** Neither: a caller who gave up. */
    readonly failed: number;
    readonly slowestMs: number | null;
  };
}
