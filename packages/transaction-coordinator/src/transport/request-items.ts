/**
 * The instructions that one request carries. To a bucket that takes it (semantics version MANY_TOLD_SINCE) COMMITs travel as one that names them
 * all, and so do ACKNOWLEDGEs: an item, a slot of the entry and an answer for many payments. Each sender hears what his own would have been answered.
 *
 * A COMMIT so comes before others of its request. That is as right as any other order: each tells of a decision that its home had recorded before the
 * request was put together, and COMMITs of different legs commute; a DECIDE of the same request finds a credit a little earlier. An ACKNOWLEDGE says
 * that a leg has been told, which an earlier request's answer said; it waits for no COMMIT of its own request, and touches its payment's record only.
 */
import { MAX_MEMBERS, type Instruction, type CommittedLeg, type ToldLegs } from '@mas/ledger';
import type { InstructionItem, InstructionReply, ItemReply } from '@mas/two-phase-commit';

/** Where what becomes of each instruction is found in the reply. */
interface Places {
  readonly items: readonly number[];
  /** Among the item's members; below zero: the item is the instruction. */
  readonly members: readonly number[];
}

const NO_REPLY: InstructionReply = { kind: 'unreachable', reason: 'no reply for this instruction' };
const COMMITTED: ItemReply = { kind: 'outcome', outcome: { kind: 'leg-ended', leg: { state: 'committed', reason: null } } };
const ACKNOWLEDGED: ItemReply = { kind: 'outcome', outcome: { kind: 'done' } };

export class RequestItems {
  readonly items: readonly InstructionItem[];
  /** Null: each instruction is an item. */
  private readonly places: Places | null;

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
    const reply = replies[this.places.items[at] ?? -1] ?? NO_REPLY;
    const member = this.places.members[at] ?? -1;
    if (member < 0 || reply.kind !== 'outcome') return reply;
    const { outcome } = reply;
    const own = outcome.kind === 'each' ? outcome.outcomes[member] : outcome;
    if (own?.kind !== 'done') return own === undefined ? NO_REPLY : { kind: 'outcome', outcome: own };
    return this.instructions[at]?.instruction.kind === 'commit' ? COMMITTED : ACKNOWLEDGED;
  }
}

function gathered(instructions: readonly InstructionItem[], commits: number, acknowledges: number): { items: readonly InstructionItem[]; places: Places } {
  const items: InstructionItem[] = [];
  const places = { items: new Array<number>(instructions.length), members: new Array<number>(instructions.length) };
  const legs = new Members<CommittedLeg>(items, commits, (members) => ({ kind: 'commit-many', legs: members }));
  const told = new Members<ToldLegs>(items, acknowledges, (members) => ({ kind: 'acknowledge-many', told: members }));
  for (const [at, each] of instructions.entries()) {
    const { instruction } = each;
    let member = -1;
    if (instruction.kind === 'commit' && commits >= 2) member = legs.add(instruction);
    else if (instruction.kind === 'acknowledge' && acknowledges >= 2) member = told.add(instruction);
    else items.push(each);
    places.members[at] = member;
    places.items[at] = member < 0 ? items.length - 1 : instruction.kind === 'commit' ? legs.item : told.item;
  }
  return { items, places };
}

/** Of instructions that name many payments, filled one after the other and evenly: none is left over that would have to go alone. */
class Members<Member> {
  /** The one that the last member has joined. */
  item = -1;
  private members: Member[] = [];
  private left = 0;
  private readonly size: number;

  constructor(
    private readonly items: InstructionItem[],
    count: number,
    private readonly many: (members: readonly Member[]) => Instruction,
  ) {
    this.size = Math.ceil(count / Math.ceil(count / MAX_MEMBERS));
  }

  /** @returns its place among the members. */
  add(member: Member): number {
    if (this.left === 0) {
      this.members = [];
      this.item = this.items.push({ instruction: this.many(this.members), token: null }) - 1;
      this.left = this.size;
    }
    this.left -= 1;
    return this.members.push(member) - 1;
  }
}

function countOf(instructions: readonly InstructionItem[], kind: Instruction['kind']): number {
  let count = 0;
  for (const { instruction } of instructions) if (instruction.kind === kind) count += 1;
  return count;
}
