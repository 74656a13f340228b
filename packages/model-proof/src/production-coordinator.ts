/** A coordinator's run of one payment in production's code, with what its host keeps for it: what it has answered, and whose homes it is to ask. */
import type { Instruction, UndecidedLeg } from '@mas/ledger';
import {
  advance,
  globalTransaction,
  resolveTransaction,
  type Advance,
  type GlobalTransaction,
  type HomeAnswer,
  type InstructionReply,
  type Placing,
  type TransactionAnswer,
  type TransactionEffect,
  type TransactionEvent,
  type TransactionPlan,
} from '@mas/two-phase-commit';
import { accountNumber, bucketId, present, type BucketId } from '@mas/values';
import { textOf, type ModelValue } from './model-value';
import { bucketOfAccount, bucketOfSlot, nameOf, OPERATOR, type ModelPayment } from './model-payments';
import { ORIGIN_US } from './production-bucket';
import { instructionValue, machineValue } from './projection';

/** Longer than a payment may be held up. */
const TIRED_MS = 10_000;
const LIMITS = { lockedRetryMs: 2_000, retryMinMs: 10, retryMaxMs: 200, movedRetryMs: 30_000 };

export class ProductionCoordinator {
  isDead = false;
  readonly answers: TransactionAnswer[] = [];
  /** By waiter: an account, or 'home'. */
  readonly awaited = new Map<string, readonly UndecidedLeg[]>();
  /** By leg, or 'home': the last question, as the model's text. */
  private readonly asked = new Map<string, string>();
  private txn: GlobalTransaction;

  /** @param send performs what it wants done to buckets. */
  private constructor(
    first: Advance,
    private readonly send: (instruction: Instruction) => void,
  ) {
    this.txn = first.txn;
    this.perform(first.effects);
  }

  static begin(payment: ModelPayment, send: (instruction: Instruction) => void): ProductionCoordinator {
    const begun = advance(globalTransaction(planOf(payment), placingOf(payment)), { kind: 'begin', nowMs: 0 });
    return new ProductionCoordinator(advance(begun.txn, { kind: 'journaled', nowMs: 0, written: true, exclusivelyLocked: [] }), send);
  }

  static recover(payment: ModelPayment, send: (instruction: Instruction) => void): ProductionCoordinator {
    return new ProductionCoordinator(resolveTransaction(planOf(payment), placingOf(payment), 0), send);
  }

  get payment(): string {
    return nameOf(this.txn.plan.txn);
  }

  get isOver(): boolean {
    return this.txn.phase.kind === 'ended';
  }

  /** Those that wait to ask again. */
  get heldUp(): readonly string[] {
    const { phase, legs } = this.txn;
    if (phase.kind === 'deciding') return phase.state === 'held-up' ? ['home'] : [];
    return phase.kind === 'preparing' ? legs.filter(({ state }) => state === 'held-up').map(({ spec }) => spec.account) : [];
  }

  /** Whether the deadline would still change anything. */
  get canBeLate(): boolean {
    const { phase } = this.txn;
    return phase.kind === 'preparing' || (phase.kind === 'deciding' && phase.intent.kind === 'commit' && !phase.late);
  }

  get wasHeldUp(): boolean {
    return this.txn.heldUpSinceMs !== null;
  }

  /** Whether it waits for the answer to this: the last that it has asked there, and not answered yet. */
  awaitsAnswerTo(instruction: Instruction): boolean {
    if (this.asked.get(placeOfAsking(instruction)) !== textOf(instructionValue(instruction, ORIGIN_US))) return false;
    const { phase, legs } = this.txn;
    const legIs = (account: string, state: string): boolean => legs.some((leg) => leg.spec.account === account && leg.state === state);
    switch (instruction.kind) {
      case 'prepare':
        return phase.kind === 'preparing' && legIs(instruction.account, 'preparing');
      case 'commit':
      case 'rollback':
        return phase.kind === 'telling' && legIs(instruction.account, 'telling');
      case 'decide-commit':
      case 'decide-abort':
      case 'resolve':
        return phase.kind === 'deciding' && phase.state === 'asked';
      default:
        return false;
    }
  }

  hear(question: Instruction, reply: InstructionReply, isTired = false): void {
    const nowMs = isTired ? TIRED_MS : 0;
    switch (question.kind) {
      case 'prepare':
        return this.dispatch({ kind: 'leg-replied', nowMs, account: question.account, reply });
      case 'commit':
      case 'rollback':
        return this.dispatch({ kind: 'leg-told', nowMs, account: question.account, reply });
      default:
        return this.dispatch({ kind: 'home-replied', nowMs, reply });
    }
  }

  homesAnswer(waiter: string, recordOf: (leg: UndecidedLeg) => HomeAnswer['recorded']): void {
    const undecided = present(this.awaited.get(waiter), `homes that ${waiter} waits for`);
    this.awaited.delete(waiter);
    const answers = undecided.map((leg) => ({ leg, recorded: recordOf(leg) }));
    this.dispatch({ kind: 'homes-answered', nowMs: 0, waiter: waiterOf(waiter), answers });
  }

  askAgain(waiter: string): void {
    this.awaited.delete(waiter);
    this.dispatch({ kind: 'woken', nowMs: 0, waiter: waiterOf(waiter) });
  }

  deadline(): void {
    this.dispatch({ kind: 'deadline', nowMs: 0 });
  }

  answerBy(): void {
    this.dispatch({ kind: 'answer-by', nowMs: 0 });
  }

  value(): ModelValue {
    const awaited = new Map([...this.awaited].map(([waiter, legs]) => [waiter, legs.map(({ txn }) => txn)]));
    return machineValue(this.txn, awaited, this.answers[0] ?? null, ORIGIN_US);
  }

  private dispatch(event: TransactionEvent): void {
    const { txn, effects } = advance(this.txn, event);
    this.txn = txn;
    this.perform(effects);
  }

  private ask(instruction: Instruction): void {
    this.asked.set(placeOfAsking(instruction), textOf(instructionValue(instruction, ORIGIN_US)));
    this.send(instruction);
  }

  private perform(effects: readonly TransactionEffect[]): void {
    for (const effect of effects)
      switch (effect.kind) {
        case 'decide':
          this.awaited.delete('home');
          this.ask(effect.instruction);
          break;
        case 'prepare':
        case 'tell':
          this.ask(effect.instruction);
          break;
        case 'acknowledge':
          this.send(effect.instruction);
          break;
        case 'settle':
          for (const instruction of effect.instructions) this.send(instruction);
          break;
        case 'query-homes':
          this.awaited.set(effect.waiter, effect.undecided);
          break;
        case 'answer':
          this.answers.push(effect.answer);
          break;
        // Waking is an event of its own; the journal is an index that decides nothing; a bucket's alarm is seen where it is raised.
        case 'wake':
        case 'journal-begin':
        case 'journal-end':
        case 'journal-forget':
        case 'alarm':
        case 'ended':
          break;
        case 'await-locks':
        case 'refresh-placement':
          throw new Error(`the model has neither locks nor moving slots: ${effect.kind}`);
        default:
          effect satisfies never;
      }
  }
}

function placeOfAsking(instruction: Instruction): string {
  return instruction.kind === 'prepare' || instruction.kind === 'commit' || instruction.kind === 'rollback' ? instruction.account : 'home';
}

const waiterOf = (waiter: string): Extract<TransactionEvent, { kind: 'woken' }>['waiter'] => (waiter === 'home' ? 'home' : accountNumber(waiter));

function planOf({ txn, key, homeSlot, body }: ModelPayment): TransactionPlan {
  return { txn, key, homeSlot, body, subject: OPERATOR, lockTokens: [], createdAtMs: 0, startedAtMs: 0, limits: LIMITS };
}

function placingOf({ homeSlot, body }: ModelPayment): Placing {
  return { homeBucket: idOfBucket(bucketOfSlot(homeSlot)), legBuckets: body.legs.map(({ account }) => idOfBucket(bucketOfAccount(account))) };
}

function idOfBucket(name: string): BucketId {
  return bucketId(name.charCodeAt(0));
}
