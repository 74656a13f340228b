/** Who is a member, how far each one is, and who voted: the leader's and candidate's bookkeeping. */
import type { LogIndex, NodeId } from '../model/ids';
import { jointCommittedIndex, jointVoteResult } from '../quorum/joint';
import type { AckedIndexes, VoteResult } from '../quorum/majority';
import { EMPTY_CONFIGURATION, type Configuration } from './configuration';
import { Progress, type InflightLimits } from './progress';

export type ProgressMap = ReadonlyMap<NodeId, Progress>;

export class ProgressTracker implements AckedIndexes {
  private current: Configuration = EMPTY_CONFIGURATION;
  private progresses: ReadonlyMap<NodeId, Progress> = new Map();
  /** Keys of `progresses`, ascending: members are always visited in one order. */
  private ids: readonly NodeId[] = [];
  private votes = new Map<NodeId, boolean>();

  constructor(readonly limits: InflightLimits) {}

  get configuration(): Configuration {
    return this.current;
  }

  get progress(): ProgressMap {
    return this.progresses;
  }

  /** Voters and learners, ascending. */
  get members(): readonly NodeId[] {
    return this.ids;
  }

  get(id: NodeId): Progress | undefined {
    return this.progresses.get(id);
  }

  use(configuration: Configuration, progress: ProgressMap): void {
    this.current = configuration;
    this.progresses = progress;
    this.ids = [...progress.keys()].sort((a, b) => a - b);
  }

  /** Forgets what is known of everybody; `self` has its own log. */
  reset(self: NodeId, lastIndex: LogIndex): void {
    const fresh = new Map<NodeId, Progress>();
    for (const id of this.ids) {
      const progress = new Progress((lastIndex + 1) as LogIndex, this.get(id)?.isLearner ?? false, this.limits);
      if (id === self) progress.match = lastIndex;
      fresh.set(id, progress);
    }
    this.progresses = fresh;
    this.resetVotes();
  }

  ackedIndex(voter: NodeId): number | undefined {
    return this.progresses.get(voter)?.match;
  }

  /** The largest index that the voters have, by what they acknowledged. */
  committed(): LogIndex {
    return jointCommittedIndex(this.current.voters, this);
  }

  resetVotes(): void {
    if (this.votes.size > 0) this.votes = new Map();
  }

  /** The first answer of each voter counts. */
  recordVote(from: NodeId, granted: boolean): VoteResult {
    if (!this.votes.has(from)) this.votes.set(from, granted);
    return jointVoteResult(this.current.voters, this.votes);
  }

  /** Whether a quorum was heard since the last check. */
  quorumActive(): boolean {
    const active = new Map<NodeId, boolean>();
    for (const [id, progress] of this.progresses) if (!progress.isLearner) active.set(id, progress.recentActive);
    return jointVoteResult(this.current.voters, active) === 'won';
  }
}
