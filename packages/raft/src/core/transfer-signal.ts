/** The signal that ends a leadership transfer (Raft thesis 3.10). */
import type { NodeId } from '../model/ids';
import type { Raft } from './raft';

export function sendTimeoutNow(raft: Raft, to: NodeId): void {
  raft.tell('info', () => `asks ${to.toString(16)} to take over`);
  raft.outbox.send({ kind: 'timeout-now', from: raft.id, to, term: raft.term });
}
