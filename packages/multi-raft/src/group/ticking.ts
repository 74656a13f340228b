/** One tick of a group that is awake: Raft's own, and everything of the host that counts in ticks. */
import { retreatIfAiling, tickTransfer } from './handover';
import { giveUpWithoutQuorum } from './presence';
import { tickQuiescence } from './quiescence';
import type { Replica } from './replica';
import { tickSuccession } from './succession';

export function tickOnce<Result>(replica: Replica<Result>): void {
  replica.node.tick();
  replica.reads.tick(replica.host.clock.monotonicMs());
  giveUpWithoutQuorum(replica);
  tickSuccession(replica);
  tickTransfer(replica);
  retreatIfAiling(replica);
  tickQuiescence(replica);
}
