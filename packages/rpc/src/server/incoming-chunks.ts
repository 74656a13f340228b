/** The chunks of one incoming snapshot as an async iterable: in order, each once, whole or failed. One consumer. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

type Taken = IteratorResult<Uint8Array, undefined>;

interface Waiter {
  resolve(taken: Taken): void;
  reject(error: Error): void;
}

export class IncomingChunks implements AsyncIterable<Uint8Array> {
  private queue: Uint8Array[] = [];
  private readonly hash = createHash('sha256');
  private received = 0;
  private consumed = 0;
  private state: 'open' | 'ended' | 'discarded' = 'open';
  private failure: Error | null = null;
  private waiter: Waiter | null = null;

  /** @param onConsumed hears the number of the first chunk that has not been consumed. */
  constructor(private readonly onConsumed: (nextSequence: number) => void) {}

  get nextSequence(): number {
    return this.received;
  }

  /** Repeated chunks are ignored. @throws when a chunk is damaged or out of order. */
  put(sequence: number, data: Uint8Array, expectedCrc32: number): void {
    if (this.state !== 'open' || this.failure !== null || sequence < this.received) return;
    if (sequence > this.received) throw new Error(`chunk ${sequence} came, ${this.received} is next`);
    if (crc32(data) !== expectedCrc32) throw new Error(`chunk ${sequence} is damaged`);
    this.hash.update(data);
    this.received += 1;
    this.queue.push(data);
    this.serve();
  }

  /** Ends the iteration, or fails it when what has arrived is not what was sent. */
  end(chunks: number, sha256: Uint8Array): void {
    if (this.state !== 'open' || this.failure !== null) return;
    if (chunks !== this.received || Buffer.compare(this.hash.digest(), sha256) !== 0) return this.fail(new Error('the snapshot is not whole'));
    this.state = 'ended';
    this.serve();
  }

  fail(error: Error): void {
    if (this.state !== 'open' || this.failure !== null) return;
    this.failure = error;
    this.queue = [];
    this.serve();
  }

  /** The consumer is done, whether or not it has taken everything. */
  discard(): void {
    this.state = 'discarded';
    this.queue = [];
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () =>
        new Promise<Taken>((resolve, reject) => {
          this.waiter = { resolve, reject };
          this.serve();
        }),
      return: () => {
        this.discard();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  private serve(): void {
    const { waiter } = this;
    if (waiter === null) return;
    const chunk = this.queue.shift();
    if (chunk !== undefined) {
      this.waiter = null;
      this.consumed += 1;
      this.onConsumed(this.consumed);
      waiter.resolve({ done: false, value: chunk });
    } else if (this.failure !== null) {
      this.waiter = null;
      waiter.reject(this.failure);
    } else if (this.state !== 'open') {
      this.waiter = null;
      waiter.resolve({ done: true, value: undefined });
    }
  }
}
