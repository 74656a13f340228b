/**
 * Global transactions over real ledgers, with the world at its worst: messages overtake each other, are lost before or
 * after they took effect, arrive again and late; timeouts, deadlines and crashed coordinators; callers that retry,
 * also with another body; participants that resolve by themselves; slots that move from bucket to bucket, and maps that follow late. At the end
 * everything is delivered, and the books must agree.
 */
import { PaymentBody, type Instruction, type OutcomeRow, type Subject } from '@mas/ledger';
import { genesisPlacement, homeSlotOfKey, PlacementIndex, slotOfAccount } from '@mas/placement';
import { accountNumber, currency, paymentKey, rmId, txnId, type AccountNumber, type BucketId, type PaymentKey, type Slot } from '@mas/values';
import {
  advance,
  globalTransaction,
  type GlobalTransaction,
  type InstructionReply,
  type Placing,
  type TransactionAnswer,
  type TransactionEffect,
  type TransactionEvent,
  type TransactionPlan,
} from '../index';
import type { Choices } from './choices';
import { ModelBucket, STAMP_MS } from './model-bucket';
import { movedTo, stepsOf } from './slot-move';

export const USD = currency('USD');
export const OPERATOR: Subject = { kind: 'operator', name: 'mas|ops' };
const BUCKETS = 3;
/** So far are the clocks of one bucket and the next. */
const APART_MS = 60_000;

export class Machine {
  readonly answers: TransactionAnswer[] = [];
  ended = false;
  crashed = false;
  lateness = 0;

  constructor(public txn: GlobalTransaction) {}
}

interface Message {
  readonly what: string;
  readonly deliver: () => void;
}

export class World {
  placement: PlacementIndex;
  readonly buckets = new Map<BucketId, ModelBucket>();
  readonly machines: Machine[] = [];
  readonly log: string[] = [];
  nowMs = 0;
  private messages: Message[] = [];
  private nextTxn = 1;
  private moves = 0;
  private readonly moving = new Set<Slot>();

  constructor(private readonly choices: Choices) {
    this.placement = new PlacementIndex(genesisPlacement([{ rm: rmId(1), address: 'one:1' }], BUCKETS, 1));
    for (const { bucket } of this.placement.map.buckets)
      this.buckets.set(bucket, new ModelBucket(bucket, this.placement, () => STAMP_MS + this.nowMs + bucket * APART_MS));
  }

  open(number: string, balanceMinor: bigint): AccountNumber {
    const account = accountNumber(number);
    const key = paymentKey('mas|ops', `create-${number}`);
    const outcome = this.bucketOf(slotOfAccount(account)).run({
      kind: 'create-account',
      key,
      txn: this.mintTxn(),
      number: account,
      currency: USD,
      openingBalanceMinor: balanceMinor,
      minimumMinor: null,
      owner: number,
      subject: OPERATOR,
      checkOnly: false,
    });
    if (outcome.kind !== 'account') throw new Error(`account ${number} could not be created: ${outcome.kind}`);
    return account;
  }

  freeze(account: AccountNumber): void {
    const change = { kind: 'freeze' } as const;
    this.bucketOf(slotOfAccount(account)).run({
      kind: 'change-account',
      key: paymentKey('mas|ops', `{${account}}freeze`),
      txn: this.mintTxn(),
      number: account,
      change,
      subject: OPERATOR,
      lockToken: null,
      undecided: [],
    });
  }

  lock(account: AccountNumber, ttlMs: number): void {
    this.bucketOf(slotOfAccount(account)).run({
      kind: 'acquire-lock',
      slot: slotOfAccount(account),
      lockId: account,
      owner: 'auditor',
      mode: 'exclusive',
      ttlMs,
      subject: OPERATOR,
    });
  }

  plan(key: PaymentKey, body: PaymentBody): TransactionPlan {
    return {
      txn: this.mintTxn(),
      key,
      homeSlot: homeSlotOfKey(key),
      body,
      subject: OPERATOR,
      lockTokens: [],
      createdAtMs: STAMP_MS + this.nowMs,
      startedAtMs: this.nowMs,
      limits: { lockedRetryMs: 2_000, retryMinMs: 10, retryMaxMs: 200, movedRetryMs: 30_000 },
    };
  }

  /** Also how a caller retries: the same plan on another coordinator. */
  begin(plan: TransactionPlan): Machine {
    const machine = new Machine(globalTransaction(plan, this.placingOf(plan)));
    this.machines.push(machine);
    this.dispatch(machine, { kind: 'begin', nowMs: this.nowMs });
    return machine;
  }

  /** One thing happens. False: nothing is left to happen. */
  step(): boolean {
    this.nowMs += 1 + this.choices.below(40);
    if (this.choices.chance(12)) this.misfortune();
    const at = this.choices.below(this.messages.length);
    const message = this.messages[at];
    if (message === undefined) return false;
    this.messages.splice(at, 1);
    this.log.push(`${this.nowMs} ${message.what}`);
    message.deliver();
    return true;
  }

  /** No more faults: everything is delivered, then participants resolve and homes deliver until nothing is open. */
  settle(): void {
    for (let round = 0; round < 50; round += 1) {
      for (let steps = 0; steps < 20_000 && this.step(); steps += 1);
      if (!this.resolveOnce()) return;
    }
    throw new Error('the world does not come to rest');
  }

  outcomeOf(key: PaymentKey, homeSlot: Slot): OutcomeRow | undefined {
    return this.bucketOf(homeSlot).rows.outcome(key);
  }

  bucketOf(slot: Slot): ModelBucket {
    const bucket = this.buckets.get(this.placement.bucketOf(slot));
    if (bucket === undefined) throw new Error(`no bucket for slot ${slot}`);
    return bucket;
  }

  private placingOf({ homeSlot, body }: TransactionPlan): Placing {
    return { homeBucket: this.placement.bucketOf(homeSlot), legBuckets: body.legs.map((leg) => this.placement.bucketOf(slotOfAccount(leg.account))) };
  }

  /** A slot that the payment is about goes elsewhere, while it and others go on. */
  private moveSlot({ homeSlot, body }: TransactionPlan): void {
    const slots = [homeSlot, ...body.legs.map(({ account }) => slotOfAccount(account))];
    const slot = slots[this.choices.below(slots.length)] ?? homeSlot;
    const from = this.bucketOf(slot);
    const others = [...this.buckets.values()].filter((bucket) => bucket !== from);
    const to = others[this.choices.below(others.length)];
    if (to === undefined || this.moving.has(slot)) return;
    this.moves += 1;
    this.moving.add(slot);
    const steps = stepsOf({ move: this.moves, slot, from, to });
    const go = (at: number): void => {
      const step = steps[at];
      if (step === undefined) {
        this.placement = new PlacementIndex(movedTo(this.placement.map, slot, to.id));
        this.moving.delete(slot);
        return;
      }
      step();
      this.post(`move ${this.moves} of slot ${slot}`, () => go(at + 1));
    };
    this.post(`slot ${slot} moves`, () => go(0));
  }

  dispatch(machine: Machine, event: TransactionEvent): void {
    if (machine.crashed) return;
    const { txn, effects } = advance(machine.txn, event);
    machine.txn = txn;
    for (const effect of effects) this.perform(machine, effect);
  }

  private perform(machine: Machine, effect: TransactionEffect): void {
    const now = (): number => this.nowMs;
    switch (effect.kind) {
      case 'journal-begin':
        return this.post('journaled', () =>
          this.dispatch(machine, { kind: 'journaled', nowMs: now(), written: !this.choices.chance(4), exclusivelyLocked: [] }),
        );
      case 'await-locks':
        return this.post('locks clear', () => this.dispatch(machine, { kind: 'locks-clear', nowMs: now() }));
      case 'prepare': {
        const { account } = effect.instruction;
        return this.request(machine, effect.bucket, effect.instruction, (reply) =>
          this.dispatch(machine, { kind: 'leg-replied', nowMs: now(), account, reply }),
        );
      }
      case 'decide':
        return this.request(machine, effect.bucket, effect.instruction, (reply) => this.dispatch(machine, { kind: 'home-replied', nowMs: now(), reply }));
      case 'tell': {
        const { account } = effect.instruction;
        return this.request(machine, effect.bucket, effect.instruction, (reply) => this.dispatch(machine, { kind: 'leg-told', nowMs: now(), account, reply }));
      }
      case 'query-homes':
        return this.post('homes answer', () => {
          const silent = this.choices.chance(4);
          const answers = effect.undecided.map((leg) => {
            const isAnswered = !silent && this.bucketOf(leg.homeSlot).ledger.ownsSlot(leg.homeSlot);
            return { leg, recorded: isAnswered ? (this.outcomeOf(leg.key, leg.homeSlot) ?? null) : ('unreachable' as const) };
          });
          this.dispatch(machine, { kind: 'homes-answered', nowMs: now(), waiter: effect.waiter, answers });
        });
      case 'settle':
        return this.post('settle', () => {
          for (const instruction of effect.instructions) this.run(effect.bucket, instruction);
          this.dispatch(machine, { kind: 'settled', nowMs: now(), waiter: effect.waiter });
        });
      case 'wake':
        return this.post('wake', () => {
          this.nowMs += effect.delayMs;
          this.dispatch(machine, { kind: 'woken', nowMs: now(), waiter: effect.waiter });
        });
      case 'refresh-placement':
        return this.post('placed', () =>
          this.dispatch(machine, {
            kind: 'placed',
            nowMs: now(),
            placing: this.placingOf(machine.txn.plan),
          }),
        );
      case 'answer':
        machine.answers.push(effect.answer);
        return;
      case 'acknowledge':
        return this.request(machine, effect.bucket, effect.instruction, () => undefined);
      case 'ended':
        machine.ended = true;
        return;
      case 'journal-end':
      case 'journal-forget':
      case 'alarm':
        return;
      default:
        return effect satisfies never;
    }
  }

  /** A request can be lost before it takes effect, or its reply after; can arrive twice; can arrive after it was given up. */
  private request(machine: Machine, bucket: BucketId, instruction: Instruction, replied: (reply: InstructionReply) => void): void {
    const reply = (kind: InstructionReply): void => this.post(`reply to ${instruction.kind}`, () => replied(kind));
    const lost: InstructionReply = { kind: 'unreachable', reason: 'no reply in time' };
    this.post(`${instruction.kind} of ${machine.txn.plan.key.slice(-2)} at ${bucket}`, () => {
      if (this.choices.chance(9)) return reply(lost);
      if (this.choices.chance(9)) {
        this.post(`late ${instruction.kind}`, () => void this.run(bucket, instruction));
        return reply(lost);
      }
      const outcome = this.run(bucket, instruction);
      if (this.choices.chance(9)) this.post(`again ${instruction.kind}`, () => void this.run(bucket, instruction));
      return this.choices.chance(9) ? reply(lost) : reply({ kind: 'outcome', outcome });
    });
  }

  private misfortune(): void {
    const machine = this.machines[this.choices.below(this.machines.length)];
    if (machine === undefined || machine.ended || machine.crashed) return;
    const kind = this.choices.below(6);
    if (kind === 0 && machine.lateness === 0) {
      machine.lateness = 1;
      this.dispatch(machine, { kind: 'deadline', nowMs: this.nowMs });
    } else if (kind === 1 && machine.lateness === 1) {
      machine.lateness = 2;
      this.dispatch(machine, { kind: 'answer-by', nowMs: this.nowMs });
    } else if (kind === 2) {
      machine.crashed = true;
      this.log.push(`${this.nowMs} a coordinator dies`);
      if (this.choices.chance(2)) this.begin(machine.txn.plan);
    } else if (kind >= 4) {
      this.moveSlot(machine.txn.plan);
    } else {
      this.resolveOnce();
    }
  }

  /** What leaders do by themselves: prepared legs ask their homes, homes tell the legs that were not told. */
  private resolveOnce(): boolean {
    let acted = false;
    for (const bucket of this.buckets.values()) {
      for (const leg of [...bucket.ledger.preparedLegs()]) {
        if (leg.body === null) continue;
        acted = true;
        const outcome = this.bucketOf(leg.homeSlot).run({
          kind: 'resolve',
          txn: leg.txn,
          key: leg.key,
          homeSlot: leg.homeSlot,
          body: leg.body,
          subject: { kind: 'system' },
          askedAtMs: null,
        });
        if (outcome.kind === 'wrong-bucket') continue;
        const decision = outcome.kind === 'decided' ? outcome.outcome.decision : null;
        const reason = { name: 'ABANDONED', account: null, facts: {} } as const;
        bucket.run(
          decision?.kind === 'committed'
            ? { kind: 'commit', txn: leg.txn, account: leg.account, commitUs: decision.commitUs }
            : { kind: 'rollback', txn: leg.txn, key: leg.key, homeSlot: leg.homeSlot, account: leg.account, spec: leg.spec, reason },
        );
      }
      for (const row of [...bucket.ledger.undelivered()]) {
        acted = true;
        const told = row.untold.map(({ account }) => account).filter((account) => this.deliver(row, account));
        if (told.length > 0) bucket.run({ kind: 'acknowledge', key: row.key, txn: row.txn, accounts: told });
      }
    }
    return acted;
  }

  /** Whether it was told. */
  private deliver(row: OutcomeRow, account: AccountNumber): boolean {
    const spec = row.body.legs.find((leg) => leg.account === account);
    if (spec === undefined) throw new Error('an untold leg is one of the body');
    const bucket = this.bucketOf(slotOfAccount(account));
    const outcome =
      row.decision.kind === 'committed'
        ? bucket.run({ kind: 'commit', txn: row.txn, account, commitUs: row.decision.commitUs })
        : bucket.run({ kind: 'rollback', txn: row.txn, key: row.key, homeSlot: row.slot, account, spec, reason: row.decision.reason });
    return outcome.kind === 'leg-ended';
  }

  private run(bucket: BucketId, instruction: Instruction): ReturnType<ModelBucket['run']> {
    const found = this.buckets.get(bucket);
    if (found === undefined) throw new Error(`no bucket ${bucket}`);
    return found.run(instruction);
  }

  private post(what: string, deliver: () => void): void {
    this.messages.push({ what, deliver });
  }

  private mintTxn(): TransactionPlan['txn'] {
    this.nextTxn += 1;
    return txnId(this.nextTxn.toString(16).padStart(64, '0'));
  }
}

export function payment(legs: readonly (readonly [AccountNumber, 'debit' | 'credit', bigint])[], memo = ''): PaymentBody {
  const specs = legs.map(([account, effect, amountMinor]) => ({ account, effect, amountMinor, currency: USD }));
  return PaymentBody.of({ kind: 'payment', legs: specs.sort((a, b) => (a.account < b.account ? -1 : 1)), reference: null, expiresAtMs: null, memo });
}
