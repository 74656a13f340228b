/**
 * Batches of payments over one stream, several in flight: the form with the highest throughput. It does not retry: when
 * the stream breaks, every open batch fails, and the caller sends its payments again with the same ids.
 */
import { status as Code, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import type { PaymentResult, Reply } from '@mas/transaction-coordinator';
import { fromServiceError, readStreamedReplies, readWire } from '@mas/rpc';
import { isNoConnection } from './connection-problem';
import { MasCallFailed } from './call-failed';

interface OpenBatch {
  resolve(replies: readonly Reply<PaymentResult>[]): void;
  reject(failure: MasCallFailed): void;
}

export class PaymentStream<Input> {
  private readonly open = new Map<number, OpenBatch>();
  private lastSequence = 0;
  private failure: MasCallFailed | null = null;

  /** @param encode one StreamPaymentsRequest under the given sequence. */
  constructor(
    private readonly stream: ClientDuplexStream<Buffer, Buffer>,
    private readonly encode: (sequence: number, payments: readonly Input[], timeoutMs: number) => Buffer,
  ) {
    stream.on('data', (bytes: Buffer) => this.answered(bytes));
    stream.on('error', (error: ServiceError) => this.fail(failureOf(error)));
    stream.on('end', () => this.fail(ENDED));
  }

  /** Independent payments; results in order. @throws MasCallFailed when the stream breaks: send again with the same ids. */
  send(payments: readonly Input[], timeoutMs: number): Promise<readonly Reply<PaymentResult>[]> {
    const { failure } = this;
    if (failure !== null) return Promise.reject(failure);
    this.lastSequence += 1;
    const sequence = this.lastSequence;
    return new Promise((resolve, reject) => {
      this.open.set(sequence, { resolve, reject });
      this.stream.write(this.encode(sequence, payments, timeoutMs));
    });
  }

  get isBroken(): boolean {
    return this.failure !== null;
  }

  /** Open batches fail. */
  cancel(): void {
    this.stream.cancel();
  }

  /** Open batches are still answered. */
  end(): void {
    this.stream.end();
  }

  private answered(bytes: Buffer): void {
    try {
      const { sequence, replies } = readWire(bytes, readStreamedReplies, 'tolerant');
      this.open.get(sequence)?.resolve(replies);
      this.open.delete(sequence);
    } catch (error) {
      this.fail(unreadable(error));
      this.stream.cancel();
    }
  }

  private fail(failure: MasCallFailed): void {
    this.failure ??= failure;
    for (const batch of this.open.values()) batch.reject(failure);
    this.open.clear();
  }
}

function unreadable(error: unknown): MasCallFailed {
  const message = `an answer on the stream cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  return new MasCallFailed(Code.INTERNAL, { kind: 'internal', reason: 'GRPC_INTERNAL', field: null, message, facts: {} }, 1, true);
}

const ENDED = new MasCallFailed(
  Code.UNAVAILABLE,
  { kind: 'unavailable', reason: 'GRPC_UNAVAILABLE', field: null, message: 'the stream has ended', facts: {} },
  1,
  true,
);

function failureOf(error: ServiceError): MasCallFailed {
  const { code, error: details } = fromServiceError(error);
  return new MasCallFailed(code, details, 1, !isNoConnection(details.message));
}
