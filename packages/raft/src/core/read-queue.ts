/**
 * Reads that wait for proof that this replica still leads (Raft thesis 6.4). Reads are numbered in order of
 * arrival; a heartbeat carries the number of the newest one, and its answer acknowledges that one and all
 * before it. So one round confirms any number of reads, and "acknowledged by a quorum" is computed exactly like
 * the commit index of a log.
 */
import { maxIndex, type LogIndex, type NodeId } from '../model/ids';
import { jointCommittedIndex, type JointVoters } from '../quorum/joint';
import type { AckedIndexes } from '../quorum/majority';

/** `from` is the replica that asked; undefined: this one. */
export interface ReadRequest {
  readonly from: NodeId | undefined;
  readonly context: Uint8Array;
}

export interface ConfirmedRead extends ReadRequest {
  /** The commit index when the read arrived. */
  readonly index: LogIndex;
}

/** Reads that may wait, confirmed by a round or held for the first commit; more are dropped, and asked again. */
export const MAX_WAITING_READS = 65_536;

export class ReadQueue implements AckedIndexes {
  private readonly acks = new Map<NodeId, LogIndex>();
  private waiting: ConfirmedRead[] = [];
  private confirmedCount = 0;

  /** Number of the newest waiting read; 0: none waits. */
  get newestSequence(): number {
    return this.waiting.length === 0 ? 0 : this.confirmedCount + this.waiting.length;
  }

  /** @returns false when too many wait. */
  add(request: ReadRequest, commit: LogIndex): boolean {
    if (this.waiting.length >= MAX_WAITING_READS) return false;
    this.waiting.push({ from: request.from, context: request.context, index: commit });
    return true;
  }

  acknowledge(from: NodeId, sequence: number): void {
    if (sequence === 0) return;
    const acked = sequence as LogIndex;
    this.acks.set(from, maxIndex(this.acks.get(from) ?? acked, acked));
  }

  ackedIndex(voter: NodeId): number | undefined {
    return this.acks.get(voter);
  }

  /** Takes out the reads that a quorum has confirmed, oldest first. */
  takeConfirmed(voters: JointVoters): readonly ConfirmedRead[] {
    const count = Math.min(jointCommittedIndex(voters, this) - this.confirmedCount, this.waiting.length);
    if (count <= 0) return [];
    const confirmed = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    this.confirmedCount += count;
    return confirmed;
  }
}
