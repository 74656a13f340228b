/**
 * Who owns each slot after each entry of all logs, by arithmetic of its own (docs/adr/0029): at most one bucket at any time, and one that was ordered; what an instruction came to was for its owner to say;
 * a move ends in one way only; and what the next owner adopts is, row by row, what the last one has released (staged-rows.ts).
 */
import type { Findings, Ownership } from '@mas/auditor';
import type { Instruction, MoveStage, Outcome } from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { SLOT_COUNT, slot, type AccountNumber, type BucketId, type Slot, type SlotRange } from '@mas/values';
import type { AppliedEntry } from './cluster-watch';

/** What has changed hands. */
export interface HandOver {
  readonly kind: 'released' | 'adopted';
  readonly move: number;
  readonly slots: SlotRange;
}

interface Move {
  readonly slots: SlotRange;
  from: BucketId | null;
  to: BucketId | null;
  /** When `to` has last said that rows are coming. */
  heardMs: number;
  hasReleased: boolean;
  hasReclaimed: boolean;
  hasConfirmed: boolean;
  /** Of `to`; null: it has not decided. */
  verdict: 'adopted' | 'declined' | null;
}

const NOTHING_HEARD: Pick<Move, 'verdict' | 'hasReleased' | 'hasReclaimed' | 'hasConfirmed'> = {
  verdict: null,
  hasReleased: false,
  hasReclaimed: false,
  hasConfirmed: false,
};

const ONE_OWNER = 'a slot has one owner';
const ONE_END = 'a move ends in one way';

export class SlotOwners {
  private readonly owners = new Array<BucketId | null>(SLOT_COUNT).fill(null);
  private readonly history = Array.from({ length: SLOT_COUNT }, (): { bucket: BucketId; fromMs: number; toMs: number }[] => []);
  private readonly moves = new Map<number, Move>();
  private readonly begun = new Set<BucketId>();

  /** @param answersWithinMs before slots are released their next owner has answered, by so much earlier; null: processes stand still, so nothing is known of it */
  constructor(
    private readonly findings: Findings,
    private readonly answersWithinMs: number | null,
  ) {}

  owns(bucket: BucketId, of: Slot): boolean {
    return this.owners[of] === bucket;
  }

  ownsAccount(bucket: BucketId, account: AccountNumber): boolean {
    return this.owns(bucket, slotOfAccount(account));
  }

  /** Ascending. */
  slotsOf(bucket: BucketId): readonly Slot[] {
    return this.owners.flatMap((owner, at) => (owner === bucket ? [slot(at)] : []));
  }

  /** In the order of time. */
  ownersOf(of: Slot): readonly Ownership[] {
    return this.history[of] ?? [];
  }

  /** @returns what has changed hands by it for the first time */
  step(
    bucket: BucketId,
    instruction: Instruction,
    outcome: Outcome,
    { firstMs: atMs, proposedMs }: Pick<AppliedEntry, 'firstMs' | 'proposedMs'>,
  ): HandOver | null {
    if (instruction.kind === 'genesis') this.begin(bucket, instruction.slots);
    else if (outcome.kind !== 'move') this.expectOwner(bucket, instruction, outcome);
    else return this.stepMove(bucket, instruction, outcome.stage, { atMs, proposedMs });
    return null;
  }

  /** An entry of the meta group's log: that a move is over is said once it is over in both logs. */
  stepMap(data: Uint8Array): void {
    const ended = endedBy(data);
    if (ended === null) return;
    const { move: number, isAdopted } = ended;
    const { verdict, hasReleased, hasReclaimed, hasConfirmed } = this.moves.get(number) ?? NOTHING_HEARD;
    const isSo = isAdopted ? verdict === 'adopted' && hasConfirmed : verdict === 'declined' && (hasReclaimed || !hasReleased);
    this.findings.expect(
      isSo,
      ONE_END,
      () =>
        `the map is told that move ${number} was ${isAdopted ? 'adopted' : 'declined'}; it was ${verdict ?? 'not decided'}, ${hasReleased ? '' : 'not '}released, ${hasConfirmed ? '' : 'not '}confirmed, ${hasReclaimed ? '' : 'not '}reclaimed`,
    );
  }

  /** Once all logs have come to rest. @param wanted by the map */
  end(wanted: (of: Slot) => BucketId): void {
    for (const [number, move] of this.moves) {
      const { from, to, hasReleased, hasReclaimed, hasConfirmed, verdict } = move;
      const isOver = verdict === 'adopted' ? hasConfirmed : !hasReleased || (verdict === 'declined' && hasReclaimed);
      this.findings.expect(
        isOver,
        'every move ends',
        () =>
          `move ${number} from bucket ${from} to ${to}: ${hasReleased ? 'released' : 'not released'}, ${verdict ?? 'not decided'}, ${hasConfirmed ? 'confirmed' : hasReclaimed ? 'reclaimed' : 'and nothing behind it'}`,
      );
    }
    this.owners.forEach((owner, at) =>
      this.findings.expect(owner === wanted(slot(at)), ONE_OWNER, () => `at rest slot ${at} is bucket ${owner}'s, and bucket ${wanted(slot(at))}'s by the map`),
    );
  }

  private begin(bucket: BucketId, slots: readonly SlotRange[]): void {
    if (this.begun.has(bucket)) return;
    this.begun.add(bucket);
    for (const range of slots) this.gain(bucket, range, 0, 'by its genesis');
  }

  private stepMove(
    bucket: BucketId,
    instruction: Instruction,
    stage: MoveStage,
    { atMs, proposedMs }: { readonly atMs: number; readonly proposedMs: number | null },
  ): HandOver | null {
    if (!('move' in instruction)) return null;
    const { move: number, slots } = instruction;
    const move = this.moveOf(number, slots);
    const isTaker = instruction.kind === 'adopt-slots' || instruction.kind === 'begin-import' || instruction.kind === 'decline-import';
    if (isTaker && (stage.kind === 'adopted' || stage.kind === 'declined')) this.decided(number, move, bucket, stage.kind, instruction.kind);
    if (stage.kind === 'importing') move.heardMs = atMs;
    if (instruction.kind === 'release-slots' && stage.kind === 'released' && !move.hasReleased) this.expectAnswered(number, move, proposedMs);
    if (instruction.kind === 'release-slots' && stage.kind === 'released') return this.release(number, move, bucket, instruction.to, atMs);
    if (instruction.kind === 'adopt-slots' && stage.kind === 'adopted') return this.adopt(number, move, bucket, atMs);
    if (instruction.kind === 'reclaim-slots' && stage.kind === 'reclaimed') this.reclaim(number, move, bucket, atMs);
    if (instruction.kind === 'confirm-release' && stage.kind === 'confirmed') this.confirm(number, move);
    return null;
  }

  private expectAnswered(number: number, { heardMs }: Move, proposedMs: number | null): void {
    if (this.answersWithinMs === null || proposedMs === null) return;
    this.findings.expect(
      proposedMs - heardMs <= this.answersWithinMs,
      'slots are released while their next owner answers',
      () => `move ${number} was released at ${proposedMs.toFixed(0)}, its next owner had answered last at ${heardMs.toFixed(0)}`,
    );
  }

  private decided(number: number, move: Move, bucket: BucketId, verdict: 'adopted' | 'declined', by: Instruction['kind']): void {
    move.to ??= bucket;
    // Adopting is for ADOPT: another instruction only says that it has happened.
    if (by === 'adopt-slots' || verdict === 'declined') {
      this.findings.expect(
        move.verdict === null || move.verdict === verdict,
        ONE_END,
        () => `move ${number} was ${move.verdict} by bucket ${bucket}, and then ${verdict}`,
      );
      if (verdict === 'declined') move.verdict = 'declined';
    } else this.findings.expect(move.verdict === 'adopted', ONE_END, () => `bucket ${bucket} says that it has adopted move ${number}, and has not`);
  }

  private release(number: number, move: Move, bucket: BucketId, to: BucketId, atMs: number): HandOver | null {
    if (move.hasReleased) return null;
    this.findings.expect(!move.hasReclaimed, ONE_END, () => `bucket ${bucket} releases slots ${textOf(move.slots)} by move ${number}, which it had ended`);
    [move.hasReleased, move.from] = [true, bucket];
    move.to ??= to;
    for (const at of slotsIn(move.slots)) {
      this.findings.expect(this.owners[at] === bucket, ONE_OWNER, () => `bucket ${bucket} releases slot ${at}, which is bucket ${this.owners[at]}'s`);
      this.owners[at] = null;
      const last = this.history[at]?.at(-1);
      if (last !== undefined) last.toMs = Math.min(last.toMs, atMs);
    }
    return { kind: 'released', move: number, slots: move.slots };
  }

  private adopt(number: number, move: Move, bucket: BucketId, atMs: number): HandOver | null {
    if (move.verdict === 'adopted') return null;
    this.findings.expect(
      move.hasReleased && !move.hasReclaimed,
      ONE_OWNER,
      () =>
        `bucket ${bucket} adopts slots ${textOf(move.slots)} by move ${number}, which bucket ${move.from} has ${move.hasReclaimed ? 'reclaimed' : 'not released'}`,
    );
    move.verdict = 'adopted';
    this.gain(bucket, move.slots, atMs, `by move ${number}`);
    return { kind: 'adopted', move: number, slots: move.slots };
  }

  private reclaim(number: number, move: Move, bucket: BucketId, atMs: number): void {
    if (move.hasReclaimed) return;
    move.from ??= bucket;
    this.findings.expect(move.verdict === 'declined', ONE_END, () => `bucket ${bucket} reclaims move ${number}, which was ${move.verdict ?? 'not declined'}`);
    move.hasReclaimed = true;
    if (move.hasReleased) this.gain(bucket, move.slots, atMs, `as it reclaims move ${number}`);
  }

  private confirm(number: number, move: Move): void {
    move.hasConfirmed = true;
    this.findings.expect(
      move.verdict === 'adopted',
      ONE_END,
      () => `move ${number} is confirmed and was ${move.verdict ?? 'not adopted'}: rows are dropped that nobody else has`,
    );
  }

  private gain(bucket: BucketId, slots: SlotRange, fromMs: number, how: string): void {
    for (const at of slotsIn(slots)) {
      this.findings.expect(this.owners[at] === null, ONE_OWNER, () => `bucket ${bucket} gains slot ${at} ${how}, which is bucket ${this.owners[at]}'s`);
      this.owners[at] = bucket;
      this.history[at]?.push({ bucket, fromMs, toMs: Infinity });
    }
  }

  private expectOwner(bucket: BucketId, instruction: Instruction, outcome: Outcome): void {
    if (outcome.kind === 'wrong-bucket') {
      this.findings.expect(
        !this.owns(bucket, outcome.slot),
        'an owner answers',
        () => `bucket ${bucket}: ${instruction.kind} was sent away from slot ${outcome.slot}, its own`,
      );
      return;
    }
    for (const at of slotsOf(instruction, outcome))
      this.findings.expect(
        this.owns(bucket, at),
        'only the owner decides',
        () => `bucket ${bucket}: ${instruction.kind} on slot ${at}, which is bucket ${this.owners[at]}'s, came to ${outcome.kind}`,
      );
  }

  private moveOf(number: number, slots: SlotRange): Move {
    const known = this.moves.get(number);
    if (known !== undefined) return known;
    const move: Move = { slots, from: null, to: null, heardMs: -Infinity, hasReleased: false, hasReclaimed: false, hasConfirmed: false, verdict: null };
    this.moves.set(number, move);
    return move;
  }
}

/** Null: the entry says something else. */
function endedBy(data: Uint8Array): { readonly move: number; readonly isAdopted: boolean } | null {
  if (data.length === 0) return null;
  const { change } = JSON.parse(Buffer.from(data).toString('utf8')) as {
    readonly change?: { readonly kind: string; readonly move: number; readonly isAdopted: boolean };
  };
  return change?.kind === 'end-move' ? change : null;
}

/** Of which the bucket has said something. */
function slotsOf(instruction: Instruction, outcome: Outcome): readonly Slot[] {
  switch (instruction.kind) {
    case 'prepare':
    case 'commit':
    case 'rollback':
    case 'expire':
      return [slotOfAccount(instruction.account)];
    case 'commit-many':
      return ofMembers(instruction.legs, outcome).map(({ account }) => slotOfAccount(account));
    case 'decide-commit':
    case 'decide-abort':
    case 'resolve':
    case 'bind-id':
      return [instruction.homeSlot];
    case 'acknowledge':
      return [homeSlotOfKey(instruction.key)];
    case 'acknowledge-many':
      return ofMembers(instruction.told, outcome).map(({ key }) => homeSlotOfKey(key));
    case 'create-account':
    case 'change-account':
      return [slotOfAccount(instruction.number)];
    case 'acquire-lock':
    case 'refresh-lock':
    case 'release-lock':
    case 'break-lock':
      return [instruction.slot];
    default:
      return [];
  }
}

/** Those that were not sent away. */
function ofMembers<Member>(members: readonly Member[], outcome: Outcome): readonly Member[] {
  return outcome.kind === 'each' ? members.filter((_, at) => outcome.outcomes[at]?.kind !== 'wrong-bucket') : members;
}

export function slotsIn({ from, to }: SlotRange): readonly Slot[] {
  return Array.from({ length: to - from + 1 }, (_, at) => slot(from + at));
}

function textOf({ from, to }: SlotRange): string {
  return `${from}-${to}`;
}
