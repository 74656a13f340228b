/** A payment between the question and its answer: its bytes, its deadline, and what its attempts have met. It ends once: with a reply, at its deadline, or as its caller's signal says. */
import { status as Code } from '@grpc/grpc-js';
import type { PaymentResult, RequestError } from '@mas/transaction-coordinator';
import { onAbort } from '../calls/aborts';
import type { Attempts } from '../calls/attempts';
import { MasCallFailed, notWanted } from '../calls/call-failed';

export type Unsure = Extract<PaymentResult, { readonly kind: 'unknown' }>;

export interface Ending {
  resolve(result: PaymentResult): void;
  reject(failure: MasCallFailed): void;
}

export class WaitingPayment {
  hasEnded = false;
  /** Its reply was lost with a stream: only a call says whether the payment itself is to blame. */
  asksByCall = false;
  /** How often it was sent. */
  sent = 0;
  private isUnderWay = false;
  private mayHaveHappened = false;
  private unsure: Unsure | null = null;
  private lastError: RequestError | null = null;
  private attempts: Attempts | null = null;
  private timer: NodeJS.Timeout | null;
  private readonly unwatch: () => void;

  constructor(
    readonly bytes: Uint8Array,
    readonly deadlineMs: number,
    readonly signal: AbortSignal | undefined,
    private readonly ending: Ending,
  ) {
    this.timer = setTimeout(() => this.giveUp(), this.leftMs);
    this.unwatch = onAbort(signal, () => this.end(() => this.ending.reject(notWanted(this.sent, this.perhapsDone))));
  }

  /** Whole milliseconds, at least one. */
  get leftMs(): number {
    return Math.max(1, Math.ceil(this.deadlineMs - performance.now()));
  }

  sends(): void {
    this.sent += 1;
    this.isUnderWay = true;
  }

  /** A call keeps its deadline from here on. */
  leaveDeadline(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  succeed(result: PaymentResult): void {
    this.end(() => this.ending.resolve(result));
  }

  /** What is unknown stays so, whatever keeps it from being asked about; and what may have happened is never called "not done". */
  fail({ code, error, attempts, mayHaveHappened }: MasCallFailed): void {
    this.isUnderWay = false;
    this.mayHaveHappened ||= mayHaveHappened;
    const isSilence = error.kind === 'unavailable' || error.kind === 'deadline-exceeded';
    if (this.unsure !== null && isSilence) this.succeed(this.unsure);
    else this.end(() => this.ending.reject(new MasCallFailed(code, error, Math.max(this.sent, attempts), this.mayHaveHappened)));
  }

  /** The stream is gone, and the reply with it. */
  loseReply(failure: MasCallFailed): void {
    this.isUnderWay = false;
    this.asksByCall = true;
    this.mayHaveHappened ||= failure.mayHaveHappened;
  }

  unknown(unsure: Unsure): void {
    this.isUnderWay = false;
    this.asksByCall = false;
    this.mayHaveHappened = true;
    this.unsure = unsure;
  }

  /** A Transaction Manager could not do it now. @returns false: it has ended with this */
  mayAskAgain(error: RequestError, at: { readonly index: number; readonly address: string }, fresh: () => Attempts): boolean {
    this.isUnderWay = false;
    this.asksByCall = false;
    this.lastError = error;
    this.attempts ??= fresh();
    this.attempts.met(error);
    this.mayHaveHappened ||= this.attempts.mayHaveHappened;
    const end = this.attempts.failed(at.index, at.address, error, performance.now());
    if (end !== null) this.fail(new MasCallFailed(Code.UNAVAILABLE, end, this.sent));
    return end === null;
  }

  /** Its time is over. */
  giveUp(): void {
    const advice = this.perhapsDone ? ': its outcome is unknown, ask again with the same id' : '';
    const message = `the time of the call was over before the payment was answered${advice}`;
    const late: RequestError = { kind: 'deadline-exceeded', reason: 'GRPC_DEADLINE_EXCEEDED', field: null, message, facts: {} };
    const error = this.isUnderWay ? late : (this.lastError ?? late);
    this.fail(new MasCallFailed(error === late ? Code.DEADLINE_EXCEEDED : Code.UNAVAILABLE, error, this.sent, this.perhapsDone));
  }

  private get perhapsDone(): boolean {
    return this.mayHaveHappened || this.isUnderWay;
  }

  private end(say: () => void): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.leaveDeadline();
    this.unwatch();
    say();
  }
}
