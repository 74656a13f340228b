/**
 * Answers one request of instructions: admits each item, proposes what is admitted, looks into WAITs, and puts the
 * fates together into one reply.
 */
import {
  isMany,
  isOtherCommitTime,
  knownSince,
  MANY_TOLD_SINCE,
  memberCount,
  membersOf,
  type CommittedLeg,
  type Instruction,
  type LegAddress,
  type LegRow,
  type ManyInstruction,
  type Outcome,
} from '@mas/ledger';
import type { InstructionItem, ItemReply, ParticipantReply } from '@mas/two-phase-commit';
import { present, type TxnId } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import { AS_OF_NOW, type HomeQuerier } from '../homes/home-querier';
import { endingOf } from '../homes/leg-ending';
import { legKey } from '../rows/row-table';
import type { Admission, AdmissionControl } from './admission';
import { failureOf, joinedFates } from './fates';
import type { Fate, Proposer } from './proposer';

type Waitable = Extract<Instruction, { readonly undecided: readonly TxnId[] }>;
type WaitOutcome = Extract<Outcome, { readonly kind: 'wait' }>;

export class InstructionService {
  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
    private readonly admission: AdmissionControl,
    private readonly homes: HomeQuerier,
    private readonly maxWaitRounds: number,
    /** Of one entry. */
    private readonly maxBatchInstructions: number,
  ) {}

  async handle(items: readonly InstructionItem[], caller: 'tm' | 'rm'): Promise<ParticipantReply> {
    const replies = new Array<ItemReply | undefined>(items.length);
    const admitted: Instruction[] = [];
    const places: number[] = [];
    /** How many of the admitted have become of the item at each place. */
    const parts: number[] = [];
    for (const [at, item] of items.entries()) {
      const admission = this.admit(item, caller);
      if (admission.kind !== 'admitted') {
        replies[at] = admission;
        continue;
      }
      const repeated = this.alreadyEnded(admission.instruction);
      if (repeated !== null) replies[at] = { kind: 'outcome', outcome: repeated };
      else {
        const before = admitted.length;
        if (this.goesInParts(admission.instruction)) admitted.push(...membersOf(admission.instruction));
        else admitted.push(admission.instruction);
        places.push(at);
        parts.push(admitted.length - before);
      }
    }
    const fates = await this.lookIntoWaits(admitted, await this.proposer.submit(admitted));
    return together(replies, places, parts.length === fates.length ? fates : joinedFates(fates, parts), this.versionFor(caller));
  }

  /**
   * Of the bucket's semantics, as far as its sender makes something of it. Null to a Resource Manager, whose program may be older and refuse a field
   * that it does not know; Transaction Managers are upgraded first.
   */
  private versionFor(caller: 'tm' | 'rm'): number | null {
    const { semanticsVersion } = this.applier.state().ledger;
    return caller === 'tm' && semanticsVersion >= MANY_TOLD_SINCE ? semanticsVersion : null;
  }

  /**
   * One that names many payments is proposed as its members where a replica of an earlier build may have to apply it, or an entry takes fewer. Whoever sent
   * it hears the same.
   */
  private goesInParts(instruction: Instruction): instruction is ManyInstruction {
    if (!isMany(instruction)) return false;
    return this.applier.state().ledger.semanticsVersion < knownSince(instruction) || memberCount(instruction) > this.maxBatchInstructions;
  }

  /**
   * Replicas of an earlier build would apply what they do not know in another way: until the bucket's version says that there are none, it is not
   * proposed. What names many payments may always come: below its version it is proposed as one for each of them.
   */
  private admit(item: InstructionItem, caller: 'tm' | 'rm'): Admission {
    if (!isMany(item.instruction) && this.applier.state().ledger.semanticsVersion < knownSince(item.instruction))
      return { kind: 'permission-denied', reason: 'SEMANTICS_TOO_OLD' };
    return this.admission.admit(item, caller);
  }

  /**
   * A leg's end that is told again, as every driver does, costs no entry: an applied end is committed by a quorum and
   * never changes, so even a leader that has just lost its place answers it rightly.
   */
  private alreadyEnded(instruction: Instruction): Outcome | null {
    const { kind } = instruction;
    if (kind !== 'commit' && kind !== 'commit-many' && kind !== 'rollback') return null;
    if (!this.applier.isLeading()) return null;
    if (kind === 'commit-many') return instruction.legs.every((leg) => this.committedLeg(leg) !== null) ? { kind: 'done' } : null;
    const leg = kind === 'commit' ? this.committedLeg(instruction) : this.endedLeg(instruction, 'aborted');
    return leg === null ? null : { kind: 'leg-ended', leg };
  }

  /** Told with another commit time it is a contradiction, which the ledger names. */
  private committedLeg(told: CommittedLeg): LegRow | null {
    const leg = this.endedLeg(told, 'committed');
    return leg === null || isOtherCommitTime(leg.commitUs, told.commitUs) ? null : leg;
  }

  private endedLeg({ account, txn }: LegAddress, ended: LegRow['state']): LegRow | null {
    const { ledger, table } = this.applier.state();
    const leg = ledger.isLocal(account) ? table.legs.peek({ account, txn }) : undefined;
    return leg?.state === ended ? leg : null;
  }

  /**
   * WAIT says: would fail only because of credits that are not decided yet. Their homes are asked, what is decided is
   * applied, and the instruction is proposed again naming what is still undecided; that result is final. In the last
   * round nothing is asked any more. An unreachable home leaves the WAIT as the answer: a refusal might deny a credit
   * that its sender has been told is there.
   */
  private async lookIntoWaits(instructions: readonly Instruction[], first: readonly Fate[]): Promise<readonly Fate[]> {
    const fates = [...first];
    for (let round = 1; round <= this.maxWaitRounds; round += 1) {
      const waiting = [...fates.keys()].filter((at) => waitOf(fates[at]) !== null);
      if (waiting.length === 0) break;
      const named = await this.settleUndecided(
        waiting.map((at) => present(waitOf(fates[at]), 'wait')),
        round === this.maxWaitRounds,
      );
      const again: number[] = [];
      const proposals: Instruction[] = [];
      for (const at of waiting) {
        const instruction = present(instructions[at], 'instruction');
        const undecided = named(present(waitOf(fates[at]), 'wait'));
        if (undecided === null || !waitable(instruction)) continue;
        again.push(at);
        proposals.push({ ...instruction, undecided: [...new Set([...instruction.undecided, ...undecided])] });
      }
      if (again.length === 0) break;
      const results = await this.proposer.submit(proposals);
      for (const [i, at] of again.entries()) fates[at] = present(results[i], 'fate');
    }
    return fates;
  }

  /** Gives, per WAIT, the txns that are still undecided; null where a home did not answer. */
  private async settleUndecided(waits: readonly WaitOutcome[], last: boolean): Promise<(wait: WaitOutcome) => readonly TxnId[] | null> {
    if (last) return (wait) => wait.undecided.map((leg) => leg.txn);
    const legs = new Map(waits.flatMap((wait) => wait.undecided).map((leg) => [legKey(leg.account, leg.txn), leg]));
    const keys = [...legs.keys()];
    const verdicts = await this.homes.ask([...legs.values()], AS_OF_NOW);
    const verdictByLeg = new Map(keys.map((key, at) => [key, present(verdicts[at], 'verdict')]));
    const endings: Instruction[] = [];
    for (const [key, { account, txn }] of legs) {
      const leg = this.applier.state().ledger.pinnedLeg(account, txn);
      const ending = leg?.state === 'prepared' ? endingOf(leg, present(verdictByLeg.get(key), 'verdict')) : null;
      if (ending !== null) endings.push(ending);
    }
    if (endings.length > 0) await this.proposer.submit(endings);
    return (wait) => {
      const undecided: TxnId[] = [];
      for (const { account, txn } of wait.undecided) {
        const verdict = present(verdictByLeg.get(legKey(account, txn)), 'verdict');
        if (verdict.kind === 'unreachable') return null;
        if (verdict.kind === 'undecided') undecided.push(txn);
      }
      return undecided;
    };
  }
}

function waitOf(fate: Fate | undefined): WaitOutcome | null {
  return fate?.kind === 'applied' && fate.outcome.kind === 'wait' ? fate.outcome : null;
}

function waitable(instruction: Instruction): instruction is Waitable {
  return 'undecided' in instruction;
}

/** A failure answers the request as a whole. @param places of the fates among the replies */
export function together(
  replies: (ItemReply | undefined)[],
  places: readonly number[],
  fates: readonly Fate[],
  semanticsVersion: number | null,
): ParticipantReply {
  const failure = failureOf(fates);
  if (failure !== null) return failure;
  for (const [i, fate] of fates.entries()) if (fate.kind === 'applied') replies[present(places[i], 'place')] = { kind: 'outcome', outcome: fate.outcome };
  return { kind: 'outcomes', outcomes: replies.map((reply) => present(reply, 'reply')), semanticsVersion };
}
