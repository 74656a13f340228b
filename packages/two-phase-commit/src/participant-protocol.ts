/**
 * What a coordinator and the buckets say to each other: requests that carry many instructions each, and their
 * replies. Also spoken between Resource Managers (resolution and delivery). A transport port; the rpc package puts
 * it on gRPC streams, the simulator on a simulated network.
 */
import type { Condition } from '@mas/health';
import type { AccountStatus, Instruction, LegRow, LockRow, MomentReport, OutcomeRow, Outcome, SlotHoldings } from '@mas/ledger';
import type { ClusterNode, Leadership, MovesEstimate, NodeOrder, PlacementMap, PlanStep, SlotsStep } from '@mas/placement';
import type { AccountNumber, AmountMinor, BucketId, Currency, MissingQuorum, PaymentKey, RmId, Slot, TxnId, SlotRange } from '@mas/values';

/** One request to one replica of one bucket. Items keep their order in the reply. */
export type ParticipantRequest =
  | { readonly kind: 'instructions'; readonly bucket: BucketId; readonly phase: InstructionPhase; readonly items: readonly InstructionItem[] }
  /**
   * `closedAtUs`: "nothing is recorded" has to stay true for every commit time up to this moment. `isPast`: that is all that is asked; otherwise, and where it
   * is null, whatever was recorded before the question is in the answer, whatever its commit time.
   * `decisionsOnly`: answered with `decisions`; by a version that does not know it with `queried`.
   */
  | {
      readonly kind: 'query';
      readonly bucket: BucketId;
      readonly keys: readonly { readonly key: PaymentKey; readonly homeSlot: Slot }[];
      readonly closedAtUs: number | null;
      readonly isPast: boolean;
      readonly decisionsOnly: boolean;
    }
  | {
      readonly kind: 'read-accounts';
      readonly bucket: BucketId;
      readonly level: ReadLevel;
      readonly numbers: readonly AccountNumber[];
      readonly token: string | null;
      readonly at: ReadMoment;
    }
  /** `sinceUs`: from any replica that stands at this moment or later; null: nothing that was answered before is missing, and the leader is asked. */
  | { readonly kind: 'list-legs'; readonly bucket: BucketId; readonly query: LegQuery; readonly token: string | null; readonly sinceUs: number | null }
  /** One leg, by what identifies it; found through the bucket's filter, however long the account's history is. */
  | { readonly kind: 'leg'; readonly bucket: BucketId; readonly account: AccountNumber; readonly txn: TxnId; readonly token: string | null }
  /** In the order of slots and numbers. `slots`: of these, which the bucket has to own all; null: of those that it owns. */
  | {
      readonly kind: 'list-accounts';
      readonly bucket: BucketId;
      readonly after: { readonly slot: Slot; readonly number: AccountNumber } | null;
      readonly limit: number;
      readonly slots: SlotRange | null;
    }
  /** `atUs` null: as of the bucket's last moment. */
  | { readonly kind: 'totals'; readonly bucket: BucketId; readonly atUs: number | null }
  | { readonly kind: 'undecided'; readonly bucket: BucketId }
  /** Of one id, with the note of its last break; null: all that are in force. */
  | { readonly kind: 'locks'; readonly bucket: BucketId; readonly lockId: string | null }
  /** Right behind the entry that closes the bucket at this moment, if it has not been applied yet; null: now. */
  | { readonly kind: 'checksum'; readonly bucket: BucketId; readonly atUs: number | null }
  /**
   * To any replica: an audit of its rows under an id of the asker's. Answered after a second at the latest with how far it has come, and asked again until it has
   * found what there is to be found; what nobody asks about ends. `parts` of the payments whose legs are listed as well (ledger's moment-sums).
   */
  | {
      readonly kind: 'audit';
      readonly bucket: BucketId;
      readonly id: string;
      readonly momentUs: number;
      /** Commit times up to here count as none: before, not all buckets had moments. */
      readonly timesSinceUs: number;
      /** Rows are those right behind the entry that closes the bucket here, if it has not been applied yet. */
      readonly barrierUs: number;
      /** Of an earlier report (ledger's MomentReport): only what has come since is read and reported; null: all. */
      readonly from: { readonly us: number; readonly laterMs: number } | null;
      readonly parts: readonly number[];
      /** Of which the moment is asked about; null: of all that the replica counts. */
      readonly slots: readonly SlotRange[] | null;
      /** Its asker needs it no more. */
      readonly isEnding: boolean;
    }
  /**
   * A backup under an id of the asker's (docs/adr/0028). `announce`, to the leader: the bucket is going to be cut at this moment. `read`, to any replica, before the moment comes:
   * its rows of exactly then; answered after a second at the latest with how far it has come, and once they are ready with the bytes from `offset` on. `end`: they
   * are not needed any more; what nobody asks about ends by itself.
   */
  | {
      readonly kind: 'backup';
      readonly bucket: BucketId;
      readonly id: string;
      readonly cutUs: number;
      readonly step: 'announce' | 'read' | 'end';
      readonly offset: number;
    }
  /** Answered at once by any replica from what it knows itself. */
  | { readonly kind: 'who-leads'; readonly bucket: BucketId }
  | { readonly kind: 'placement' }
  | { readonly kind: 'status' }
  /**
   * To the meta group's leader: an operator says that the disk of this RM is lost (docs/adr/0011). Answered with the map as it is then.
   * Where another incarnation than the one with this ordinal counts by then, nothing changes; null: whichever counts.
   */
  | { readonly kind: 'replace-node'; readonly rm: RmId; readonly ordinal: number | null; readonly token: string }
  /** To the meta group's leader: an operator's (docs/adr/0022). Repeating it changes nothing. */
  | { readonly kind: 'node-order'; readonly order: NodeOrder; readonly token: string }
  /** To the meta group's leader, by another Resource Manager for one that asks to be taken in and has proved to it who it is. */
  | { readonly kind: 'take-in'; readonly rm: RmId; readonly incarnation: ClusterNode['incarnation'] }
  /**
   * To the meta group's leader, by the Resource Manager that carries a move out: how both buckets' logs say that it has ended (docs/adr/0029). Answered with the map, which
   * has the move no more; repeating it changes nothing.
   */
  | { readonly kind: 'end-move'; readonly move: number; readonly isAdopted: boolean }
  /** To the leader of a bucket, or of the meta group: who holds its replicas, confirmed after this was asked. */
  | { readonly kind: 'members'; readonly bucket: BucketId };

/** Which rpc carries it: ProcessPhase1, ProcessPhase2Commit or ProcessPhase2Rollback. */
export type InstructionPhase = 'phase-1' | 'phase-2-commit' | 'phase-2-rollback';

export interface InstructionItem {
  readonly instruction: Instruction;
  /**
   * The caller's JWT where the instruction acts for a caller (its subject is then what the leader reads from the
   * token); null where a node acts: phase 2, resolution.
   */
  readonly token: string | null;
  /** W3C trace context, where the payment is traced. */
  readonly traceparent?: string;
}

/**
 * When a read of accounts at level committed takes place (docs/adr/0021). `now`: nothing that was decided before is missing. `choose`: only a moment is asked
 * for at which nothing is missing on these accounts; no readings come. Homes in the slots that it names are left out: the asker asks who owns these slots for
 * his moment as well, or does not need it. `ofHomes`: the same of no accounts; nothing is missing at it that homes in these slots have decided, and only
 * their owner answers. A number: at this moment, microseconds since the Unix epoch.
 */
export type ReadMoment = 'now' | { readonly choose: readonly SlotRange[] } | { readonly ofHomes: readonly Slot[] } | number;

/** What a home has recorded about a payment, as far as a leg has to know it. */
export type HomeDecision = Pick<OutcomeRow, 'txn' | 'decision'>;

/** committed: linearizable, never undecided money. uncommitted: with holds and pending credits, from the leader without asking homes. */
export type ReadLevel = 'committed' | 'uncommitted';

export interface LegQuery {
  readonly account: AccountNumber;
  readonly direction: 'newest-first' | 'oldest-first';
  /** Exclusive; null starts at the end that the direction names. */
  readonly cursorSeq: number | null;
  /** 1 … 500. */
  readonly limit: number;
  readonly state: 'prepared' | 'committed' | 'aborted' | null;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

export interface AccountReading {
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly status: AccountStatus;
  readonly owner: string;
  readonly balanceMinor: AmountMinor;
  readonly minimumMinor: AmountMinor;
  readonly holdsMinor: AmountMinor;
  readonly pendingCreditsMinor: AmountMinor;
  readonly rev: number;
  readonly createdAtMs: number;
  /** Legs still undecided after their homes were asked (read level committed) or at all (uncommitted). */
  readonly preparedTxns: readonly TxnId[];
}

export interface BucketTotals {
  readonly bucket: BucketId;
  /** As of this moment; null: the bucket has none yet. */
  readonly momentUs: number | null;
  readonly accountCount: number;
  readonly issued: ReadonlyMap<Currency, AmountMinor>;
  readonly balances: ReadonlyMap<Currency, AmountMinor>;
  /** Prepared legs plus legs not yet told. */
  readonly undecidedLegs: number;
  /** Since this moment all that the bucket has decided or applied has moments that hold. */
  readonly momentsSinceUs: number;
  /** The sums are those of the slots that it counts by these (ledger's slot-cover). Null: its program does not say. */
  readonly holdings: SlotHoldings | null;
}

/** Which incarnation of which Resource Manager: 0 for a founder, then 1, 2, … */
export interface ReplicaId {
  readonly rm: RmId;
  readonly ordinal: number;
}

export interface ReplicaStatus {
  readonly bucket: BucketId;
  readonly rm: RmId;
  /** stopped: it takes no part; `stopped` says why. */
  readonly role: 'leader' | 'follower' | 'candidate' | 'pre-candidate' | 'learner' | 'stopped';
  readonly leader: RmId | null;
  readonly term: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly durableIndex: number;
  /** Within a joint step those of both configurations: a majority of each is needed until it is over. */
  readonly voters: readonly ReplicaId[];
  /** Being brought up; they have no vote yet. */
  readonly learners: readonly ReplicaId[];
  readonly quiescent: boolean;
  /** Milliseconds, of recent rounds; null before the first. */
  readonly fsyncP50Ms: number | null;
  readonly applyP50Ms: number | null;
  readonly queuedProposals: number;
  readonly preparedLegs: number;
  readonly stopped: StoppedReplica | null;
  /** The newest semantics of instructions that the replica's program knows. */
  readonly knownSemantics: number;
  /** Of the bucket's rows, about: identities of slots that have left are counted until the process starts anew. */
  readonly accounts: number;
  readonly rows: number;
  /** Of a leader: moves of slots that it carries out, or is to. */
  readonly moves: readonly MoveStatus[];
}

/** A move of slots, as the leader of the bucket that gives them sees it (docs/adr/0029). */
export interface MoveStatus {
  readonly move: number;
  readonly slots: SlotRange;
  readonly to: BucketId;
  /** waiting: another one is carried first, or moves are paused. released: the slots have no owner until the other bucket adopts them. */
  readonly stage: 'waiting' | 'copying' | 'catching-up' | 'released';
  /** Since this replica leads. */
  readonly attempts: number;
  /** Rows that have come to the other bucket in this attempt. */
  readonly rowsSent: number;
  /** As many as the copy has; null: it has not been read yet. What changes meanwhile is sent again and comes on top. */
  readonly rowsCopied: number | null;
  /** Since this attempt began. */
  readonly elapsedMs: number;
  /** For so long the slots have had no owner, as far as this replica knows; null: they have one. */
  readonly blockedMs: number | null;
  /** Nothing has come of it for so long, and why, as far as it is known; null: it goes on. */
  readonly stalled: { readonly forMs: number; readonly why: string } | null;
}

/** Why a replica has stopped while its process goes on. */
export interface StoppedReplica {
  /** What could not be done: apply an entry, load the rows for some, write a checkpoint of some, or read the rows at the start. */
  readonly stage: 'apply' | 'load' | 'checkpoint' | 'start';
  /** The entry, or the first of some; 0 at the start. */
  readonly index: number;
  readonly term: number;
  /** The last one. */
  readonly upToIndex: number;
  /** Kinds of its instructions, as far as they can be read. */
  readonly instructions: readonly string[];
  readonly reason: string;
}

export interface UndecidedTransaction {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly leg: LegRow;
  readonly ageMs: number;
}

/** A deterministic digest of a replica's whole replicated state at an applied index. */
export interface ReplicaChecksum {
  readonly bucket: BucketId;
  readonly rm: RmId;
  readonly appliedIndex: number;
  readonly sha256: string;
  /** Of the rows: journals add up to balances, legs to holds; each difference is a sentence. */
  readonly differences: readonly string[];
  readonly accounts: number;
  readonly legs: number;
}

/** Of a replica's rows, all of them read. */
export interface ReplicaFindings {
  readonly checksum: ReplicaChecksum;
  /** What they say of the moment that was asked about; null: of none. */
  readonly moment: MomentReport | null;
  /** Of the slots that were asked about those that were not there any more, or not yet: nothing is said of them. */
  readonly lacking: readonly SlotRange[];
}

export type ParticipantReply =
  /** With the semantics version of the bucket's instructions, which all its replicas know and which never falls; null: the sender is not told. */
  | { readonly kind: 'outcomes'; readonly outcomes: readonly ItemReply[]; readonly semanticsVersion: number | null }
  | { readonly kind: 'queried'; readonly outcomes: readonly (OutcomeRow | null)[] }
  | { readonly kind: 'decisions'; readonly decisions: readonly (HomeDecision | null)[] }
  /** `momentUs`: as of then; null: of no moment in particular (uncommitted, or the bucket has none yet). `asStored`: the balances are those of the rows. */
  | { readonly kind: 'accounts'; readonly readings: readonly (AccountReading | null)[]; readonly momentUs: number | null; readonly asStored: boolean }
  /** Of a read at a moment. */
  | { readonly kind: 'no-moment'; readonly why: NoMoment; readonly sinceUs: number }
  | { readonly kind: 'legs'; readonly legs: readonly LegRow[]; readonly nextCursorSeq: number | null }
  | { readonly kind: 'leg'; readonly leg: LegRow | null }
  | {
      readonly kind: 'account-list';
      readonly accounts: readonly AccountReading[];
      readonly next: { readonly slot: Slot; readonly number: AccountNumber } | null;
    }
  | { readonly kind: 'totals'; readonly totals: BucketTotals }
  | { readonly kind: 'undecided'; readonly transactions: readonly UndecidedTransaction[] }
  /** `stampMs`: the bucket's time, by which they end. */
  | { readonly kind: 'locks'; readonly locks: readonly LockRow[]; readonly stampMs: number }
  | { readonly kind: 'checksum'; readonly checksum: ReplicaChecksum }
  /** `rows` read so far, about so many thousandths of all; findings once all are. */
  | { readonly kind: 'audit'; readonly rows: number; readonly permille: number; readonly findings: ReplicaFindings | null }
  /** `missed`: there is no state of that moment here, and why. `ready`: of so many bytes those from the offset on, as many as go into one answer. */
  | {
      readonly kind: 'backup';
      readonly stage: 'announced' | 'reading' | 'ready' | 'missed' | 'ended';
      readonly rows: number;
      readonly bytes: number;
      readonly piece: Uint8Array;
      readonly reason: string;
      /** Of the bucket at the moment, once the rows are ready; else, and where a program does not say, null. */
      readonly holdings: SlotHoldings | null;
    }
  | ({ readonly kind: 'leadership' } & Leadership)
  /** With the time on which most Resource Managers agree, in milliseconds since the Unix epoch; null: who answers knows of none. */
  | { readonly kind: 'placement'; readonly map: PlacementMap | null; readonly agreedMs: number | null }
  /** To `members`. `voters` are all that may have a say, also those of a configuration that is being left. With the map, of the meta group. */
  | {
      readonly kind: 'members';
      readonly term: number;
      readonly voters: readonly ReplicaId[];
      readonly learners: readonly ReplicaId[];
      readonly map: PlacementMap | null;
    }
  /** To an order of nodes, by name; nothing has changed. */
  | { readonly kind: 'order-refused'; readonly name: string; readonly message: string }
  /** To an order of nodes: the map as it is afterwards, and what is to move by it. */
  | {
      readonly kind: 'ordered';
      readonly map: PlacementMap;
      readonly steps: readonly PlanStep[];
      readonly slots: readonly SlotsStep[];
      readonly estimate: MovesEstimate | null;
    }
  /** With how the process is, by its own judgement, and when the first of its certificates ends, milliseconds since the Unix epoch; null: its program does not say. */
  | {
      readonly kind: 'status';
      readonly replicas: readonly ReplicaStatus[];
      readonly condition: Condition | null;
      readonly certificatesEndMs: number | null;
    }
  /** To a read, or a question to a home: the bucket does not own this slot (any more), and what it lacks says nothing. Its owner has to be asked. */
  | { readonly kind: 'wrong-bucket'; readonly slot: Slot }
  /** To a read at level committed: a leg on the account waits for this other bucket, of which too few replicas are there. */
  | { readonly kind: 'home-without-quorum'; readonly home: BucketId; readonly missing: MissingQuorum }
  | ParticipantFailure;

/** before: the bucket's moments do not go back so far. forgotten: what has moved since is no longer in memory. ahead: it lies too far in the future. */
export type NoMoment = 'before' | 'forgotten' | 'ahead';

/** Per instruction: what the bucket answered, or why the item never reached the log. */
export type ItemReply =
  | { readonly kind: 'outcome'; readonly outcome: ItemOutcome }
  /** The token does not allow it; nothing was proposed. */
  | { readonly kind: 'unauthenticated'; readonly reason: string }
  | { readonly kind: 'permission-denied'; readonly reason: string };

/**
 * An outcome as far as its sender reads it: of what it has sent itself (the body, who pays whom) nothing comes back. Whatever the ledger
 * answers is one; only this much of it travels.
 */
export type ItemOutcome =
  | { readonly kind: 'prepared'; readonly leg: Pick<LegRow, 'preparedUs'> }
  | { readonly kind: 'leg-ended'; readonly leg: Pick<LegRow, 'state' | 'reason'> }
  /** Of the very transaction that was asked about: its txn is a hash of its body, so the sender has the rest of the record. */
  | { readonly kind: 'decided'; readonly outcome: HomeRecord; readonly fresh: boolean }
  | Exclude<Outcome, { readonly kind: 'prepared' | 'leg-ended' | 'decided' }>;

/** What the home has recorded of a payment, beside what the payment is. */
export type HomeRecord = Pick<OutcomeRow, 'decision' | 'balances' | 'untold'>;

/** The request as a whole failed. Everything but `unknown` and `timeout` is certain not to have been proposed. */
export type ParticipantFailure =
  | { readonly kind: 'not-leader'; readonly leader: RmId | null }
  /** Too few replicas are there, for longer than an election takes. Another replica may see more of them. */
  | { readonly kind: 'no-quorum'; readonly missing: MissingQuorum }
  /** This Resource Manager leads the bucket, its database does not answer, and no replica could take its place: nothing proposed. */
  | { readonly kind: 'no-store'; readonly rm: RmId }
  /** Overloaded, SQL silent just now, shutting down: nothing proposed, try again here or elsewhere. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** Proposed, fate unknown: the same instruction must be asked again. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** This process hosts no replica of the bucket. */
  | { readonly kind: 'no-replica' }
  | { readonly kind: 'permission-denied'; readonly reason: string };

/** Said by this end of the exchange: the request certainly did not leave. No connection, in most cases. */
export interface NotSent {
  readonly kind: 'not-sent';
  readonly reason: string;
}

/** How a request travels that does not come straight from who asks to who answers (docs/adr/0013, point 5). */
export type Passage =
  /**
   * To a replica, because the leader itself cannot be reached: pass it to the leader that you know, wait `forMs` for its answer, and
   * pass that back as it is. Of its own a relay says only `not-leader` (nothing was sent), `unknown` (it was), `unavailable`, `no-replica`.
   */
  | { readonly kind: 'relay'; readonly forMs: number }
  /** From such a relay. It is not passed on again, and may do what `caller`, who asked the relay, may do. */
  | { readonly kind: 'relayed'; readonly caller: 'tm' | 'rm' };

/** Port: one exchange with one Resource Manager. Never rejects for what a network does; a lost exchange is `unknown`. */
export interface ParticipantClient {
  send(rm: RmId, request: ParticipantRequest, timeoutMs: number, passage?: Passage): Promise<ParticipantReply | NotSent>;
}

/** The server side of the same exchange; `caller` is the verified role of the peer's certificate. `relayed` is believed of a Resource Manager only. */
export interface ParticipantServer {
  handle(request: ParticipantRequest, caller: 'tm' | 'rm', passage?: Passage): Promise<ParticipantReply>;
}
