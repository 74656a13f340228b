/**
 * Where messages wait for Ready, in two lists:
 *   immediate    may leave at once;
 *   afterAppend  votes and acknowledgements: promises that a crash must not make this replica forget, so they
 *                leave only when all unstable state (term, vote, entries, snapshot; also what earlier batches
 *                are still writing) is durable (Raft thesis 3.8). Those to this replica itself count its own
 *                vote or entries, and wait just the same.
 * Rejections wait too: they are rare, and no one has proven that they need not.
 */
import type { AppendAcceptedMessage, AppendRejectedMessage, PeerMessage, VoteResponseMessage } from '../model/message';

export type DurableMessage = AppendAcceptedMessage | AppendRejectedMessage | VoteResponseMessage;
export type ImmediateMessage = Exclude<PeerMessage, DurableMessage>;

const NONE: readonly never[] = [];

export class Outbox {
  private immediateList: ImmediateMessage[] = [];
  private afterAppendList: DurableMessage[] = [];

  /** Grows until clear(); the list that is handed out stays as it was then. */
  get immediate(): readonly ImmediateMessage[] {
    return this.immediateList.length === 0 ? NONE : this.immediateList;
  }

  get afterAppend(): readonly DurableMessage[] {
    return this.afterAppendList.length === 0 ? NONE : this.afterAppendList;
  }

  send(message: ImmediateMessage): void {
    this.immediateList.push(message);
  }

  sendAfterAppend(message: DurableMessage): void {
    this.afterAppendList.push(message);
  }

  /** Both lists were handed out. */
  clear(): void {
    if (this.immediateList.length > 0) this.immediateList = [];
    if (this.afterAppendList.length > 0) this.afterAppendList = [];
  }
}
