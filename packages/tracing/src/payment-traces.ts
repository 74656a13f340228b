/** The payments that are traced in this Transaction Manager, from their request until their entry says that they have ended. */
import { SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api';
import type { Instruction } from '@mas/ledger';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import { splitPaymentKey, type Clock, type PaymentKey, type TxnId } from '@mas/values';
import { contextOf, traceparentOf } from './context';
import { addTimeline } from './timeline-spans';

const MAX_OPEN = 10_000;
/** A payment that has been answered and has not ended after so long is left: somebody else ends it. */
const KEPT_MS = 60_000;

interface OpenPayment {
  readonly span: Span;
  readonly traceparent: string;
  readonly sinceMs: number;
  txn: TxnId | null;
}

export class PaymentTraces {
  /** Oldest first. */
  private readonly open = new Map<PaymentKey, OpenPayment>();
  private readonly keys = new Map<TxnId, PaymentKey>();

  constructor(
    private readonly tracer: Tracer,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  /** The sampler decides whether it is traced; a repetition belongs to the request that came first. */
  begin(key: PaymentKey, traceparent: string | null): void {
    if (this.open.has(key)) return;
    const span = this.tracer.startSpan('payment', { kind: SpanKind.SERVER }, contextOf(traceparent));
    if (!span.isRecording()) return;
    this.makeRoom();
    const { id } = splitPaymentKey(key);
    span.setAttribute('mas.payment.id', id);
    this.open.set(key, { span, traceparent: traceparentOf(span), sinceMs: this.clock.monotonicMs(), txn: null });
  }

  /** What its caller has heard; a payment that was refused before anything was done ends with it. */
  answered(key: PaymentKey, outcome: string, isRefused: boolean): void {
    const payment = this.open.get(key);
    if (payment === undefined) return;
    payment.span.setAttribute('mas.outcome', outcome);
    if (!isRefused) return;
    payment.span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    this.close(key, payment);
  }

  ended(entry: TransactionEntry): void {
    const payment = this.open.get(entry.key);
    if (payment === undefined || entry.state === 'PENDING') return;
    payment.span.setAttributes({ 'mas.txn': entry.txn, 'mas.outcome': entry.reason?.name ?? entry.state });
    this.close(entry.key, payment, addTimeline(this.tracer, payment.span, entry));
  }

  /** For the Resource Manager that gets it; null: its payment is not traced. */
  traceparentOf(instruction: Instruction): string | null {
    if (this.open.size === 0) return null;
    if ('key' in instruction && 'txn' in instruction) {
      const payment = this.open.get(instruction.key);
      if (payment !== undefined && payment.txn === null) {
        payment.txn = instruction.txn;
        this.keys.set(instruction.txn, instruction.key);
      }
      return payment?.traceparent ?? null;
    }
    return 'txn' in instruction ? (this.ofTxn(instruction.txn)?.traceparent ?? null) : null;
  }

  /** For log lines; null: it is not traced. */
  traceIdOf(txn: TxnId): string | null {
    return this.ofTxn(txn)?.span.spanContext().traceId ?? null;
  }

  private ofTxn(txn: TxnId): OpenPayment | undefined {
    const key = this.keys.get(txn);
    return key === undefined ? undefined : this.open.get(key);
  }

  private makeRoom(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [key, payment] of this.open) {
      if (this.open.size < MAX_OPEN && nowMs - payment.sinceMs < KEPT_MS) return;
      this.close(key, payment);
    }
  }

  private close(key: PaymentKey, { span, txn }: OpenPayment, atMs?: number): void {
    span.end(atMs);
    this.open.delete(key);
    if (txn !== null) this.keys.delete(txn);
  }
}
