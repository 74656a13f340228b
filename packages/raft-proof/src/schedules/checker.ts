/**
 * The properties of Raft paper figure 3, checked at every step against what the whole group has ever shown:
 * election safety, log matching, leader completeness, state machine safety; and beyond the figure that nothing is
 * committed or acknowledged before it is durable, and that reads are linearizable.
 */
import type { ConfState, Entry, LogIndex, NodeId, PeerMessage, ReadState, Term } from '@mas/raft';
import type { MachineState } from './state-machine';
import type { SimReplica } from './replica';
import { holds } from './violation';

export class Checker {
  private readonly leaderOfTerm = new Map<Term, NodeId>();
  /** (term, index) → data and the term before it: with these equal everywhere, logs match by induction. */
  private readonly entries = new Map<string, string>();
  private readonly committedTerms: (Term | undefined)[] = [];
  private readonly machineAt = new Map<LogIndex, number>();
  private readonly readBounds = new Map<number, { readonly by: NodeId; readonly bound: number }>();
  private commit = 0;

  /** The largest index that any replica has shown to be committed. */
  get committed(): number {
    return this.commit;
  }

  leads(id: NodeId, term: Term): void {
    const other = this.leaderOfTerm.get(term);
    holds(other === undefined || other === id, 'election safety', () => `${other} and ${id} both lead in term ${term}`);
    this.leaderOfTerm.set(term, id);
  }

  /** A replica has entries, after an entry of `prevTerm` (undefined: compacted). */
  appended(id: NodeId, entries: readonly Entry[], prevTerm: Term | undefined): void {
    let before: Term | undefined = prevTerm;
    for (const entry of entries) {
      if (before !== undefined) {
        const key = `${entry.term}/${entry.index}`;
        const content = `${before}:${entry.type}:${String.fromCharCode(...entry.data)}`;
        const known = this.entries.get(key);
        holds(known === undefined || known === content, 'log matching', () => `${key} at ${id} is ${content}, elsewhere ${known}`);
        this.entries.set(key, content);
      }
      before = entry.term;
    }
  }

  /** `from` < index ≤ `to` became committed as this replica sees it. */
  committedUpTo(replica: SimReplica, from: number, to: number): void {
    for (let index = from + 1; index <= to; index += 1) {
      const term = replica.viewTerm(index);
      if (term === undefined) continue;
      const known = this.committedTerms[index];
      holds(known === undefined || known === term, 'state machine safety', () => `${replica.id} commits ${term}/${index}, committed was ${known}/${index}`);
      this.committedTerms[index] = term;
    }
    this.commit = Math.max(this.commit, to);
  }

  /** A leader commits `index`: a quorum of one of the configurations it may have counted in has it durably. */
  durableOnQuorum(index: LogIndex, term: Term, configurations: readonly ConfState[], replicas: readonly SimReplica[]): void {
    const has = (id: NodeId): boolean => replicas.find((replica) => replica.id === id)?.hasDurably(index, term) ?? false;
    const quorum = (voters: readonly NodeId[]): boolean => voters.length === 0 || voters.filter(has).length * 2 > voters.length;
    holds(
      configurations.some(({ voters, votersOutgoing }) => quorum(voters) && quorum(votersOutgoing)),
      'commit after durability',
      () =>
        `${term}/${index} is committed but durable on ${replicas
          .filter((one) => one.hasDurably(index, term))
          .map((one) => one.id)
          .join(',')} only`,
    );
  }

  /** A new leader has everything that was ever committed. */
  complete(replica: SimReplica, before: number): void {
    for (let index = 1; index <= before; index += 1) {
      const term = this.committedTerms[index];
      if (term === undefined || index <= replica.compactedTo()) continue;
      const own = replica.viewTerm(index);
      holds(own === term, 'leader completeness', () => `new leader ${replica.id} has ${own}/${index}, committed is ${term}/${index}`);
    }
  }

  /** Whoever applies an entry has it on its own disk, or a crash would leave a state machine without its log. */
  mayApply(replica: SimReplica, { index, term }: Entry): void {
    holds(replica.hasDurably(index, term), 'apply after durability', () => `${replica.id} applies ${term}/${index}`);
  }

  applied(id: NodeId, state: MachineState): void {
    const known = this.machineAt.get(state.applied);
    holds(known === undefined || known === state.hash, 'state machine safety', () => `${id} differs after applying ${state.applied}`);
    this.machineAt.set(state.applied, state.hash);
  }

  /** A promise leaves the replica: what it speaks of must be on its disk. */
  promised(replica: SimReplica, message: PeerMessage): void {
    const hard = replica.durableHardState();
    if (message.kind === 'append-accepted' && message.index > 0) {
      holds(hard.term >= message.term, 'acknowledgement after durability', () => `${replica.id} acknowledges in term ${message.term}, stored ${hard.term}`);
      // A leader of a later term may have replaced the entries before they were written. Then the later term is
      // what is durable; it was won without these entries, so that this acknowledgement cannot complete a quorum.
      const holdsEntries = hard.term > message.term || replica.durableLastIndex() >= message.index;
      holds(holdsEntries, 'acknowledgement after durability', () => `${replica.id} acknowledges ${message.index}, has ${replica.durableLastIndex()}`);
    } else if (message.kind === 'vote-response' && message.granted) {
      const kept = hard.term > message.term || (hard.term === message.term && hard.vote === message.to);
      holds(kept, 'vote after durability', () => `${replica.id} votes for ${message.to} in ${message.term}, stored ${hard.vote} in ${hard.term}`);
    } else if (message.kind === 'vote') {
      holds(hard.term >= message.term, 'candidacy after durability', () => `${replica.id} asks for votes in ${message.term}, stored ${hard.term}`);
    }
  }

  readAsked(by: NodeId, sequence: number): void {
    this.readBounds.set(sequence, { by, bound: this.commit });
  }

  readAnswered(by: NodeId, { index, context }: ReadState): void {
    const sequence = new DataView(context.buffer, context.byteOffset).getUint32(0);
    const asked = this.readBounds.get(sequence);
    holds(asked?.by === by, 'reads are answered where they were asked', () => `${by} got the answer to read ${sequence}`);
    holds(index >= asked.bound, 'linearizable reads', () => `read ${sequence} at ${by} got ${index}, ${asked.bound} was committed before it`);
  }
}
