/** The one stream of all batches: with the token and to the server that are preferred now. One that is not any more still answers what it has. */
import type { PaymentResult, Reply } from '@mas/transaction-coordinator';
import { MasCallFailed } from '../calls/call-failed';
import type { PaymentStream } from '../calls/payment-stream';
import type { CallLead, RetryingChannel } from '../calls/retrying-channel';

type Replies = readonly Reply<PaymentResult>[];

/** The ways that a payment can go. */
export interface PaymentWays {
  one(payment: Uint8Array, lead: CallLead): Promise<PaymentResult>;
  many(payments: readonly Uint8Array[], lead: CallLead): Promise<Replies>;
  openStream(): PaymentStream<Uint8Array>;
}

/** A stream keeps the process alive, so one that nobody uses ends. */
const IDLE_MS = 1_000;
const MAX_TIMEOUT_MS = 0xffff_ffff;

interface OpenStream {
  readonly stream: PaymentStream<Uint8Array>;
  readonly token: string;
  readonly at: number;
}

export class SharedStream {
  private open: OpenStream | null = null;
  private idle: NodeJS.Timeout | null = null;

  constructor(
    private readonly ways: PaymentWays,
    private readonly channel: RetryingChannel,
    private readonly token: string | undefined,
  ) {}

  /** @throws MasCallFailed when it has broken; then nobody has proved to be there any more */
  async send(payments: readonly Uint8Array[], timeoutMs: number): Promise<Replies> {
    const open = this.current();
    try {
      return await open.stream.send(payments, Math.min(timeoutMs, MAX_TIMEOUT_MS));
    } catch (error) {
      // Once for all batches that were open on it.
      if (this.open === open) {
        this.open = null;
        if (error instanceof MasCallFailed && error.error.reason.startsWith('GRPC_')) this.channel.leave(open.at);
      }
      throw error;
    }
  }

  /** Nothing is under way. */
  rest(): void {
    if (this.open === null || this.idle !== null) return;
    this.idle = setTimeout(() => {
      this.idle = null;
      this.open?.stream.end();
      this.open = null;
    }, IDLE_MS).unref();
  }

  private current(): OpenStream {
    if (this.idle !== null) clearTimeout(this.idle);
    this.idle = null;
    const token = this.channel.token(this.token);
    const at = this.channel.now().index;
    const { open } = this;
    if (open !== null && !open.stream.isBroken && open.token === token && open.at === at) return open;
    open?.stream.end();
    this.open = { stream: this.ways.openStream(), token, at };
    return this.open;
  }
}
