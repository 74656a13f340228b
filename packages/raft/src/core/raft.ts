/**
 * The state of one replica, shared by the modules of this folder; each module owns one idea and says which
 * fields it moves. Everything here is memory: what must survive a crash leaves through Ready.
 */
import { invariant } from '@mas/values';
import { restoreMembership } from '../confchange/restore';
import { RaftLog } from '../log/raft-log';
import type { RaftStorage } from '../log/storage';
import { sameConfState } from '../model/conf-state';
import { maxIndex, ZERO_INDEX, ZERO_TERM, type LogIndex, type NodeId, type Term } from '../model/ids';
import type { ReadState, Role } from '../model/state';
import { toConfState } from '../tracker/configuration';
import { ProgressTracker } from '../tracker/tracker';
import type { RaftConfig } from './config';
import type { RaftLogLevel } from './logger';
import { Outbox } from './outbox';
import { ReadQueue, type ReadRequest } from './read-queue';

export class Raft {
  readonly id: NodeId;
  readonly log: RaftLog;
  readonly outbox = new Outbox();
  tracker: ProgressTracker;

  term: Term = ZERO_TERM;
  vote: NodeId | undefined;
  role: Role = 'follower';
  leader: NodeId | undefined;
  isLearner = false;

  /** Ticks since an election timeout began: since the leader was last heard, or since this leader's last quorum check. */
  electionElapsedTicks = 0;
  heartbeatElapsedTicks = 0;
  /** electionTicks … 2·electionTicks−1, drawn anew at every change of role (Raft paper 5.2). */
  electionTimeoutTicks = 0;

  /** Target of the leadership transfer under way (Raft thesis 3.10). */
  transferee: NodeId | undefined;
  /** At or beyond the newest configuration entry that may be unapplied; no other may be proposed before it is applied. */
  pendingConfIndex: LogIndex = ZERO_INDEX;
  /** Payload bytes of this leader's proposals that are not yet applied; may be too low, never too high. */
  uncommittedBytes = 0;

  /** Reads that wait for a round of heartbeats. */
  reads = new ReadQueue();
  /** Reads that wait for the first commit of this leader's term (Raft thesis 6.4, step 1). */
  earlyReads: ReadRequest[] = [];
  /** Answers for this replica's own readers, until Ready takes them. */
  readStates: ReadState[] = [];

  constructor(readonly config: RaftConfig) {
    this.id = config.id;
    this.log = new RaftLog(config.storage, config.maxCommittedBytesPerReady);
    this.tracker = this.newTracker();
    this.loadMembership(config.storage);
    this.loadHardState(config);
  }

  get isLeader(): boolean {
    return this.role === 'leader';
  }

  newTracker(): ProgressTracker {
    return new ProgressTracker({ maxMessages: this.config.maxInflightMessages, maxBytes: this.config.maxInflightBytes });
  }

  drawElectionTimeout(): void {
    this.electionTimeoutTicks = this.config.electionTicks + this.config.random.below(this.config.electionTicks);
  }

  tell(level: RaftLogLevel, text: () => string): void {
    this.config.logger.log(level, () => `${this.id.toString(16)} [term ${this.term}] ${text()}`);
  }

  private loadMembership(storage: RaftStorage): void {
    const { confState } = storage.initialState();
    const { configuration, progress } = restoreMembership(confState, {
      lastIndex: this.log.lastIndex(),
      limits: this.tracker.limits,
    });
    invariant(sameConfState(toConfState(configuration), confState), 'the stored configuration is restored unchanged');
    this.tracker.use(configuration, progress);
    this.isLearner = this.tracker.get(this.id)?.isLearner ?? false;
  }

  private loadHardState(config: RaftConfig): void {
    const { hardState } = config.storage.initialState();
    if (hardState.term !== 0 || hardState.vote !== undefined || hardState.commit !== 0) {
      // The stored commit index need not be synced, so it may even lie in what is compacted, which is committed
      // for certain. (etcd refuses to start there.)
      this.log.commitTo(hardState.commit);
      this.term = hardState.term;
      this.vote = hardState.vote;
    }
    if (config.appliedIndex > 0) {
      // Likewise a state machine with its own durability may be ahead of it: what was applied was committed.
      this.log.commitTo(maxIndex(this.log.committed, config.appliedIndex));
      this.log.appliedTo(config.appliedIndex, 0);
    }
  }
}
