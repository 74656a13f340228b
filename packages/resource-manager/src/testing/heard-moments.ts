/** What a coordinator hears of a payment's moments and hands on: DECIDE COMMIT carries the highest of the promises, COMMIT the commit time. */
import type { Instruction } from '@mas/ledger';
import type { InstructionItem, ItemReply } from '@mas/two-phase-commit';
import type { TxnId } from '@mas/values';

export class HeardMoments {
  private readonly promised = new Map<TxnId, number>();
  private readonly committed = new Map<TxnId, number>();

  /** The item with the moments that its test has not given. */
  handedOn({ token, instruction }: InstructionItem): InstructionItem {
    return { token, instruction: this.withMoments(instruction) };
  }

  heard(instruction: Instruction, reply: ItemReply): void {
    if (reply.kind !== 'outcome' || !('txn' in instruction)) return;
    const { outcome } = reply;
    const { txn } = instruction;
    if (outcome.kind === 'prepared' && outcome.leg.preparedUs !== null) this.promised.set(txn, Math.max(outcome.leg.preparedUs, this.promised.get(txn) ?? 0));
    if (outcome.kind !== 'decided' || outcome.outcome.decision.kind !== 'committed') return;
    const { commitUs } = outcome.outcome.decision;
    if (commitUs !== null) this.committed.set(txn, commitUs);
  }

  private withMoments(instruction: Instruction): Instruction {
    switch (instruction.kind) {
      case 'decide-commit':
        return { ...instruction, notBeforeUs: instruction.notBeforeUs ?? this.promised.get(instruction.txn) ?? null };
      case 'commit':
        return { ...instruction, commitUs: instruction.commitUs ?? this.committed.get(instruction.txn) ?? null };
      case 'commit-many':
        return { ...instruction, legs: instruction.legs.map((leg) => ({ ...leg, commitUs: leg.commitUs ?? this.committed.get(leg.txn) ?? null })) };
      default:
        return instruction;
    }
  }
}
