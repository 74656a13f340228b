/**
 * The same adversary while slots move between the buckets (docs/adr/0029): whoever carries a move out stops anywhere and another one goes on, what he
 * has sent comes late, twice or never, moves are called off, and whoever pays has an old map. The rules of a carrier: a move of a slot begins when the
 * one before is over in both buckets; what is sent for adoption was read behind the release; slots are reclaimed when the other one has said that it declines.
 */
import { invariant, present, slot, type AccountNumber, type Slot, type SlotRange, overlap } from '@mas/values';
import { MovedSumming, type Handover, type Instruction, type MovedRows, type MoveStage } from '../index';
import { SLOTS_PER_LETTER, slotOf, type Payment } from './builders';
import { Model } from './model';
import { checkCuts } from './moment-cuts';
import { ACCOUNTS_PER_BUCKET, LETTERS } from './model-payments';
import type { TestBucket } from './test-bucket';

/** Carrying a move to its end takes fewer; more is a livelock. */
const MAX_FINISHING_STEPS = 40;

interface Move {
  readonly move: number;
  readonly slots: SlotRange;
  readonly from: TestBucket;
  readonly to: TestBucket;
  /** What whoever carries it out knows. Another one begins with nothing of this. */
  attempt: number;
  parts: number;
  handover: Handover | null;
  /** Parts that are not known to have come. */
  queue: MovedRows[];
  /** Beside those that are queued all rows have been sent in this attempt, as they were behind the release. */
  isFull: boolean;
  end: 'adopted' | 'declined' | null;
}

export class MovingModel extends Model {
  /** Kinds of answers about moves, and of moments at which slots were between owners. */
  readonly seen = new Set<string>();
  protected override readonly doSlotsMove = true;
  /** The map as whoever pays has it. */
  private readonly places = new Map<number, TestBucket>();
  private readonly moves: Move[] = [];
  private readonly delayed: { readonly bucket: TestBucket; readonly instruction: Instruction }[] = [];
  private planned = 0;

  override bucketOf(account: string): TestBucket {
    return this.placeOf(slotOf(account as AccountNumber));
  }

  override homeOf(p: Payment): TestBucket {
    return this.placeOf(p.homeSlot);
  }

  override isAtHome(): boolean {
    return true;
  }

  protected override step(choice: number): void {
    if (choice % 3 === 0) this.moveStep(Math.floor(choice / 3));
    else super.step(Math.floor(choice / 3));
    this.checkOwners();
  }

  protected override quiesce(): void {
    for (const { bucket, instruction } of this.delayed.splice(0)) this.tell(bucket, instruction);
    for (const each of [...this.moves]) this.finish(each);
    for (const bucket of this.buckets.values()) {
      const { departing, arriving } = bucket.ledger.meta().moves;
      invariant(departing.length === 0 && arriving.length === 0, 'every move ends', { departing: departing.length, arriving: arriving.length });
    }
    super.quiesce();
    checkCuts([...this.buckets.values()], this.seen);
  }

  /** As its home sees it, whatever the map says. */
  protected override remoteLegs(p: Payment): readonly AccountNumber[] {
    const { ledger } = this.homeOf(p);
    return p.body.legs.map((each) => each.account).filter((account) => !ledger.isLocal(account));
  }

  private placeOf(ofSlot: Slot): TestBucket {
    return this.places.get(ofSlot) ?? this.founderOf(ofSlot);
  }

  private founderOf(ofSlot: number): TestBucket {
    return present(this.buckets.get(String.fromCharCode(0x61 + Math.floor(ofSlot / SLOTS_PER_LETTER))), 'bucket of a slot');
  }

  private moveStep(choice: number): void {
    const arg = Math.floor(choice / 10);
    const each = this.moves[arg % Math.max(1, this.moves.length)];
    const kind = choice % 10;
    if (kind === 0) return this.plan(arg);
    if (kind === 1) return this.deliverDelayed(arg);
    if (each !== undefined) this.carry(each, kind, Math.floor(arg / 5));
  }

  private plan(arg: number): void {
    const letter = present(LETTERS[arg % LETTERS.length], 'letter');
    const first = (letter.charCodeAt(0) - 0x61) * SLOTS_PER_LETTER + (Math.floor(arg / 3) % ACCOUNTS_PER_BUCKET);
    const slots = { from: slot(first), to: slot(first + (Math.floor(arg / 9) % 2)) };
    const from = this.placeOf(slots.from);
    const to = present(this.buckets.get(LETTERS[Math.floor(arg / 18) % LETTERS.length] ?? ''), 'bucket');
    const isBusy = this.moves.some((other) => overlap(other.slots, slots));
    if (to === from || this.placeOf(slots.to) !== from || isBusy) return;
    this.planned += 1;
    this.moves.push({ move: this.planned, slots, from, to, attempt: 0, parts: 0, handover: null, queue: [], isFull: false, end: null });
  }

  private carry(each: Move, kind: number, arg: number): void {
    const { move, slots, from, to } = each;
    switch (kind) {
      case 2:
        // Somebody else goes on, who knows what is in logs; what the one before has sent last comes late.
        if (each.handover !== null && isComplete(each)) this.delayed.push({ bucket: to, instruction: this.adoption(each) });
        each.handover = null;
        return this.beginAt(each, arg % 4 !== 0);
      case 3:
        return this.importSome(each, arg, arg % 4 !== 0);
      case 4:
        if (arg % 3 === 0) this.notice(each, this.ask(to, { kind: 'decline-import', move, slots }, arg % 4 !== 0, arg));
        else if (each.handover !== null && !isComplete(each)) this.adoptIncomplete(each);
        return;
      case 5:
        return void this.ask(from, { kind: 'release-slots', move, slots, to: to.ledger.meta().bucket }, false, 0);
      default:
        for (let steps = arg % 7; steps >= 0 && this.moves.includes(each); steps -= 1) this.goOn(each, arg + steps);
    }
  }

  /** What comes next. */
  private goOn(each: Move, arg: number): void {
    const isHeard = arg % 5 !== 0;
    if (each.end !== null) this.end(each);
    else if (each.attempt === 0) this.beginAt(each, isHeard);
    else if (each.handover === null) this.release(each, isHeard, arg);
    else if (isComplete(each)) this.adopt(each, isHeard, arg);
    else this.sendNext(each, isHeard);
  }

  private beginAt(each: Move, isHeard: boolean): void {
    const { move, slots, from, to } = each;
    const attempt = each.attempt + 1;
    const stage = this.ask(to, { kind: 'begin-import', move, slots, from: from.ledger.meta().bucket, attempt }, isHeard, 1);
    this.notice(each, stage);
    each.attempt = attempt;
    each.parts = 0;
    each.queue = [];
    each.isFull = false;
  }

  private release(each: Move, isHeard: boolean, arg: number): void {
    const { move, slots, from, to } = each;
    const stage = this.ask(from, { kind: 'release-slots', move, slots, to: to.ledger.meta().bucket }, isHeard, arg);
    if (stage?.kind === 'released') each.handover = stage.handover;
  }

  /** A part has one content, however often it is sent: its number says that it has come. */
  private sendNext(each: Move, isHeard: boolean): void {
    const { move, slots, to, attempt, parts, queue } = each;
    if (queue.length === 0 && each.handover !== null && !each.isFull) {
      const { accounts, legs, outcomes, locks } = each.from.rows.inSlots(each.slots);
      const all = [
        { accounts, legs: legs.slice(0, 3), outcomes: [], locks: [] },
        { accounts: [], legs: legs.slice(3), outcomes, locks },
      ];
      queue.push(...all.filter((rows) => countOf(rows) > 0));
      each.isFull = true;
    }
    const [rows] = queue;
    if (rows === undefined || attempt === 0) return;
    const stage = this.ask(to, { kind: 'import-rows', move, slots, attempt, part: parts, rows }, isHeard, 1);
    this.notice(each, stage);
    if (stage?.kind !== 'importing' || stage.attempt !== attempt || stage.parts <= parts) return;
    each.parts = stage.parts;
    queue.shift();
  }

  /** Some of what is there, before or behind the release. */
  private importSome(each: Move, arg: number, isHeard: boolean): void {
    const { accounts, legs, outcomes } = each.from.rows.inSlots(each.slots);
    const rows = {
      accounts: accounts.slice(arg % 2),
      legs: legs.filter((_, at) => at % 2 === arg % 2),
      outcomes: outcomes.filter((_, at) => at % 3 === arg % 3),
      locks: [],
    };
    if (each.queue.length === 0 && !each.isFull && countOf(rows) > 0) each.queue.push(rows);
    this.sendNext(each, isHeard);
  }

  private adopt(each: Move, isHeard: boolean, arg: number): void {
    this.notice(each, this.ask(each.to, this.adoption(each), isHeard, arg));
  }

  /** What a careless one would send: rows are missing, or older than the release. */
  private adoptIncomplete(each: Move): void {
    const arriving = each.to.ledger.meta().moves.arriving.find(({ move }) => move === each.move);
    const present2 = arriving?.attempt === each.attempt ? arriving : undefined;
    const expected = sumsOf(each);
    if (present2 === undefined || JSON.stringify(text(present2.sums)) === JSON.stringify(text(expected))) return;
    const stage = this.ask(each.to, { ...this.adoption(each), parts: present2.parts }, true, 1);
    invariant(stage?.kind === 'refused', 'what is not all there is not adopted', { stage: stage?.kind });
  }

  private adoption(each: Move): Extract<Instruction, { kind: 'adopt-slots' }> {
    const { move, slots, attempt, parts } = each;
    return { kind: 'adopt-slots', move, slots, attempt, parts, sums: sumsOf(each), handover: present(each.handover, 'handover') };
  }

  private end(each: Move): void {
    const { move, slots, from, to } = each;
    if (each.end === null) return;
    if (each.end === 'adopted') {
      const departing = from.ledger.meta().moves.departing.some((one) => one.move === move);
      if (departing) this.tell(from, { kind: 'confirm-release', move, slots, sums: sumsOf(each) });
      for (let at: number = slots.from; at <= slots.to; at += 1) this.places.set(at, to);
    } else this.tell(from, { kind: 'reclaim-slots', move, slots });
    this.moves.splice(this.moves.indexOf(each), 1);
  }

  private notice(each: Move, stage: MoveStage | null): void {
    if (stage?.kind === 'adopted' || stage?.kind === 'declined') each.end = stage.kind;
  }

  /** Somebody who is heard goes on with it, from what is in logs. */
  private finish(each: Move): void {
    each.handover = null;
    each.attempt = Math.max(each.attempt, each.to.ledger.meta().moves.arriving.find(({ move }) => move === each.move)?.attempt ?? 0);
    this.beginAt(each, true);
    for (let step = 0; step < MAX_FINISHING_STEPS && each.end === null; step += 1) {
      if (each.handover === null) this.release(each, true, 1);
      else if (isComplete(each)) this.adopt(each, true, 1);
      else this.sendNext(each, true);
      const stuck = each.to.ledger.meta().moves.arriving.every(({ move }) => move !== each.move);
      if (each.end === null && stuck) this.notice(each, this.ask(each.to, { kind: 'decline-import', move: each.move, slots: each.slots }, true, 1));
    }
    invariant(each.end !== null, 'a move comes to an end', { move: each.move });
    const { from, move } = each;
    this.end(each);
    const { departing } = from.ledger.meta().moves;
    invariant(
      departing.every((one) => one.move !== move),
      'whoever gave slots away hears how it ended',
      { move },
    );
  }

  /** Null: the answer does not arrive, or the request does not, yet. */
  private ask(bucket: TestBucket, instruction: Instruction, isHeard: boolean, arg: number): MoveStage | null {
    if (!isHeard && arg % 3 === 0) {
      this.delayed.push({ bucket, instruction });
      return null;
    }
    const stage = this.tell(bucket, instruction);
    return isHeard ? stage : null;
  }

  private deliverDelayed(arg: number): void {
    const [late] = this.delayed.splice(arg % Math.max(1, this.delayed.length), 1);
    if (late !== undefined) this.tell(late.bucket, late.instruction);
  }

  private tell(bucket: TestBucket, instruction: Instruction): MoveStage {
    const outcome = this.send(bucket, instruction);
    invariant(outcome.kind === 'move', 'what is told about a move is answered', { outcome: outcome.kind });
    this.seen.add(outcome.stage.kind === 'refused' ? outcome.stage.reason : outcome.stage.kind);
    return outcome.stage;
  }

  private checkOwners(): void {
    const owners = new Map<number, TestBucket>();
    for (const bucket of this.buckets.values()) {
      for (const { from, to } of bucket.ledger.slots) {
        for (let at: number = from; at <= to; at += 1) {
          invariant(!owners.has(at), 'a slot has one owner', { slot: at });
          owners.set(at, bucket);
        }
      }
      const { differences } = bucket.ledger.rev % 7 === 0 ? { differences: bucket.differences() } : { differences: [] };
      invariant(differences.length === 0, 'a bucket adds up while slots move', { differences: differences.join(' ') });
    }
  }
}

function sumsOf(each: Move): ReturnType<MovedSumming['sums']> {
  const summing = new MovedSumming();
  summing.rows(each.from.rows.inSlots(each.slots));
  return summing.sums();
}

function isComplete({ isFull, queue }: Move): boolean {
  return isFull && queue.length === 0;
}

function countOf({ accounts, legs, outcomes, locks }: MovedRows): number {
  return accounts.length + legs.length + outcomes.length + locks.length;
}

function text({ balances, openings, ...counts }: ReturnType<MovedSumming['sums']>): readonly unknown[] {
  return [counts, [...balances].map(String), [...openings].map(String)];
}
