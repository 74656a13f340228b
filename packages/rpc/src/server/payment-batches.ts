/**
 * Many payments in one message, and many such batches over one stream. Each payment stands for itself: one that is
 * malformed is refused in its place and the others go on. A stream works on a bounded number of batches and reads no
 * further before their answers have been taken by the client.
 */
import type { Caller, CoordinatorService, PaymentRequest, PaymentResult, Reply, RequestError } from '@mas/transaction-coordinator';
import type { CallHead, ServerStream, StreamMethod, UnaryMethod } from '../door/methods';
import { accepted, invalid } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { CreatePaymentsRequest, StreamPaymentsRequest, type CreatePaymentRequest } from '../generated/mas/v1/account_service';
import { writePaymentReplies, writeStreamedReplies } from '../public/payment-messages';
import { inRequestsWords } from '../validate/request-field';
import { validatePayment } from '../validate/validate-payment';
import { subjectName, type ClientEdge } from './client-edge';
import { ownBalances } from './own-balances';

type Replies = readonly Reply<PaymentResult>[];

export function createPayments(edge: ClientEdge, coordinator: CoordinatorService): UnaryMethod {
  return edge.unary({
    decode: (bytes) => CreatePaymentsRequest.decode(bytes),
    cost: (request) => Math.max(1, request.payments.length),
    run: async (caller, request) => {
      const size = batchSize(edge, request.payments);
      return size.ok ? accepted(await runBatch(coordinator, caller, request.payments)) : size;
    },
    write: writePaymentReplies,
  });
}

export function streamPayments(edge: ClientEdge, coordinator: CoordinatorService): StreamMethod {
  return {
    kind: 'stream',
    begin: (head) => {
      const caller = edge.authenticate(head);
      return caller.ok
        ? { ok: true, caller: subjectName(caller.value.subject), value: (stream) => new PaymentStreamCall(edge, coordinator, head, stream).start() }
        : { ok: false, status: toStatus(caller.error) };
    },
  };
}

class PaymentStreamCall {
  private open = 0;
  private ended = false;
  private failed = false;

  constructor(
    private readonly edge: ClientEdge,
    private readonly coordinator: CoordinatorService,
    private readonly head: CallHead,
    private readonly stream: ServerStream,
  ) {}

  start(): void {
    this.stream.listen({
      message: (bytes, release) => void this.batch(bytes, release),
      end: () => {
        this.ended = true;
        this.finishIfDone();
      },
      closed: () => {
        this.failed = true;
      },
    });
  }

  /** The bytes stay on the connection's account until the answer has been taken, because what was decoded of them lives as long. */
  private async batch(bytes: Buffer, release: () => void): Promise<void> {
    if (this.failed) return;
    this.open += 1;
    if (this.open >= this.edge.ports.limits.maxBatchesPerStream) this.stream.pause();
    try {
      const answer = await this.answer(bytes);
      if (!answer.ok) this.fail(answer.error);
      else if (!this.failed) this.stream.write(answer.value, () => this.taken(release));
    } catch (error) {
      this.fail(this.edge.surprise(error));
    }
  }

  private async answer(bytes: Buffer): Promise<Reply<Buffer>> {
    // The token may expire while the stream lives, so every batch shows it again.
    const caller = this.edge.authenticate(this.head);
    if (!caller.ok) return caller;
    const request = this.edge.decode(bytes, (each) => StreamPaymentsRequest.decode(each));
    if (!request.ok) return request;
    const { sequence, payments, timeoutMs } = request.value;
    const size = batchSize(this.edge, payments);
    if (!size.ok) return size;
    const { clock, limits } = this.edge.ports;
    if (timeoutMs === 0)
      return invalid('DEADLINE_MISSING', 'timeout_ms', `Say how long the batch may take; at most ${limits.maxDeadlineMs} ms are used of it.`);
    if (sequence > BigInt(Number.MAX_SAFE_INTEGER)) return invalid('SEQUENCE_INVALID', 'sequence', 'A sequence is at most 2^53 - 1.');
    const charged = this.edge.charge(caller.value.subject, payments.length);
    if (!charged.ok) return charged;
    const deadlineMs = clock.monotonicMs() + Math.min(timeoutMs, limits.maxDeadlineMs);
    const replies = await runBatch(this.coordinator, { ...caller.value, deadlineMs }, payments);
    return accepted(this.edge.encode({ sequence: Number(sequence), replies }, writeStreamedReplies));
  }

  private taken(release: () => void): void {
    this.open -= 1;
    release();
    if (!this.failed && this.stream.isPaused) this.stream.resume();
    this.finishIfDone();
  }

  private finishIfDone(): void {
    if (this.ended && this.open === 0 && !this.failed) this.stream.end();
  }

  private fail(error: RequestError): void {
    if (this.failed) return;
    this.failed = true;
    this.stream.end(toStatus(error));
  }
}

function batchSize(edge: ClientEdge, payments: readonly CreatePaymentRequest[]): Reply<null> {
  const most = edge.ports.limits.maxPaymentsPerBatch;
  if (payments.length === 0) return invalid('PAYMENTS_MISSING', 'payments', 'Give at least one payment.');
  if (payments.length > most) return invalid('TOO_MANY_PAYMENTS', 'payments', `A batch has at most ${most} payments; this one has ${payments.length}.`);
  return accepted(null);
}

/** Replies in the order of the requests; fields of refusals are named within the batch. */
async function runBatch(coordinator: CoordinatorService, caller: Caller, requests: readonly CreatePaymentRequest[]): Promise<Replies> {
  const replies: Reply<PaymentResult>[] = [];
  const valid: PaymentRequest[] = [];
  const positions: number[] = [];
  requests.forEach((request, position) => {
    const payment = validatePayment(request);
    if (payment.ok) {
      valid.push(payment.value);
      positions.push(position);
    } else {
      replies[position] = payment;
    }
  });
  const answers = valid.length === 0 ? [] : await coordinator.createPayments(caller, valid);
  if (answers.length !== valid.length) throw new Error(`the coordinator answered ${answers.length} of ${valid.length} payments`);
  answers.forEach((answer, at) => {
    const position = positions[at] ?? 0;
    const request = requests[position];
    replies[position] = request === undefined ? answer : inRequestsWords(request, ownBalances(caller, answer));
  });
  return replies.map((reply, position) =>
    reply.ok || reply.error.field === null ? reply : { ok: false, error: { ...reply.error, field: `payments[${position}].${reply.error.field}` } },
  );
}
