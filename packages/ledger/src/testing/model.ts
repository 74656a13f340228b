/**
 * Payments over three buckets under an adversary: coordinators that stop anywhere, messages that come twice, late or
 * never, clocks that jump over expiries, locks and freezes in between, restarts. The adversary's choices are a list of
 * numbers, so a failing history shrinks. It keeps the one rule of phase 2 (COMMIT and ROLLBACK follow a recorded
 * decision) and nothing else.
 */
import { invariant, type AccountNumber, type PaymentKey } from '@mas/values';
import type { Instruction, LegRow, Outcome, OutcomeRow } from '../index';
import {
  acknowledgeMany,
  change,
  commit,
  commitMany,
  create,
  decideAbort,
  decideCommit,
  lock,
  prepare,
  resolve,
  rollback,
  SLOTS_PER_LETTER,
  unlock,
  type Payment,
} from './builders';
import { checkMoment, checkQuiet, checkStep } from './model-checks';
import { ACCOUNTS_PER_BUCKET, LETTERS, newPayment, numberOf, paymentOn } from './model-payments';
import { TestBucket } from './test-bucket';

const OPENING_MINOR = 100n;
/** Resolution and delivery end in far fewer rounds; more is a livelock. */
const MAX_QUIET_ROUNDS = 10;

export class Model {
  readonly buckets = new Map<string, TestBucket>();
  readonly payments: Payment[] = [];
  /** What each home has recorded first; it must never change. */
  readonly decisions = new Map<PaymentKey, string>();
  protected readonly sent: { readonly bucket: TestBucket; readonly instruction: Instruction }[] = [];
  protected readonly doSlotsMove: boolean = false;
  /** The moments of promises that were answered: by `txn account`. */
  private readonly promised = new Map<string, number>();
  private changes = 0;

  constructor() {
    for (const letter of LETTERS) {
      const bucket = new TestBucket(letter);
      for (let i = 0; i < ACCOUNTS_PER_BUCKET; i += 1) bucket.run(create(`${letter}${i}`, OPENING_MINOR, i === 0 ? { minimumMinor: 30n } : {}));
      this.buckets.set(letter, bucket);
    }
  }

  /** Plays the adversary's choices, then lets the participants finish, and checks what must hold then. */
  play(choices: readonly number[]): void {
    for (const choice of choices) {
      this.step(choice >>> 0);
      checkStep(this);
    }
    this.quiesce();
    checkQuiet(this);
  }

  bucketOf(account: string): TestBucket {
    const bucket = this.buckets.get(account.charAt(0));
    invariant(bucket !== undefined, 'a bucket per letter', { account });
    return bucket;
  }

  homeOf(p: Payment): TestBucket {
    return this.bucketOf(String.fromCharCode(0x61 + Math.floor(p.homeSlot / SLOTS_PER_LETTER)));
  }

  protected step(choice: number): void {
    const arg = Math.floor(choice / 16);
    const p = this.payments[arg % Math.max(1, this.payments.length)];
    switch (choice % 16) {
      case 0:
      case 1:
        return this.begin(arg);
      case 2:
        return this.beginOnReference(arg);
      case 3:
      case 4:
      case 5:
        return p === undefined ? undefined : this.prepareLeg(p, Math.floor(arg / 7));
      case 6:
      case 7:
        return p === undefined ? undefined : this.decide(p);
      case 8:
        if (p === undefined) return;
        return arg % 3 === 0 ? void this.send(this.homeOf(p), decideAbort(p)) : this.forge(p, arg);
      case 9:
        return this.resolveOne(arg);
      case 10:
        return this.deliverOne(arg);
      case 11:
        return arg % 2 === 0 ? this.deliverOne(arg) : this.deliverTogether(arg);
      case 12:
        return this.redeliver(arg);
      case 13:
        return this.expireOne(arg);
      case 14:
        return this.lockOrChange(arg);
      default:
        return this.passTime(arg);
    }
  }

  private begin(arg: number): void {
    const earlier = this.payments[arg % Math.max(1, this.payments.length)];
    this.payments.push(newPayment(this.payments.length + 1, arg, this.stampMs(), earlier));
  }

  /** Capture, void or refund of an earlier payment, mostly of a committed one. */
  private beginOnReference(arg: number): void {
    const committed = this.payments.filter((each) => this.decisions.get(each.key) === `${each.txn} committed`);
    const pool = arg % 4 === 0 ? this.payments : committed;
    const original = pool[arg % Math.max(1, pool.length)];
    const begun = original === undefined ? null : paymentOn(original, this.payments.length + 1, arg);
    if (begun !== null) this.payments.push(begun);
  }

  private prepareLeg(p: Payment, arg: number): void {
    const remote = this.remoteLegs(p);
    // Legs at home too: an earlier attempt may have met the slot in another bucket.
    const legs = arg % 4 === 0 || remote.length === 0 ? p.body.legs.map((each) => each.account) : remote;
    const account = legs[Math.floor(arg / 4) % legs.length];
    if (account === undefined) return;
    const outcome = this.send(this.bucketOf(account), prepare(p, account));
    if (outcome.kind === 'prepared') this.notePromise(`${p.txn} ${account}`, outcome.leg);
    if (outcome.kind === 'wait') this.send(this.bucketOf(account), prepare(p, account, { undecided: outcome.undecided.map((each) => each.txn) }));
  }

  private notePromise(leg: string, { preparedUs }: LegRow): void {
    invariant(preparedUs !== null && (this.promised.get(leg) ?? preparedUs) === preparedUs, 'a promise has one moment, however often it is asked for', { leg });
    this.promised.set(leg, preparedUs);
  }

  private decide(p: Payment): void {
    const prepared = this.remoteLegs(p).filter((account) => this.promised.has(`${p.txn} ${account}`));
    const notBeforeUs = prepared.length === 0 ? null : Math.max(...prepared.map((account) => this.promised.get(`${p.txn} ${account}`) ?? 0));
    const home = this.homeOf(p);
    if (prepared.length < this.remoteLegs(p).length) {
      // What a careless coordinator would send must not decide anything either.
      const outcome = this.send(home, decideCommit(p, prepared, { notBeforeUs }));
      invariant(outcome.kind !== 'decided' || !outcome.fresh || outcome.outcome.decision.kind === 'aborted', 'nothing commits with a leg missing', {
        txn: p.txn,
      });
      return;
    }
    const outcome = this.send(home, decideCommit(p, prepared, { notBeforeUs }));
    if (outcome.kind === 'wait') this.send(home, decideCommit(p, prepared, { notBeforeUs, undecided: outcome.undecided.map((each) => each.txn) }));
  }

  /** Phase 2 against the protocol: raises an alarm and changes nothing. */
  private forge(p: Payment, arg: number): void {
    const account = p.body.legs[arg % p.body.legs.length]?.account;
    invariant(account !== undefined, 'a body has legs');
    const bucket = this.bucketOf(account);
    const state = bucket.leg(account, p.txn)?.state;
    if (state === 'prepared' || !bucket.ledger.isLocal(account)) return;
    const outcome = bucket.repeat(state === 'committed' ? rollback(p, account) : commit(p, account));
    invariant(outcome.kind === 'alarm', 'phase 2 without a promise, or against what was decided, raises an alarm', { outcome: outcome.kind, state });
    if (state === 'committed') return;
    const among = bucket.repeat(
      commitMany([
        { txn: p.txn, account, commitUs: null },
        { txn: p.txn, account, commitUs: null },
      ]),
    );
    invariant(among.kind === 'each' && among.outcomes.every(({ kind }) => kind === 'alarm'), 'it raises one among many, too', { outcome: among.kind });
  }

  private resolveOne(arg: number): void {
    const prepared = this.prepared();
    const row = prepared[arg % Math.max(1, prepared.length)];
    if (row !== undefined) this.resolveLeg(row, arg % 2 === 0);
  }

  /** A participant asks the home of a prepared leg; the answer may get lost. */
  private resolveLeg(row: LegRow, answerArrives: boolean): void {
    const p = this.paymentOf(row);
    const outcome = this.send(this.homeOf(p), resolve(p));
    if (!answerArrives || (outcome.kind === 'wrong-bucket' && this.doSlotsMove)) return;
    const decision = outcome.kind === 'decided' ? outcome.outcome.decision : null;
    invariant(outcome.kind === 'decided' || outcome.kind === 'conflict', 'a home always answers', { kind: outcome.kind });
    this.send(this.bucketOf(row.account), decision?.kind === 'committed' ? commit(p, row.account, decision.commitUs) : rollback(p, row.account));
  }

  private deliverOne(arg: number): void {
    const undelivered = [...this.buckets.values()].flatMap((bucket) => sortedByKey(bucket.ledger.undelivered()));
    const outcome = undelivered[arg % Math.max(1, undelivered.length)];
    if (outcome !== undefined) this.deliver(outcome, arg % 3 !== 0);
  }

  private deliver(outcome: OutcomeRow, ackArrives: boolean): void {
    const p = this.payments.find((each) => each.txn === outcome.txn);
    invariant(p !== undefined, 'a recorded payment was begun');
    for (const { account } of outcome.untold) {
      const { decision } = outcome;
      const told = this.send(
        this.bucketOf(account),
        decision.kind === 'committed' ? commit(p, account, decision.commitUs) : rollback(p, account, decision.reason),
      );
      if (ackArrives && told.kind === 'leg-ended') this.send(this.homeOf(p), { kind: 'acknowledge', key: outcome.key, txn: outcome.txn, accounts: [account] });
    }
  }

  /** What one home has decided to commit and one bucket has not been told, in one instruction; and what is told, in another. */
  private deliverTogether(arg: number): void {
    const home = this.bucketOf(numberOf(arg));
    const bucket = this.bucketOf(numberOf(Math.floor(arg / 8)));
    const legs = sortedByKey(home.ledger.undelivered()).flatMap(({ key, txn, decision, untold }) =>
      decision.kind === 'committed'
        ? untold
            .filter(({ account }) => this.bucketOf(account) === bucket && bucket.ledger.isLocal(account))
            .map(({ account }) => ({ key, txn, accounts: [account] as const, commitUs: decision.commitUs }))
        : [],
    );
    if (legs.length < 2) return;
    this.send(bucket, commitMany(legs.map(({ txn, accounts: [account], commitUs }) => ({ txn, account, commitUs }))));
    for (const {
      txn,
      accounts: [account],
    } of legs)
      invariant(bucket.leg(account, txn)?.state === 'committed', 'each of many is told', { txn, account });
    if (arg % 3 !== 0) this.send(home, acknowledgeMany(legs));
  }

  private redeliver(arg: number): void {
    const late = this.sent[arg % Math.max(1, this.sent.length)];
    if (late !== undefined) this.send(late.bucket, late.instruction);
  }

  private expireOne(arg: number): void {
    const bucket = this.bucketOf(numberOf(arg));
    const open = [...bucket.ledger.openAuthorizations()].sort((a, b) => a.seq - b.seq);
    const row = open[arg % Math.max(1, open.length)];
    if (row !== undefined) this.send(bucket, { kind: 'expire', account: row.account, txn: row.txn });
  }

  private lockOrChange(arg: number): void {
    const number = numberOf(arg);
    const bucket = this.bucketOf(number);
    this.changes += 1;
    switch (Math.floor(arg / 9) % 5) {
      case 0:
        return void this.send(bucket, lock(number, `owner-${arg % 2}`, 40));
      case 1:
        return void this.send(bucket, unlock(number, `owner-${arg % 2}`));
      case 2:
        return void this.send(bucket, change(0xf000 + this.changes, number, { kind: 'freeze' }));
      case 3:
        return void this.send(bucket, change(0xf000 + this.changes, number, { kind: 'unfreeze' }));
      default:
        return bucket.restart();
    }
  }

  /** Each bucket's clock goes at its own pace. */
  private passTime(arg: number): void {
    let ofBucket = arg;
    for (const bucket of this.buckets.values()) {
      bucket.stampMs += ofBucket % 100;
      ofBucket = Math.floor(ofBucket / 7);
    }
  }

  protected send(bucket: TestBucket, instruction: Instruction): Outcome {
    const beforeUs = bucket.ledger.momentUs;
    const outcome = bucket.run(instruction);
    checkMoment(bucket, beforeUs, instruction);
    this.sent.push({ bucket, instruction });
    invariant(outcome.kind !== 'each', 'each of many ends as it should while everyone keeps the protocol', { instruction: instruction.kind });
    invariant(outcome.kind !== 'alarm', 'no alarm while everyone keeps the protocol', {
      alarm: outcome.kind === 'alarm' ? outcome.alarm.name : '',
      instruction: instruction.kind,
    });
    this.noteDecision(outcome, bucket);
    // At least once: whatever it did, doing it again at once changes nothing.
    const again = bucket.repeat(instruction);
    invariant(again.kind === outcome.kind || instruction.kind === 'release-lock', 'a repetition is answered alike', {
      first: outcome.kind,
      again: again.kind,
      instruction: instruction.kind,
    });
    return outcome;
  }

  private noteDecision(outcome: Outcome, home: TestBucket): void {
    if (outcome.kind !== 'decided') return;
    const { key: ofKey, txn, decision } = outcome.outcome;
    for (const row of home.ledger.preparedLegs())
      invariant(!outcome.fresh || row.txn !== txn, 'a decision ends the legs at home', { txn, account: row.account });
    const said = `${txn} ${decision.kind}`;
    const first = this.decisions.get(ofKey);
    invariant(first === undefined || first === said, 'a decision never flips', { first, said });
    this.decisions.set(ofKey, said);
  }

  protected quiesce(): void {
    for (let round = 0; round < MAX_QUIET_ROUNDS; round += 1) {
      const prepared = this.prepared();
      const undelivered = [...this.buckets.values()].flatMap((bucket) => sortedByKey(bucket.ledger.undelivered()));
      if (prepared.length === 0 && undelivered.length === 0) return;
      for (const outcome of undelivered) this.deliver(outcome, true);
      for (const row of this.prepared()) this.resolveLeg(row, true);
    }
    invariant(false, 'everything ends');
  }

  private prepared(): readonly LegRow[] {
    return [...this.buckets.values()].flatMap((bucket) => [...bucket.ledger.preparedLegs()].sort((a, b) => a.seq - b.seq));
  }

  private paymentOf(row: LegRow): Payment {
    const p = this.payments.find((each) => each.txn === row.txn);
    invariant(p !== undefined, 'a leg belongs to a payment');
    return p;
  }

  protected remoteLegs(p: Payment): readonly AccountNumber[] {
    return p.body.legs.map((each) => each.account).filter((account) => this.bucketOf(account) !== this.homeOf(p));
  }

  /** Decided and committed by one entry. */
  isAtHome(account: AccountNumber, p: Payment): boolean {
    return this.bucketOf(account) === this.homeOf(p);
  }

  private stampMs(): number {
    return this.bucketOf('a').stampMs;
  }
}

function sortedByKey(outcomes: Iterable<OutcomeRow>): readonly OutcomeRow[] {
  return [...outcomes].sort((a, b) => (a.key < b.key ? -1 : 1));
}
