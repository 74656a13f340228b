/**
 * The state of one group's replica in this process, shared by the modules of this folder; each owns one idea and says
 * which fields it moves. All of it runs in the turns of the scheduler (turn.ts), except what callers and I/O put into
 * its queues.
 */
import { decodeConfChange, type BasicStatus, type ConfState, type Entry, type NodeId, type RaftNode, type Snapshot } from '@mas/raft';
import type { BucketId, RmId } from '@mas/values';
import { isGroupStopped, type Applier, type GroupStopped } from '../applier';
import { ticksIn } from '../config';
import type { ProposalResult, ReadIndexResult } from '../host';
import { rmOf } from '../replica-id';
import { ApplyPipeline } from './apply-pipeline';
import { createNode } from './create-node';
import { FormerVoters, haveSameVoters } from './former-voters';
import type { HostContext } from './host-context';
import { Inbox } from './inbox';
import { LogSizes } from './log-sizes';
import { LogWriter } from './log-writer';
import { membersOf, type Members } from './members';
import { missingQuorum } from './presence';
import { PendingProposals, ProposalQueue } from './proposals';
import { Reads } from './reads';
import type { AppliedStart } from './start-plan';
import { StorageView } from './storage-view';
import { Waiters } from './waiters';

/** A leadership transfer on its way; see handover.ts. */
export interface Transfer {
  readonly to: NodeId;
  readonly sinceTick: number;
  /** It ends with the reign in which it was wished for. */
  readonly term: number;
  /** draining: proposals in flight are finished first, so that none gets an unknown fate. */
  stage: 'draining' | 'asked';
  /** Set once it is over. */
  outcome: boolean | undefined;
}

export interface PlannedCampaign {
  /** How much later than who goes first. */
  readonly behindTicks: number;
  readonly triesLeft: number;
  /** This replica has voted for nobody above it, or has given that election its time. */
  readonly sinceTerm: number;
  inTicks: number;
}

/** A configuration change in this leader's log; see conf-proposal.ts. */
export interface PendingConfChange {
  readonly index: number;
  readonly term: number;
  readonly settle: (outcome: 'applied' | 'dropped' | 'unknown') => void;
}

export class Replica<Result> {
  readonly node: RaftNode;
  readonly view: StorageView;
  readonly inbox: Inbox;
  readonly queue: ProposalQueue<Result>;
  readonly pending = new PendingProposals<Result>();
  readonly reads: Reads;
  readonly writer: LogWriter;
  readonly applies: ApplyPipeline<Result>;
  readonly sizes = new LogSizes();
  readonly waiters = new Waiters();
  readonly formerVoters = new FormerVoters();

  /** What Raft said at the end of the last turn. */
  known: BasicStatus;
  leaderSinceTick = 0;
  leaderChanges = 0;
  /** When this leader last tried to hand the group over because it ails (handover.ts). */
  retreatedAtTick = Number.NEGATIVE_INFINITY;
  pendingTicks = 0;
  /** Term and commit are agreed and nothing is to be done: no ticks (quiescence.ts). */
  isQuiet = false;
  idleTicks = 0;
  /** Peers that lost messages of this group since the last turn. */
  readonly unreachable = new Set<NodeId>();
  /** Raft refused proposals until something is applied. */
  isUncommittedFull = false;
  /** This replica campaigns soon, unless a leader shows up first (succession.ts). */
  campaign: PlannedCampaign | undefined;
  transfer: Transfer | undefined;
  confChange: PendingConfChange | undefined;
  isChangingReplicas = false;
  /** A snapshot is being received. */
  isInstalling = false;
  /** Followers whose snapshot is under way or just arrived: the log behind it must stay (maintenance.ts). */
  readonly pins = new Map<NodeId, { readonly index: number; untilTick: number }>();
  /** How often a group that was given to a preferred peer came back (balancer.ts). */
  balanceSetbacks = 0;
  balancedAtTick: number | undefined;
  /** Removed, stopped or failed: nothing runs any more. */
  isRetired = false;
  private membersOf: ConfState | undefined;
  private knownMembers: Members = { voters: [], peers: [], hasSelf: false };

  constructor(
    readonly host: HostContext,
    readonly group: BucketId,
    readonly applier: Applier<Result>,
    start: AppliedStart & { readonly confState: ConfState },
  ) {
    const { config, clock, log } = host;
    this.inbox = new Inbox(config.maxQueuedMessages);
    this.queue = new ProposalQueue(config);
    this.reads = new Reads(config.maxQueuedReads, ticksIn(config, config.readRetryMs));
    this.applies = new ApplyPipeline(applier, clock, config.maxEntriesPerApply, start.applied, start.confState, {
      applyConfChange: (entry) => this.applyConfChange(entry),
      applied: (entries, results) => this.onApplied(entries, results),
      failed: (cause) => (isGroupStopped(cause) ? this.halt(cause) : this.fail('a committed entry could not be applied', cause)),
    });
    this.view = new StorageView(
      () => log.storage(group),
      () => this.applies.confState,
    );
    this.writer = new LogWriter(group, log, clock, {
      released: () => host.schedule(group),
      resetDone: (snapshot) => this.onReset(snapshot),
      failed: (cause) => this.fail('the log could not be reset', cause),
    });
    this.node = createNode(host, group, this.view, start.applied.index);
    this.known = this.node.basicStatus();
  }

  get isLeader(): boolean {
    return this.known.role === 'leader' && !this.isRetired;
  }

  get leader(): RmId | null {
    if (this.isRetired) return null;
    return this.known.leader === undefined ? null : rmOf(this.known.leader);
  }

  /** Voters of the applied configuration, ascending by Resource Manager. */
  get voters(): readonly NodeId[] {
    return this.members.voters;
  }

  /** Everybody but this replica who takes part in any way. */
  get peers(): readonly NodeId[] {
    return this.members.peers;
  }

  get isMember(): boolean {
    return this.members.hasSelf;
  }

  /** Something happens: the group gets ticks again, and a turn. */
  wake(): void {
    this.idleTicks = 0;
    this.heard();
  }

  /** A heartbeat or an answer to one: the same, but it is no work that keeps a group awake. */
  heard(): void {
    if (this.isRetired) return;
    if (this.isQuiet) {
      this.isQuiet = false;
      this.host.setTicking(this.group, true);
    }
    this.host.schedule(this.group);
  }

  /**
   * Ends the replica alone. It votes and confirms no more, as if its process were gone: the others elect a leader that applies
   * what this one cannot, or stop at the same entry.
   */
  halt(cause: GroupStopped): void {
    if (this.isRetired) return;
    this.host.logger.error({ bucket: this.group, term: this.known.term, err: cause }, 'this replica stops; the process and its other replicas go on');
    this.retire({ kind: 'unavailable', reason: cause.message });
  }

  /** Ends the replica because something broke that must not. */
  fail(what: string, cause: unknown): void {
    if (this.isRetired) return;
    this.host.logger.error({ bucket: this.group, term: this.known.term, err: cause }, `replica stops: ${what}`);
    this.retire({ kind: 'unavailable', reason: 'the replica has failed' });
    this.host.fatal({ group: this.group, what, cause });
  }

  /** Nothing runs from now on; everybody who waits gets an answer that is certainly true. */
  retire(readFate: ReadIndexResult): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.host.setTicking(this.group, false);
    this.inbox.clear();
    this.queue.refuseAll(this.notLeader());
    this.pending.abandonAbove(-1);
    this.reads.failAll(readFate);
    this.settleConfChange('unknown');
    if (this.transfer !== undefined) this.transfer.outcome ??= false;
    this.waiters.check();
  }

  /** What callers of a replica that does not lead, or leads without a quorum, hear. */
  notLeader(): Extract<ProposalResult<Result> & ReadIndexResult, { readonly kind: 'not-leader' | 'no-quorum' }> {
    const missing = missingQuorum(this);
    if (missing !== null) return { kind: 'no-quorum', missing };
    return { kind: 'not-leader', leader: this.leader === this.host.self.rm ? null : this.leader };
  }

  settleConfChange(outcome: 'applied' | 'dropped' | 'unknown'): void {
    const change = this.confChange;
    this.confChange = undefined;
    change?.settle(outcome);
  }

  /** Computed once per configuration. */
  private get members(): Members {
    const { confState } = this.applies;
    if (this.membersOf !== confState) {
      this.membersOf = confState;
      this.knownMembers = membersOf(confState, this.host.nodeId);
    }
    return this.knownMembers;
  }

  private applyConfChange(entry: Entry): ConfState {
    const before = this.applies.confState;
    const confState = this.node.applyConfChange(decodeConfChange(entry));
    if (!haveSameVoters(before, confState)) this.formerVoters.left(before, this.node.basicStatus().lastIndex);
    this.host.logger.info({ bucket: this.group, index: entry.index, voters: confState.voters, learners: confState.learners }, 'configuration changed');
    return confState;
  }

  private onApplied(entries: readonly Entry[], results: readonly Result[]): void {
    this.isUncommittedFull = false;
    if (this.pending.size > 0 || this.confChange !== undefined) this.settleFates(entries, results);
    const last = entries[entries.length - 1];
    if (last !== undefined) {
      this.reads.applied(last.index);
      this.formerVoters.applied(last.index);
    }
    this.host.schedule(this.group);
  }

  private settleFates(entries: readonly Entry[], results: readonly Result[]): void {
    entries.forEach((entry, at) => {
      this.pending.applied(entry.term, entry.index, results[at] as Result);
      const change = this.confChange;
      if (change === undefined || change.index > entry.index) return;
      const isIt = change.index === entry.index && change.term === entry.term;
      // Raft leaves an empty entry in the place of a change that could not go then.
      this.settleConfChange(isIt ? (entry.type === 'normal' ? 'dropped' : 'applied') : 'unknown');
    });
  }

  private onReset(snapshot: Snapshot): void {
    this.view.refresh();
    this.sizes.compacted(snapshot.metadata.index);
    this.host.schedule(this.group);
  }
}
