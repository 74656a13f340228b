/**
 * Turns what has gathered in the core into one Ready, and remembers what was handed out: soft and hard state
 * are told when they change, entries and messages once.
 */
import { invariant } from '@mas/values';
import type { Raft } from '../core/raft';
import { step } from '../core/step';
import type { LogIndex, NodeId, Term } from '../model/ids';
import type { PeerMessage, StepMessage } from '../model/message';
import type { Ready } from '../model/ready';
import type { HardState, ReadState, Role, SoftState } from '../model/state';
import { storageAppend, storageAppendResponse, storageApply, storageApplyResponse } from './storage-messages';

const NO_MESSAGES: readonly PeerMessage[] = [];
const NO_READ_STATES: readonly ReadState[] = [];

export class ReadySource {
  private leader: NodeId | undefined;
  private role: Role;
  private term: Term;
  private vote: NodeId | undefined;
  private commit: LogIndex;
  /** Synchronous mode: what the storage would answer once the batch that is out is written and applied. */
  private onAdvance: StepMessage[] = [];
  private isOut = false;

  constructor(private readonly raft: Raft) {
    this.leader = raft.leader;
    this.role = raft.role;
    this.term = raft.term;
    this.vote = raft.vote;
    this.commit = raft.log.committed;
  }

  hasReady(): boolean {
    const { raft } = this;
    return (
      raft.outbox.immediate.length > 0 ||
      raft.outbox.afterAppend.length > 0 ||
      raft.log.unstable.hasNextEntries() ||
      raft.log.hasNextCommitted(this.mayApplyUnstable) ||
      this.hardStateChanged() ||
      this.softStateChanged() ||
      raft.log.unstable.nextSnapshot() !== undefined ||
      raft.readStates.length > 0
    );
  }

  take(): Ready {
    invariant(!this.isOut, 'advance() comes before the next ready()');
    const ready = this.raft.config.asyncStorageWrites ? this.takeAsync() : this.takeSync();
    this.accept(ready);
    return ready;
  }

  /** The batch that is out is written and applied. */
  advance(): void {
    invariant(!this.raft.config.asyncStorageWrites, 'asynchronous storage answers with messages, not with advance()');
    this.isOut = false;
    const steps = this.onAdvance;
    this.onAdvance = [];
    for (const message of steps) step(this.raft, message);
  }

  private takeAsync(): Ready {
    const { raft } = this;
    const [messages, voteRequests] = splitAtVoteRequest(raft.outbox.immediate);
    const ready = this.newReady(messages, voteRequests);
    const append = storageAppend(raft, ready, raft.outbox.afterAppend);
    const apply = storageApply(raft, ready.committedEntries);
    return append === undefined && apply === undefined ? ready : withStorage(ready, append, apply);
  }

  private takeSync(): Ready {
    const { raft } = this;
    const [messages, voteRequests] = splitAtVoteRequest(raft.outbox.immediate);
    const { afterAppend } = raft.outbox;
    const toPeers: PeerMessage[] = [...voteRequests];
    for (const message of afterAppend) {
      if (message.to === raft.id) this.onAdvance.push(message);
      else toPeers.push(message);
    }
    const ready = this.newReady(messages, toPeers.length === 0 ? NO_MESSAGES : toPeers);
    const written = storageAppendResponse(raft, ready.snapshot);
    if (written !== undefined) this.onAdvance.push(written);
    const applied = storageApplyResponse(raft, ready.committedEntries);
    if (applied !== undefined) this.onAdvance.push(applied);
    this.isOut = true;
    return ready;
  }

  private newReady(messages: readonly PeerMessage[], messagesAfterAppend: readonly PeerMessage[]): Ready {
    const { raft } = this;
    const entries = raft.log.unstable.nextEntries();
    return {
      softState: this.softStateChanged() ? this.currentSoftState() : undefined,
      hardState: this.hardStateChanged() ? this.currentHardState() : undefined,
      readStates: raft.readStates.length === 0 ? NO_READ_STATES : raft.readStates,
      entries,
      snapshot: raft.log.unstable.nextSnapshot(),
      committedEntries: raft.log.nextCommitted(this.mayApplyUnstable),
      messages,
      messagesAfterAppend,
      storageAppend: undefined,
      storageApply: undefined,
      // Raft paper figure 2: term, vote and log are what a crash must not take.
      mustSync: entries.length > 0 || raft.vote !== this.vote || raft.term !== this.term,
    };
  }

  private accept(ready: Ready): void {
    const { raft } = this;
    this.leader = raft.leader;
    this.role = raft.role;
    this.term = raft.term;
    this.vote = raft.vote;
    this.commit = raft.log.committed;
    if (ready.readStates.length > 0) raft.readStates = [];
    raft.outbox.clear();
    raft.log.unstable.acceptInProgress();
    if (ready.committedEntries.length > 0) raft.log.acceptApplying(ready.committedEntries, this.mayApplyUnstable);
  }

  /**
   * Synchronous hosts write entries before they apply them, so whatever is committed may be handed out. In
   * asynchronous mode the apply side must not overtake the write of the same entries.
   */
  private get mayApplyUnstable(): boolean {
    return !this.raft.config.asyncStorageWrites;
  }

  private softStateChanged(): boolean {
    return this.raft.leader !== this.leader || this.raft.role !== this.role;
  }

  private hardStateChanged(): boolean {
    const { raft } = this;
    return raft.log.committed !== this.commit || raft.term !== this.term || raft.vote !== this.vote;
  }

  private currentSoftState(): SoftState {
    return { leader: this.raft.leader, role: this.raft.role };
  }

  private currentHardState(): HardState {
    return { term: this.raft.term, vote: this.raft.vote, commit: this.raft.log.committed };
  }
}

/** Written out: this is on the way of every entry, and spreading an object costs more than the rest of it. */
function withStorage(ready: Ready, append: Ready['storageAppend'], apply: Ready['storageApply']): Ready {
  return {
    softState: ready.softState,
    hardState: ready.hardState,
    readStates: ready.readStates,
    entries: ready.entries,
    snapshot: ready.snapshot,
    committedEntries: ready.committedEntries,
    messages: ready.messages,
    messagesAfterAppend: ready.messagesAfterAppend,
    storageAppend: append,
    storageApply: apply,
    mustSync: ready.mustSync,
  };
}

/**
 * A vote request states the candidate's term and last entry, and must not outlive them: were they lost in a crash,
 * an answer still under way would count for a later campaign in the same term with a shorter log, or elect a
 * second leader of one term. So the first request and what was queued after it wait for the write.
 * (etcd's asynchronous mode sends them at once.)
 */
function splitAtVoteRequest(messages: readonly PeerMessage[]): readonly [readonly PeerMessage[], readonly PeerMessage[]] {
  const at = messages.findIndex((message) => message.kind === 'vote');
  return at < 0 ? [messages, NO_MESSAGES] : [messages.slice(0, at), messages.slice(at)];
}
