/**
 * The leader of a bucket brings slots to their next owner, as the meta group orders, while both buckets pay (docs/adr/0029). What it remembers is disposable:
 * whoever leads next goes on with what the bucket's own meta row says is departing, under a new attempt. One move at a time.
 *
 * Its rules: RECLAIM follows the next owner's word that it has declined, CONFIRM its word that it has adopted, and nothing else; a move ends for the meta group
 * once it has ended in both logs.
 */
import { SLOTS_MOVE_SINCE, type Departure, type MovedSums, type MoveStage, type SlotMoves } from '@mas/ledger';
import type { SlotsMove } from '@mas/placement';
import type { MoveStatus } from '@mas/two-phase-commit';
import { slot, unreachable, type BucketId, overlap } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { BucketExchange } from '../homes/exchange';
import { ImportLink } from '../moves/import-link';
import { ImportSender } from '../moves/import-sender';
import { MovesProgress, type MoveNumbers } from '../moves/move-progress';
import { sumsInTables } from '../moves/slots-copy';
import { SlotsTransfer } from '../moves/slots-transfer';
import { CALLED_OFF, textOf, TOO_LONG, type Standing, type TransferEnd } from '../moves/transfer-end';
import type { Proposer } from '../propose/proposer';
import { Attempts } from './attempts';

/** What the meta group wants moved. Port. */
export interface OrderedMoves {
  /** By this bucket; none of them is known to be over. */
  from(bucket: BucketId): readonly SlotsMove[];
  /** No move begins, and what is copied is given up; slots that were released go on. */
  isPaused(): boolean;
  /** It is over in both logs. Told again for as long as it is among those that are ordered. */
  ended(move: number, end: 'adopted' | 'declined'): Promise<void>;
}

/** Attempts of one term; terms times this many are no attempt of any other leader's. */
const ATTEMPTS_PER_TERM = 2 ** 20;

/** How far a move is by the bucket's own log. */
type Progress = { readonly kind: 'here' | 'reclaimed' | 'confirmed' | 'overtaken' } | { readonly kind: 'departing'; readonly departure: Departure };

export class MoveCarrier {
  private isBusy = false;
  private saidLast = '';
  private term = 0;
  private attemptsOfTerm = 0;
  private readonly attempts: Attempts<number>;
  /** Since when this process knows that slots have no owner, by move; monotonic. */
  private readonly departingSinceMs = new Map<number, number>();
  private readonly progress: MovesProgress;

  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
    private readonly exchange: BucketExchange,
    private readonly orders: OrderedMoves,
    private readonly context: ReplicaContext,
  ) {
    this.progress = new MovesProgress(context.clock);
    this.attempts = new Attempts(context.clock, context.config.driverRetryMs, context.config.driverRetryMaxMs);
  }

  /** Of what is carried out here, or is to be. */
  statuses(): readonly MoveStatus[] {
    return this.applier.isLeading() ? this.progress.statuses((move) => this.blockedMs(move)) : [];
  }

  numbers(): MoveNumbers {
    return this.progress.numbers(this.statuses());
  }

  tick(): readonly Promise<void>[] {
    const { ledger } = this.applier.state();
    if (this.isBusy || ledger.semanticsVersion < SLOTS_MOVE_SINCE) return [];
    const { departing } = ledger.moves;
    const underWay = this.underWay(departing);
    this.remember(departing, underWay);
    this.progress.keep(underWay);
    // Whoever waits for slots without an owner waits for this.
    const due = underWay.find(({ number }) => this.attempts.due(number) || this.isInTime(number, departing));
    return due === undefined ? [] : [this.carry(due)];
  }

  /** First what has no owner. */
  private underWay(departing: readonly Departure[]): readonly SlotsMove[] {
    const { bucket } = this.applier;
    const ordered = this.orders.from(bucket);
    const leaving = departing.map(
      ({ move, slots, to }): SlotsMove => ordered.find(({ number }) => number === move) ?? { number: move, slots, from: bucket, to, calledOff: false },
    );
    return [...leaving, ...ordered.filter(({ number }) => !departing.some(({ move }) => move === number)).sort((a, b) => a.number - b.number)];
  }

  private remember(departing: readonly Departure[], underWay: readonly SlotsMove[]): void {
    this.attempts.prune(new Set(underWay.map(({ number }) => number)));
    for (const number of this.departingSinceMs.keys()) if (!departing.some(({ move }) => move === number)) this.departingSinceMs.delete(number);
    for (const { move } of departing) this.sinceMs(move);
  }

  private isInTime(number: number, departing: readonly Departure[]): boolean {
    return departing.some(({ move }) => move === number) && this.context.clock.monotonicMs() < this.adoptedUntilMs(number);
  }

  private adoptedUntilMs(move: number): number {
    return this.sinceMs(move) + this.context.config.moveBlockedMs;
  }

  private sinceMs(move: number): number {
    const nowMs = this.context.clock.monotonicMs();
    const sinceMs = this.departingSinceMs.get(move) ?? nowMs;
    this.departingSinceMs.set(move, sinceMs);
    return sinceMs;
  }

  /** Null: the slots have their owner. */
  private blockedMs(move: number): number | null {
    const sinceMs = this.departingSinceMs.get(move);
    return sinceMs === undefined ? null : this.context.clock.monotonicMs() - sinceMs;
  }

  private async carry(move: SlotsMove): Promise<void> {
    this.isBusy = true;
    this.attempts.made(move.number);
    try {
      await this.context.failpoints.hit('before-carry', this.applier.bucket);
      await this.goOn(move);
    } finally {
      this.isBusy = false;
    }
  }

  private async goOn(move: SlotsMove): Promise<void> {
    const progress = progressOf(move, this.applier.state().ledger.moves, this.ownsAll(move));
    switch (progress.kind) {
      case 'confirmed':
        return this.orders.ended(move.number, 'adopted');
      case 'reclaimed':
        return this.orders.ended(move.number, 'declined');
      case 'overtaken':
        return this.sayOnce('error', move, 'a move of slots is ordered that a later one has overtaken here: nothing is done for it', {});
      case 'here':
        if (move.calledOff) return this.callOff(move, CALLED_OFF);
        if (this.orders.isPaused()) return this.progress.of(move).rests();
        return this.ownsAll(move)
          ? this.bring(move, null)
          : this.sayOnce('error', move, 'slots are ordered away that this bucket does not own: nothing is done for it', {});
      case 'departing':
        if (move.calledOff) return this.callOff(move, CALLED_OFF);
        return this.context.clock.monotonicMs() < this.adoptedUntilMs(move.number) ? this.bring(move, progress.departure) : this.callOff(move, TOO_LONG);
      default:
        return unreachable(progress, 'progress of a move');
    }
  }

  /** @param departure null: the bucket has the slots */
  private async bring(move: SlotsMove, departure: Departure | null): Promise<void> {
    const { applier, proposer, context } = this;
    const term = context.host.leadership(applier.bucket)?.term ?? 0;
    const link = new ImportLink(this.exchange, move, this.nextAttempt(term));
    const progress = this.progress.of(move);
    progress.begins();
    const sender = new ImportSender(context, move, link, () => this.standingOf(move.number, term), progress);
    const transfer = new SlotsTransfer({ applier, proposer, context }, move, sender, progress);
    this.say('debug', move, 'slots are copied to another bucket', { attempt: link.attempt, isReleased: departure !== null });
    const end = await (departure === null ? transfer.fromOwner() : transfer.fromReleased(departure.handover, this.adoptedUntilMs(move.number)));
    if (transfer.blockedMs !== null) this.departingSinceMs.set(move.number, context.clock.monotonicMs() - transfer.blockedMs);
    await this.conclude(move, end, { attempt: link.attempt, parts: link.parts, blockedMs: transfer.blockedMs });
  }

  private async conclude(move: SlotsMove, end: TransferEnd, facts: object): Promise<void> {
    switch (end.kind) {
      case 'adopted':
        this.say('info', move, 'slots have a new owner', facts);
        return this.confirm(move, end.sums);
      case 'declined':
        return this.reclaim(move);
      case 'call-off':
        return this.callOff(move, end.why);
      case 'left':
        this.progress.of(move).waits(end.why);
        return this.sayOnce('info', move, 'slots could not be brought to another bucket yet', { why: end.why });
      default:
        return unreachable(end, 'end of a transfer');
    }
  }

  /** The next owner's log says whether it comes too late. */
  private async callOff(move: SlotsMove, why: string): Promise<void> {
    this.sayOnce('warn', move, 'a move of slots is called off', { why });
    const link = new ImportLink(this.exchange, move, 1);
    const stage = await link.decline();
    if (stage?.kind === 'declined') return this.reclaim(move);
    if (stage?.kind === 'adopted') return this.confirm(move, null);
    this.progress.of(move).waits(stage === null ? link.silence : textOf(stage));
    this.sayOnce('warn', move, 'whether slots stay could not be found out yet', { why: stage === null ? link.silence : textOf(stage) });
  }

  private async reclaim(move: SlotsMove): Promise<void> {
    const stage = await this.propose({ kind: 'reclaim-slots', move: move.number, slots: move.slots });
    // It never had all of them, so there is nothing to take back; and nobody takes them over by this move.
    const isNothing = stage?.kind === 'refused' && stage.reason === 'NOT_OWNED';
    if (stage?.kind !== 'reclaimed' && !isNothing) return this.sayOnce('warn', move, 'slots that stay are not taken back yet', { stage });
    this.progress.over('declined', this.blockedMs(move.number));
    this.say('info', move, 'slots stay where they are');
    return this.orders.ended(move.number, 'declined');
  }

  /** @param known null: they are added up */
  private async confirm(move: SlotsMove, known: MovedSums | null): Promise<void> {
    const sums = known ?? (await sumsInTables(this.applier, this.context, move.slots)).ofCopy();
    const stage = await this.propose({ kind: 'confirm-release', move: move.number, slots: move.slots, sums });
    if (stage?.kind !== 'confirmed') return this.sayOnce('warn', move, 'rows of slots that have a new owner are not dropped yet', { stage });
    this.progress.over('adopted', this.blockedMs(move.number));
    this.say('info', move, 'slots have moved to another bucket', { accounts: sums.accounts, legs: sums.legs, outcomes: sums.outcomes });
    return this.orders.ended(move.number, 'adopted');
  }

  /** Null: what has become of it is not known, or nothing; the bucket's meta row says it at the next look. */
  private async propose(instruction: Parameters<Proposer['submit']>[0][number]): Promise<MoveStage | null> {
    const [fate] = await this.proposer.submit([instruction]);
    return fate?.kind === 'applied' && fate.outcome.kind === 'move' ? fate.outcome.stage : null;
  }

  private standingOf(number: number, term: number): Standing {
    if (!this.applier.isLeading() || this.proposer.isStopping || this.context.host.leadership(this.applier.bucket)?.term !== term) return 'left';
    const order = this.orders.from(this.applier.bucket).find((each) => each.number === number);
    if (order?.calledOff === true) return 'called-off';
    const isOrdered = order !== undefined && !this.orders.isPaused();
    return isOrdered || this.applier.state().ledger.moves.departing.some(({ move }) => move === number) ? 'goes-on' : 'left';
  }

  private nextAttempt(term: number): number {
    this.attemptsOfTerm = this.term === term ? this.attemptsOfTerm + 1 : 1;
    this.term = term;
    // A million of them, with the waits between, take weeks: the last one is told again then, and refused.
    return term * ATTEMPTS_PER_TERM + Math.min(this.attemptsOfTerm, ATTEMPTS_PER_TERM - 1);
  }

  private ownsAll({ slots: { from, to } }: SlotsMove): boolean {
    const { ledger } = this.applier.state();
    for (let at: number = from; at <= to; at += 1) if (!ledger.ownsSlot(slot(at))) return false;
    return true;
  }

  /** Not at every attempt. */
  private sayOnce(level: 'info' | 'warn' | 'error', move: SlotsMove, message: string, facts: object): void {
    const said = JSON.stringify([move.number, message, facts]);
    if (said !== this.saidLast) this.say(level, move, message, facts);
    this.saidLast = said;
  }

  private say(level: 'debug' | 'info' | 'warn' | 'error', { number, slots, to }: SlotsMove, message: string, facts: object = {}): void {
    this.context.logger[level]({ bucket: this.applier.bucket, move: number, fromSlot: slots.from, toSlot: slots.to, to, ...facts }, message);
  }
}

function progressOf({ number, slots }: SlotsMove, { departing, moved }: SlotMoves, isOwned: boolean): Progress {
  const departure = departing.find(({ move }) => move === number);
  if (departure !== undefined) return { kind: 'departing', departure };
  const within = moved.filter((range) => overlap(range, slots));
  if (within.some(({ move }) => move > number)) return { kind: 'overtaken' };
  const isOver = within.some(({ from, to, move }) => move === number && from <= slots.from && slots.to <= to);
  if (!isOver) return { kind: 'here' };
  return { kind: isOwned ? 'reclaimed' : 'confirmed' };
}
