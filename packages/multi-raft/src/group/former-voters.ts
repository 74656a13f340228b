/**
 * A configuration that a group has left may come back. A replica learns that an entry is committed by a message, and writes that down with its next
 * entries, not by itself; after a power cut everybody may hold the entry that ends a change of members, and nobody that it is committed. An
 * election then goes by the configuration before it, and needs a majority of voters who may be gone for good (docs/adr/0011). So a change is
 * over only once an entry that was sent after it was committed is committed as well: whoever acknowledged that one has written down both.
 */
import type { ConfState, NodeId } from '@mas/raft';

export class FormerVoters {
  /** Of configurations left since everything was last kept. */
  private readonly nodes = new Set<NodeId>();
  /** Once this index is applied, a majority of the voters remembers what was left. */
  private keptFrom = 0;

  /** A configuration with other voters has taken the place of this one. @param lastIndex of the log */
  left(before: ConfState, lastIndex: number): void {
    for (const node of [...before.voters, ...before.votersOutgoing]) this.nodes.add(node);
    this.keptFrom = lastIndex + 1;
  }

  /** This replica leads: its own first entry, which is in the log already, goes out with all that it knows. */
  leads(lastIndex: number): void {
    if (this.nodes.size > 0) this.keptFrom = lastIndex;
  }

  applied(index: number): void {
    if (this.nodes.size > 0 && index >= this.keptFrom) this.nodes.clear();
  }

  /** No configuration but the one in force can come back. */
  get areForgotten(): boolean {
    return this.nodes.size === 0;
  }

  /** Those who vote no more. */
  beside(voters: readonly NodeId[]): readonly NodeId[] {
    return [...this.nodes].filter((node) => !voters.includes(node));
  }
}

/** Whether both are decided by the same voters. */
export function haveSameVoters(a: ConfState, b: ConfState): boolean {
  return isSameSet(a.voters, b.voters) && isSameSet(a.votersOutgoing, b.votersOutgoing);
}

function isSameSet(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}
