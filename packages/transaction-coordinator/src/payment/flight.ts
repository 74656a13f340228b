/**
 * Payments that go the plain way (two-phase-commit/plain-way.ts) together, of one request or of many: one home, one other bucket or none.
 *
 *   board ─ until their entries leave for Redis; each with its own caller's token and deadline
 *   begin ─ one PENDING entry each, one look for locks
 *   prepare ─ PREPARE to the other bucket            (none: straight on)
 *   decide ─ DECIDE COMMIT to the home
 *   answer ─ the callers hear COMMITTED, COMMIT goes to the other bucket
 *   end ─ ACKNOWLEDGE to the home, the final entries
 *
 * Whoever's replies come together goes on together, in the very turn. Anything else than the plain answer, at any step, a deadline, or a
 * leg that is not told within a second makes a PaymentRun of that payment, from the state in which it is; the flight then only
 * passes on the reply that is still to come. So what a payment sends, hears and writes is what it would be if it went alone
 * (flight.property.test.ts). All rules are in the state machine; a flight knows one way through it.
 */
import {
  decideCommitOf,
  freshCommit,
  isTold,
  NO_PROMISES,
  prepareOf,
  promiseOf,
  type InstructionReply,
  type Promises,
  type RemoteLeg,
  type TransactionEvent,
  type TransactionPlan,
} from '@mas/two-phase-commit';
import { present, splitPaymentKey, type BucketId, type TxnId } from '@mas/values';
import { noFailpoints, type Failpoint } from '../failpoints';
import type { Beginning } from '../journal/journal';
import { beganEntry, committedEntry } from '../journal/plain-entries';
import type { ReplySink } from '../transport/bucket-channel';
import type { TransactionEntry } from '../txn-coordinator-dao';
import { FlightWatch } from './flight-watch';
import { passengerOf, transactionOf, type FlightPayment, type Journaled, type Passenger } from './passenger';
import { JOURNAL_GRACE_MS, PaymentRun } from './payment-run';
import type { RunServices } from './run-services';

export class Flight implements ReplySink, Beginning {
  private readonly passengers: Passenger[] = [];
  private readonly watch: FlightWatch;
  private isBoarding = true;
  private readonly isWithoutRedis: boolean;
  private journaled: Journaled | null = null;
  /** Heard since the last `settle`. */
  private promised: Passenger[] = [];
  private committed: Passenger[] = [];
  private told: Passenger[] = [];

  /** @param onFull called once, when nobody may board any more. */
  constructor(
    private readonly services: RunServices,
    private readonly home: BucketId,
    private readonly onFull: () => void,
  ) {
    this.isWithoutRedis = services.journal.isQuiet;
    this.watch = new FlightWatch(
      services.wheel,
      () => this.late(),
      () => this.slow(),
    );
  }

  /** Who comes when it is known that Redis is silent, or is not any more, goes with others of its kind: it must not wait for it, or look past it. */
  takesMore(): boolean {
    return this.isBoarding && this.isWithoutRedis === this.services.journal.isQuiet;
  }

  board(payment: FlightPayment): void {
    this.passengers.push(passengerOf(payment, this.passengers.length));
    if (this.passengers.length === this.services.config.maxFlightPayments) this.close();
    this.watch.boarded(this.lastBeginning(payment));
    this.hit('begin:before', payment.plan);
  }

  /** With the first one on board. */
  begin(payment: FlightPayment): void {
    this.board(payment);
    this.services.journal.beginAll(this);
  }

  get size(): number {
    return this.passengers.length;
  }

  entries(): readonly TransactionEntry[] {
    this.close();
    return this.passengers.map(({ payment }) => beganEntry(payment, this.services.config.coordinatorId));
  }

  addLockIds(lockIds: Set<string>): void {
    for (const { payment } of this.passengers) for (const { account } of payment.plan.body.legs) lockIds.add(account);
  }

  done(written: boolean, locked: ReadonlySet<string>): void {
    this.close();
    this.guarded(() => this.begun(written, locked));
  }

  replied(place: number, reply: InstructionReply): void {
    this.guarded(() => this.heard(present(this.passengers[place], 'payment of the flight'), reply));
  }

  /** What came together goes on together. */
  settle(): void {
    const { promised, committed, told } = this;
    if (promised.length + committed.length + told.length === 0) return;
    this.promised = [];
    this.committed = [];
    this.told = [];
    this.guarded(() => {
      const nowMs = this.nowMs();
      if (promised.length > 0) this.decide(promised, nowMs);
      for (const passenger of committed) this.answer(passenger, nowMs);
      for (const passenger of told) this.end(passenger, nowMs);
    });
  }

  private begun(written: boolean, locked: ReadonlySet<string>): void {
    this.hitAll('begin:after', this.passengers);
    const nowMs = this.nowMs();
    const free: Passenger[] = [];
    for (const passenger of this.passengers) {
      // The deadline has come meanwhile, or somebody holds one of its accounts.
      const foreign = locked.size === 0 ? NO_LOCKS : passenger.payment.plan.body.legs.flatMap(({ account }) => (locked.has(account) ? [account] : []));
      if (passenger.run === null && foreign.length === 0) free.push(passenger);
      else this.leave(passenger, { kind: 'journaled', nowMs, written, exclusivelyLocked: foreign });
    }
    this.journaled = { atMs: nowMs, written };
    const remote = free.filter(({ payment }) => payment.remote !== null);
    for (const passenger of remote) this.prepare(passenger, nowMs);
    if (remote.length < free.length)
      this.decide(
        free.filter(({ payment }) => payment.remote === null),
        nowMs,
      );
  }

  private prepare(passenger: Passenger, nowMs: number): void {
    const { link, config } = this.services;
    const { plan, remote, token } = passenger.payment;
    if (remote === null) return;
    passenger.stage = 'preparing';
    this.hit('prepare:before', plan);
    link.submitFor(this, passenger.place, remote.bucket, 'phase-1', prepareOf(plan, remote.account, NO_TXNS), token, nowMs + config.prepareTimeoutMs);
  }

  private decide(passengers: readonly Passenger[], nowMs: number): void {
    const { link, config } = this.services;
    for (const passenger of passengers) {
      const { plan, remote, token } = passenger.payment;
      passenger.stage = 'deciding';
      passenger.preparedMs = nowMs;
      this.hit('decide:before', plan);
      link.submitFor(
        this,
        passenger.place,
        this.home,
        'phase-2-commit',
        decideCommitOf(plan, remote === null ? NO_PROMISES : promisesOf(passenger, remote), NO_TXNS),
        token,
        nowMs + config.decideTimeoutMs,
      );
    }
  }

  private heard(passenger: Passenger, reply: InstructionReply): void {
    const { plan } = passenger.payment;
    switch (passenger.stage) {
      case 'preparing':
        this.hit('prepare:after', plan);
        passenger.promise = passenger.run === null ? promiseOf(reply) : null;
        if (passenger.promise !== null) this.promised.push(passenger);
        else this.leave(passenger, { kind: 'leg-replied', nowMs: this.nowMs(), account: present(passenger.payment.remote, 'remote leg').account, reply });
        return;
      case 'deciding':
        this.hit('decide:after', plan);
        passenger.record = passenger.run === null ? freshCommit(reply) : null;
        if (passenger.record !== null) this.committed.push(passenger);
        else this.leave(passenger, { kind: 'home-replied', nowMs: this.nowMs(), reply });
        return;
      case 'telling':
        this.hit('phase-2:after', plan);
        if (passenger.run === null && isTold(reply)) this.told.push(passenger);
        else this.leave(passenger, { kind: 'leg-told', nowMs: this.nowMs(), account: present(passenger.payment.remote, 'remote leg').account, reply });
        return;
      case 'beginning':
      case 'ended':
        // Nothing has been asked.
        return;
    }
  }

  private answer(passenger: Passenger, nowMs: number): void {
    const { plan, remote, onAnswer } = passenger.payment;
    const { decision, balances, untold } = present(passenger.record, 'record of a commit');
    passenger.decidedMs = nowMs;
    this.watch.decided();
    this.hit('reply:before', plan);
    onAnswer({ kind: 'recorded', fresh: true, outcome: { txn: plan.txn, body: plan.body, decision, balances, untold } });
    this.hit('reply:after', plan);
    if (remote === null) return this.end(passenger, nowMs);
    passenger.stage = 'telling';
    this.watch.tells(nowMs + JOURNAL_GRACE_MS);
    this.tell(passenger, remote, nowMs);
  }

  private tell(passenger: Passenger, remote: RemoteLeg, nowMs: number): void {
    const { link, config, counters } = this.services;
    const { plan } = passenger.payment;
    this.hit('phase-2:before', plan);
    if (
      link.submitBackgroundFor(
        this,
        passenger.place,
        remote.bucket,
        'phase-2-commit',
        { kind: 'commit', txn: plan.txn, account: remote.account, commitUs: commitTimeOf(passenger) },
        nowMs + config.tellTimeoutMs,
      )
    )
      return;
    counters.tellsDropped += 1;
    this.heard(passenger, { kind: 'unreachable', reason: 'too many legs wait to be told' });
  }

  private end(passenger: Passenger, nowMs: number): void {
    const { link, config, counters, journal, unfinished, logger } = this.services;
    const { plan, remote, onEnded } = passenger.payment;
    const record = present(passenger.record, 'record of a commit');
    if (passenger.stage === 'telling') this.watch.told();
    this.noteSteps(passenger, nowMs);
    passenger.stage = 'ended';
    if (remote !== null && record.untold.some(({ account }) => account === remote.account)) {
      const acknowledge = { kind: 'acknowledge', key: plan.key, txn: plan.txn, accounts: [remote.account] } as const;
      if (!link.submitBackgroundFor(NOBODY, 0, this.home, 'phase-2-commit', acknowledge, nowMs + config.tellTimeoutMs)) counters.tellsDropped += 1;
    }
    this.hit('end:before', plan);
    journal.record(
      committedEntry(
        passenger.payment,
        present(this.journaled, 'journaled'),
        present(passenger.preparedMs, 'time of the question'),
        passenger.decidedMs,
        nowMs,
        record,
        config.coordinatorId,
      ),
      false,
    );
    this.hit('end:after', plan);
    unfinished.ended(plan.txn);
    logger.debug({ paymentId: splitPaymentKey(plan.key).id, txn: plan.txn, end: 'committed', durationMs: nowMs - plan.startedAtMs }, 'payment ended');
    onEnded();
  }

  private noteSteps({ payment: { plan, remote }, preparedMs, decidedMs }: Passenger, nowMs: number): void {
    const { steps } = this.services.counters;
    const begunMs = present(this.journaled, 'journaled').atMs;
    steps.begin.add(begunMs - plan.startedAtMs);
    if (remote !== null) steps.prepare.add((preparedMs ?? begunMs) - begunMs);
    steps.decide.add(decidedMs - (preparedMs ?? begunMs));
    steps.answer.add(decidedMs - plan.startedAtMs);
    if (remote !== null) steps.tell.add(nowMs - decidedMs);
  }

  /** From here on the payment is a transaction of its own, which hears `event`. */
  private leave(passenger: Passenger, event: TransactionEvent): void {
    this.runOf(passenger).hear(event);
  }

  private runOf(passenger: Passenger): PaymentRun {
    if (passenger.run !== null) return passenger.run;
    const { token, deadlineMs, onAnswer, onEnded } = passenger.payment;
    const run = new PaymentRun(this.services, transactionOf(passenger, this.journaled), {
      token,
      deadlineMs,
      onAnswer,
      onEnded,
      lockDenied: null,
      holdsLocks: false,
    });
    passenger.run = run;
    if (passenger.stage === 'telling') this.watch.told();
    else this.watch.decided();
    run.resume(Math.max(0, passenger.decidedMs + JOURNAL_GRACE_MS - this.nowMs()));
    return run;
  }

  private close(): void {
    if (!this.isBoarding) return;
    this.isBoarding = false;
    this.onFull();
  }

  /** Its caller's deadline, but for what is kept of it: nothing begins after that. */
  private lastBeginning({ deadlineMs }: FlightPayment): number {
    return deadlineMs - this.services.config.deadlineReserveMs;
  }

  /** Of those that still wait for a decision, each whose time has come goes on alone, with what is left of it. */
  private late(): void {
    this.guarded(() => {
      const nowMs = this.nowMs();
      let nextMs = Number.POSITIVE_INFINITY;
      for (const passenger of this.passengers) {
        if (passenger.run !== null || passenger.stage === 'telling' || passenger.stage === 'ended') continue;
        const atMs = this.lastBeginning(passenger.payment);
        if (atMs <= nowMs) this.runOf(passenger);
        else nextMs = Math.min(nextMs, atMs);
      }
      if (nextMs < Number.POSITIVE_INFINITY) this.watch.until(nextMs);
    });
  }

  /** Legs are not told yet: their payments show as decided now, and are told one by one. */
  private slow(): void {
    this.guarded(() => {
      for (const passenger of this.passengers) if (passenger.stage === 'telling') this.runOf(passenger);
    });
  }

  private hitAll(point: Failpoint, passengers: readonly Passenger[]): void {
    if (this.services.failpoints === noFailpoints) return;
    for (const { payment } of passengers) this.hit(point, payment.plan);
  }

  private hit(point: Failpoint, plan: TransactionPlan): void {
    if (this.services.failpoints === noFailpoints) return;
    this.services.failpoints.hit(point, { paymentId: splitPaymentKey(plan.key).id, txn: plan.txn });
  }

  private nowMs(): number {
    return this.services.clock.monotonicMs();
  }

  /** A defect of ours stops the process, as one of a PaymentRun does. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.services.logger.error({ err: error, txn: this.passengers[0]?.payment.plan.txn }, 'driving payments failed');
      this.services.clock.defer(() => {
        throw error;
      });
    }
  }
}

function promisesOf({ promise }: Passenger, remote: RemoteLeg): Promises {
  return { remotePrepared: [remote.account], notBeforeUs: promise?.leg.preparedUs ?? null };
}

function commitTimeOf({ record }: Passenger): number | null {
  return record?.decision.kind === 'committed' ? record.decision.commitUs : null;
}

const NO_TXNS: readonly TxnId[] = [];
const NO_LOCKS: readonly string[] = [];

/** No event follows an ACKNOWLEDGE. */
const NOBODY: ReplySink = { replied: () => undefined, settle: () => undefined };
