/**
 * A client whose every question and answer is written into a history, with the times at which it asked and heard. What failed
 * for want of an answer has none in the history either: it may have happened or not.
 */
import { otherRequest, type History, type LockHistory, type PaymentHistory } from '@mas/auditor';
import { MasCallFailed, type AmountInput, type Level, type MasClient, type PaymentInput } from '@mas/client';
import type { AccountView, PaymentRequest, PaymentResult, Reply } from '@mas/transaction-coordinator';
import { accountNumber, currency, paymentKey, type AccountNumber } from '@mas/values';
import { OPERATOR_SCOPE } from './access';

const USD = currency('USD');
const LOCK_ATTEMPTS = 3;
const LOCK_ATTEMPT_DELAY_MS = 100;
/** Nobody can say what became of the request. */
const NO_ANSWERS: ReadonlySet<string> = new Set(['unavailable', 'deadline-exceeded', 'resource-exhausted', 'aborted', 'internal']);

export class WitnessedClient {
  constructor(
    private readonly client: Pick<MasClient, 'createPayment' | 'getAccounts' | 'createAccount' | 'acquireLock' | 'releaseLock'>,
    private readonly history: History,
  ) {}

  async createAccount(number: string, openingMinor: bigint): Promise<void> {
    const id = `open-${number}`;
    const startMs = performance.now();
    const request = otherRequest(this.history, paymentKey(OPERATOR_SCOPE, id), `the creation of account ${number}`);
    await this.client.createAccount({ id, number, openingBalance: { minor: openingMinor } });
    request.heard = 'done';
    const account = accountNumber(number);
    this.history.accounts.set(account, { number: account, currency: USD, openingMinor, minimumMinor: 0n, startMs, createdMs: performance.now() });
  }

  async createPayment(input: PaymentInput): Promise<PaymentResult> {
    const payment = this.paymentOf(input);
    const attempt: PaymentHistory['attempts'][number] = { tm: 'any', startMs: performance.now(), endMs: null, answer: null, request: payment.request };
    payment.attempts.push(attempt);
    const heard = (answer: Reply<PaymentResult>): void => void Object.assign(attempt, { answer, endMs: performance.now() });
    try {
      const value = await this.client.createPayment(input);
      heard({ ok: true, value });
      if (value.kind === 'committed') this.history.successesMs.push(performance.now());
      return value;
    } catch (error) {
      if (error instanceof MasCallFailed && isRefusal(error)) heard({ ok: false, error: error.error });
      throw error;
    }
  }

  async getAccounts(numbers: readonly string[], level: Level = 'committed'): Promise<readonly AccountView[]> {
    const startMs = performance.now();
    const views = await this.client.getAccounts(numbers, level);
    this.history.reads.push({ level, numbers: numbers as readonly AccountNumber[], startMs, endMs: performance.now(), views });
    return views;
  }

  /** Exclusive, of one account; as long as it is asked for, or until `releaseLock`. @throws MasCallFailed */
  async acquireLock(account: string, timeoutMs: number): Promise<LockHistory> {
    const askedMs = performance.now();
    const { handle, locks } = await this.client.acquireLock({ lockIds: [account], timeoutMs, attempts: LOCK_ATTEMPTS, attemptDelayMs: LOCK_ATTEMPT_DELAY_MS });
    const tokens = new Map(locks.map(({ lockId, token }) => [lockId, token ?? -1]));
    const lock: LockHistory = { lockIds: [account], handle, tokens, askedMs, acquiredMs: performance.now(), timeoutMs, releasedMs: null };
    this.history.locks.push(lock);
    return lock;
  }

  /** @throws MasCallFailed */
  async releaseLock(lock: LockHistory): Promise<void> {
    lock.releasedMs = performance.now();
    await this.client.releaseLock(lock.lockIds, lock.handle);
  }

  private paymentOf(input: PaymentInput): PaymentHistory {
    const key = paymentKey(OPERATOR_SCOPE, input.id);
    const known = this.history.payments.get(key);
    if (known !== undefined) return known;
    const payment: PaymentHistory = { key, id: input.id, subject: { kind: 'operator', name: OPERATOR_SCOPE }, request: requestOf(input), attempts: [] };
    this.history.payments.set(key, payment);
    return payment;
  }
}

/** Whether it says that it was not done, and not only that nobody knows. */
export function isRefusal({ error }: MasCallFailed): boolean {
  return !NO_ANSWERS.has(error.kind) && !error.reason.startsWith('GRPC_');
}

function requestOf(input: PaymentInput): PaymentRequest {
  const sides = [
    { account: input.from, direction: 'debit' as const, amount: input.amount },
    { account: input.to, direction: 'credit' as const, amount: input.amount },
  ].flatMap(({ account, ...side }) => (account === undefined ? [] : [{ account, ...side }]));
  const legs = (input.legs ?? sides).map(({ account, direction, amount }) => ({
    account: accountNumber(account),
    direction,
    amountMinor: minorOf(amount),
    currency: USD,
  }));
  return {
    id: input.id,
    kind: input.kind ?? 'payment',
    legs,
    reference: input.referenceId === undefined ? null : { kind: 'id', id: input.referenceId },
    amountMinor: legs.length === 0 && input.amount !== undefined ? minorOf(input.amount) : null,
    expiresInSeconds: input.expiresInSeconds ?? null,
    memo: input.memo ?? '',
    lockHandle: input.lockHandle ?? null,
  };
}

function minorOf(amount: AmountInput | undefined): bigint {
  if (amount === undefined || !('minor' in amount)) throw new RangeError('a witnessed payment names its amount in minor units');
  return amount.minor;
}
