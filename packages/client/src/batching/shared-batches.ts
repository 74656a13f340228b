/**
 * Payments that many callers of one process ask for one by one, travelling together. What one turn of the event loop asks for is
 * gathered, without a timer. A lone payment with nothing under way is a call of its own; all others go in batches over one
 * stream, a few of them under way at once, and each caller hears of his own payment only. Whatever was lost, with a stream or as
 * an unknown outcome, is asked for again under the same id until its deadline (ADR 23).
 */
import { status as Code } from '@grpc/grpc-js';
import type { PaymentResult, Reply } from '@mas/transaction-coordinator';
import { MasCallFailed, notWanted } from '../calls/call-failed';
import { UNKNOWN_RETRY_MS } from '../calls/pause';
import type { CallLead, RetryingChannel } from '../calls/retrying-channel';
import { Gathered } from './gathered';
import { SharedStream, type PaymentWays } from './shared-stream';
import { WaitingPayment } from './waiting-payment';

export interface BatchLimits {
  readonly paymentsPerBatch: number;
  readonly bytesPerBatch: number;
  /** Batches and calls under way; those that are slow are counted beside them. */
  readonly underWay: number;
  readonly slow: number;
  /** Payments that wait or are under way. */
  readonly payments: number;
}

/** A Transaction Manager takes 4 MiB in a message and works on 16 batches of a stream. */
export const BATCH_LIMITS: BatchLimits = { paymentsPerBatch: 200, bytesPerBatch: 1024 * 1024, underWay: 4, slow: 12, payments: 10_000 };

/** A batch that takes longer waits for something of its own, a lock for example, and keeps no other one back. Less than that is a busy server, which smaller batches would not help. */
const SLOW_MS = 1_000;
const RETRY_MIN_MS = 25;
const RETRY_MAX_MS = 500;
/** Said of a batch as a whole, and of nothing in it. */
const TOO_MUCH: ReadonlySet<string> = new Set(['TOO_MANY_PAYMENTS', 'GRPC_RESOURCE_EXHAUSTED']);

export class SharedBatches {
  private readonly gathered: Gathered;
  private readonly stream: SharedStream;
  private payments = 0;
  private quick = 0;
  private slow = 0;
  private isGathering = false;

  constructor(
    private readonly ways: PaymentWays,
    private readonly channel: RetryingChannel,
    private readonly usual: CallLead & { readonly timeoutMs: number },
    private readonly limits: BatchLimits = BATCH_LIMITS,
  ) {
    this.gathered = new Gathered({ payments: limits.paymentsPerBatch, bytes: limits.bytesPerBatch });
    this.stream = new SharedStream(ways, channel, usual.token);
  }

  /** @throws MasCallFailed */
  pay(bytes: Uint8Array, lead: CallLead = {}): Promise<PaymentResult> {
    const signal = lead.signal ?? this.usual.signal;
    if (signal?.aborted === true) return Promise.reject(notWanted(0, false));
    if (this.payments >= this.limits.payments) return Promise.reject(busy(this.payments));
    this.payments += 1;
    const answer = new Promise<PaymentResult>((resolve, reject) => {
      this.gathered.add(new WaitingPayment(bytes, performance.now() + (lead.timeoutMs ?? this.usual.timeoutMs), signal, { resolve, reject }));
      this.gather();
    });
    return answer.finally(() => {
      this.payments -= 1;
    });
  }

  /** After the microtasks of this turn, because answers that came together make their callers ask again in them. */
  private gather(): void {
    if (this.isGathering) return;
    this.isGathering = true;
    queueMicrotask(() =>
      process.nextTick(() => {
        this.isGathering = false;
        this.send();
      }),
    );
  }

  private send(): void {
    const { underWay, slow } = this.limits;
    while (this.quick < underWay && this.quick + this.slow < underWay + slow) {
      const batch = this.gathered.take();
      if (batch.length === 0) break;
      void this.carry(batch);
    }
    if (this.quick + this.slow === 0) this.stream.rest();
  }

  private async carry(batch: readonly WaitingPayment[]): Promise<void> {
    const [first] = batch;
    const lone = batch.length === 1 && (this.quick + this.slow === 0 || !this.channel.isProven()) ? first : undefined;
    let isSlow = false;
    this.quick += 1;
    const slowly = setTimeout(() => {
      isSlow = true;
      this.quick -= 1;
      this.slow += 1;
      this.gather();
    }, SLOW_MS);
    for (const payment of batch) payment.sends();
    await (lone === undefined ? this.together(batch) : this.alone(lone));
    clearTimeout(slowly);
    if (isSlow) this.slow -= 1;
    else this.quick -= 1;
    this.gather();
  }

  private async alone(payment: WaitingPayment): Promise<void> {
    payment.leaveDeadline();
    const { signal, leftMs } = payment;
    try {
      payment.succeed(await this.ways.one(payment.bytes, { timeoutMs: leftMs, ...(signal === undefined ? {} : { signal }) }));
    } catch (error) {
      payment.fail(failureOf(error));
    }
  }

  /** By a call while nobody has proved to be there, because a stream does not go elsewhere by itself; else over the stream. */
  private async together(batch: readonly WaitingPayment[]): Promise<void> {
    const bytes = batch.map((payment) => payment.bytes);
    const timeoutMs = Math.max(...batch.map(({ leftMs }) => leftMs));
    const isCall = !this.channel.isProven() || batch.some(({ asksByCall }) => asksByCall);
    try {
      const replies = await (isCall ? this.ways.many(bytes, { timeoutMs }) : this.stream.send(bytes, timeoutMs));
      this.gathered.wasTaken();
      batch.forEach((payment, at) => this.answer(payment, replies[at]));
    } catch (error) {
      const failure = failureOf(error);
      if (isCall) this.refuse(batch, failure);
      else for (const payment of batch) this.lose(payment, failure);
    }
  }

  private answer(payment: WaitingPayment, reply: Reply<PaymentResult> | undefined): void {
    if (payment.hasEnded) return;
    if (reply === undefined) payment.fail(failureOf(new Error('the answer to a batch has no reply for this payment')));
    else if (!reply.ok) this.refused(payment, { ...reply.error, field: reply.error.field?.replace(/^payments\[\d+\]\./, '') ?? null });
    else if (reply.value.kind !== 'unknown') payment.succeed(reply.value);
    else {
      payment.unknown(reply.value);
      this.again(payment, UNKNOWN_RETRY_MS);
    }
  }

  private refused(payment: WaitingPayment, error: MasCallFailed['error']): void {
    const at = this.channel.now();
    if (error.kind !== 'unavailable') payment.fail(new MasCallFailed(Code.UNKNOWN, error, payment.sent));
    else if (payment.mayAskAgain(error, at, () => this.channel.attempts())) {
      this.channel.leave(at.index);
      this.again(payment, Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (payment.sent - 1)));
    }
  }

  /** A call has ended without replies. */
  private refuse(batch: readonly WaitingPayment[], failure: MasCallFailed): void {
    const { reason } = failure.error;
    const isTooMuch = batch.length > 1 && TOO_MUCH.has(reason);
    if (isTooMuch) this.gathered.wasTooMuch(batch.length, reason === 'TOO_MANY_PAYMENTS');
    for (const payment of batch) {
      if (isTooMuch) this.lose(payment, failure);
      else payment.fail(failure);
    }
  }

  private lose(payment: WaitingPayment, failure: MasCallFailed): void {
    payment.loseReply(failure);
    this.again(payment, 0);
  }

  private again(payment: WaitingPayment, afterMs: number): void {
    if (payment.hasEnded) return;
    if (performance.now() + afterMs >= payment.deadlineMs) {
      payment.giveUp();
      return;
    }
    const enqueue = (): void => {
      this.gathered.add(payment);
      this.gather();
    };
    if (afterMs === 0) enqueue();
    else setTimeout(enqueue, afterMs);
  }
}

function busy(payments: number): MasCallFailed {
  const message = `${payments} payments of this client are open already; nothing was done, ask again in a moment`;
  const facts = { payments: String(payments) };
  return new MasCallFailed(Code.RESOURCE_EXHAUSTED, { kind: 'resource-exhausted', reason: 'CLIENT_BUSY', field: null, message, facts }, 0);
}

/** Nothing that a caller hears is a bare exception. */
function failureOf(error: unknown): MasCallFailed {
  if (error instanceof MasCallFailed) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MasCallFailed(Code.INTERNAL, { kind: 'internal', reason: 'GRPC_INTERNAL', field: null, message, facts: {} }, 1, true);
}
