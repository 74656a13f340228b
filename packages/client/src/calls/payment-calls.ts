/** Payments as the three methods that make them take them: one, many in one call, many over a stream. Encoded once, however often and on whichever way they go. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { CreatePaymentRequest, PaymentDirection, PaymentKind, readOnePayment, readPaymentReplies, readWire, type Amount } from '@mas/rpc';
import type { PaymentResult, Reply } from '@mas/transaction-coordinator';
import { SharedBatches } from '../batching/shared-batches';
import { pause, UNKNOWN_RETRY_MS } from './pause';
import { PaymentStream } from './payment-stream';
import { MasCallFailed } from './call-failed';
import type { CallLead, RetryingChannel } from './retrying-channel';

/** Money of a request: minor units, or a decimal text that the server parses exactly. */
export type AmountInput = { readonly minor: bigint; readonly currency?: string } | { readonly decimal: string; readonly currency?: string };

export interface PaymentInput {
  readonly id: string;
  readonly kind?: 'payment' | 'authorization' | 'capture' | 'void' | 'refund';
  readonly from?: string;
  readonly to?: string;
  readonly amount?: AmountInput;
  readonly legs?: readonly { readonly account: string; readonly direction: 'debit' | 'credit'; readonly amount: AmountInput }[];
  readonly referenceId?: string;
  readonly referenceTxn?: { readonly txn: string; readonly account: string };
  readonly expiresInSeconds?: number;
  readonly memo?: string;
  readonly lockHandle?: string;
}

/** A CreatePaymentRequest. */
export type EncodedPayment = Uint8Array;
export type PaymentReplies = readonly Reply<PaymentResult>[];

const ACCOUNTS = '/mas.v1.AccountService/';
const KINDS = {
  payment: PaymentKind.PAYMENT_KIND_PAYMENT,
  authorization: PaymentKind.PAYMENT_KIND_AUTHORIZATION,
  capture: PaymentKind.PAYMENT_KIND_CAPTURE,
  void: PaymentKind.PAYMENT_KIND_VOID,
  refund: PaymentKind.PAYMENT_KIND_REFUND,
};
const DIRECTIONS = { debit: PaymentDirection.PAYMENT_DIRECTION_DEBIT, credit: PaymentDirection.PAYMENT_DIRECTION_CREDIT };
/** Field numbers of CreatePaymentsRequest and StreamPaymentsRequest. */
const [MANY_PAYMENTS, SEQUENCE, STREAMED_PAYMENTS, TIMEOUT_MS] = [1, 1, 2, 3];

export class PaymentCalls {
  private shared: SharedBatches | null = null;

  constructor(
    private readonly channel: RetryingChannel,
    private readonly usual: CallLead & { readonly timeoutMs: number },
  ) {}

  /** Travels with whatever others ask for at the same time; alone where there are none. @throws MasCallFailed */
  pay(payment: EncodedPayment, lead: CallLead = {}): Promise<PaymentResult> {
    this.shared ??= new SharedBatches(this, this.channel, this.usual);
    return this.shared.pay(payment, lead);
  }

  /** Asked again with the same id, while the outcome is unknown, until the deadline. @throws MasCallFailed */
  async one(payment: EncodedPayment, lead: CallLead = {}): Promise<PaymentResult> {
    const deadlineMs = performance.now() + (lead.timeoutMs ?? this.usual.timeoutMs);
    let unsure: Unsure | null = null;
    for (;;) {
      const leftMs = Math.max(1, deadlineMs - performance.now());
      const result = await this.channel
        .call(`${ACCOUNTS}CreatePayment`, payment, (bytes) => readWire(bytes, readOnePayment, 'tolerant'), { ...this.usual, ...lead, timeoutMs: leftMs })
        .catch((error: unknown) => stillUnsure(unsure, error));
      if (result.kind !== 'unknown' || result === unsure || performance.now() + UNKNOWN_RETRY_MS >= deadlineMs) return result;
      unsure = result;
      await pause(UNKNOWN_RETRY_MS, lead.signal ?? this.usual.signal);
    }
  }

  /** Independent payments; replies in order. @throws MasCallFailed */
  many(payments: readonly EncodedPayment[], lead: CallLead = {}): Promise<PaymentReplies> {
    const writer = new BinaryWriter();
    for (const payment of payments) writer.tag(MANY_PAYMENTS, WireType.LengthDelimited).bytes(payment);
    return this.channel.call(`${ACCOUNTS}CreatePayments`, writer.finish(), (bytes) => readWire(bytes, readPaymentReplies, 'tolerant'), {
      ...this.usual,
      ...lead,
    });
  }

  /** To the Transaction Manager that calls prefer now. @throws MasCallFailed once the client is closed */
  openStream(): PaymentStream<EncodedPayment> {
    return new PaymentStream(this.channel.openStream(`${ACCOUNTS}StreamPayments`, this.usual.token), encodeBatch);
  }
}

export function encodePayment(payment: PaymentInput): EncodedPayment {
  return CreatePaymentRequest.encode({
    id: payment.id,
    kind: payment.kind === undefined ? PaymentKind.PAYMENT_KIND_UNSPECIFIED : KINDS[payment.kind],
    from: payment.from ?? '',
    to: payment.to ?? '',
    amount: payment.amount === undefined ? undefined : amountMessage(payment.amount),
    legs: (payment.legs ?? []).map((leg) => ({ account: leg.account, direction: DIRECTIONS[leg.direction], amount: amountMessage(leg.amount) })),
    reference: reference(payment),
    expiresInSeconds: payment.expiresInSeconds ?? 0,
    memo: payment.memo ?? '',
    lockHandle: payment.lockHandle ?? '',
  }).finish();
}

export function amountMessage(input: AmountInput): Amount {
  return { value: 'minor' in input ? { $case: 'minor', value: input.minor } : { $case: 'decimal', value: input.decimal }, currency: input.currency ?? '' };
}

function reference(payment: PaymentInput): CreatePaymentRequest['reference'] {
  if (payment.referenceTxn !== undefined) return { $case: 'referenceTxn', value: payment.referenceTxn };
  return payment.referenceId === undefined ? undefined : { $case: 'referenceId', value: payment.referenceId };
}

function encodeBatch(sequence: number, payments: readonly EncodedPayment[], timeoutMs: number): Buffer {
  const writer = new BinaryWriter().tag(SEQUENCE, WireType.Varint).uint64(sequence);
  for (const payment of payments) writer.tag(STREAMED_PAYMENTS, WireType.LengthDelimited).bytes(payment);
  return Buffer.from(writer.tag(TIMEOUT_MS, WireType.Varint).uint32(timeoutMs).finish());
}

type Unsure = Extract<PaymentResult, { readonly kind: 'unknown' }>;

/** What is unknown stays so, whatever keeps it from being asked about. */
function stillUnsure(unsure: Unsure | null, error: unknown): PaymentResult {
  const isSilence = error instanceof MasCallFailed && (error.error.kind === 'unavailable' || error.error.kind === 'deadline-exceeded');
  if (unsure !== null && isSilence) return unsure;
  if (unsure !== null && error instanceof MasCallFailed) throw new MasCallFailed(error.code, error.error, error.attempts, true);
  throw error;
}
