/**
 * The instructions that one request carries. To a bucket that takes it (semantics version MANY_TOLD_SINCE) COMMITs travel as one that names them
 * all, and so do ACKNOWLEDGEs: an item, a slot of the entry and an answer for many payments. Each sender hears what his own would have been answered.
 *
 * A COMMIT so comes before others of its request. That is as right as any other order: each tells of a decision that its home had recorded before the
 * request was put together, and COMMITs of different legs commute; a DECIDE of the same request finds a credit a little earlier. An ACKNOWLEDGE says
 * that a leg has been told, which an earlier request's answer said; it waits for no COMMIT of its own request, and touches its payment's record only.
 */
import { MAX_MEMBERS, type AcknowledgeMany, type CommitMany, type Instruction, type LegAddress, type ToldLegs } from '@mas/ledger';
import type { InstructionItem, InstructionReply, ItemReply } from '@mas/two-phase-commit';
import { present } from '@mas/values';

type GrowingCommit = CommitMany & { readonly legs: LegAddress[] };
type GrowingAcknowledge = AcknowledgeMany & { readonly told: ToldLegs[] };

/** Where what becomes of an instruction is found in the reply. */
interface Place {
  readonly item: number;
  /** Of the item's members; null: the item is the instruction. */
  readonly member: number | null;
}

const NO_REPLY: InstructionReply = { kind: 'unreachable', reason: 'no reply for this instruction' };
const COMMITTED: ItemReply = { kind: 'outcome', outcome: { kind: 'leg-ended', leg: { state: 'committed', reason: null } } };
const ACKNOWLEDGED: ItemReply = { kind: 'outcome', outcome: { kind: 'done' } };

export class RequestItems {
  readonly items: readonly InstructionItem[];
  /** Null: each instruction is an item. */
  private readonly places: readonly Place[] | null;

  /** @param isManyTold the bucket takes instructions that name many payments. */
  constructor(
    private readonly instructions: readonly InstructionItem[],
    isManyTold: boolean,
  ) {
    const commits = isManyTold ? countOf(instructions, 'commit') : 0;
    const acknowledges = isManyTold ? countOf(instructions, 'acknowledge') : 0;
    const { items, places } = commits < 2 && acknowledges < 2 ? { items: instructions, places: null } : gathered(instructions, commits, acknowledges);
    this.items = items;
    this.places = places;
  }

  /** What became of one of the instructions. */
  replyOf(at: number, replies: readonly ItemReply[]): InstructionReply {
    if (this.places === null) return replies[at] ?? NO_REPLY;
    const { item, member } = present(this.places[at], 'place in the request');
    const reply = replies[item] ?? NO_REPLY;
    if (member === null || reply.kind !== 'outcome') return reply;
    const { outcome } = reply;
    const own = outcome.kind === 'each' ? outcome.outcomes[member] : outcome;
    if (own?.kind !== 'done') return own === undefined ? NO_REPLY : { kind: 'outcome', outcome: own };
    return this.instructions[at]?.instruction.kind === 'commit' ? COMMITTED : ACKNOWLEDGED;
  }
}

function gathered(instructions: readonly InstructionItem[], commits: number, acknowledges: number): { items: readonly InstructionItem[]; places: readonly Place[] } {
  const items: InstructionItem[] = [];
  const commitMany = new Growing(items, commits, (): GrowingCommit => ({ kind: 'commit-many', legs: [] }));
  const acknowledgeMany = new Growing(items, acknowledges, (): GrowingAcknowledge => ({ kind: 'acknowledge-many', told: [] }));
  const places = instructions.map((each): Place => {
    const { instruction } = each;
    if (instruction.kind === 'commit' && commits >= 2) return commitMany.add(({ legs }) => legs.push(instruction) - 1);
    if (instruction.kind === 'acknowledge' && acknowledges >= 2) return acknowledgeMany.add(({ told }) => told.push(instruction) - 1);
    return { item: items.push(each) - 1, member: null };
  });
  return { items, places };
}

/** Instructions that name many payments, filled one after the other and evenly: none is left over that would have to go alone. */
class Growing<Many extends Instruction> {
  private many: Many | null = null;
  private item = 0;
  private left = 0;
  private readonly size: number;

  constructor(
    private readonly items: InstructionItem[],
    count: number,
    private readonly begin: () => Many,
  ) {
    this.size = Math.ceil(count / Math.ceil(count / MAX_MEMBERS));
  }

  add(put: (many: Many) => number): Place {
    if (this.many === null || this.left === 0) {
      this.many = this.begin();
      this.item = this.items.push({ instruction: this.many, token: null }) - 1;
      this.left = this.size;
    }
    this.left -= 1;
    return { item: this.item, member: put(this.many) };
  }
}

function countOf(instructions: readonly InstructionItem[], kind: Instruction['kind']): number {
  let count = 0;
  for (const { instruction } of instructions) if (instruction.kind === kind) count += 1;
  return count;
}
