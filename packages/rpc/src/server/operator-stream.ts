/**
 * A call of an operator’s with one request and, as the work goes on, one answer after the other. No deadline is asked for, and none but the caller’s own ends it: what comes
 * keeps the call alive, and a caller that is gone ends the work.
 */
import type { Caller, Reply, RequestError } from '@mas/transaction-coordinator';
import type { ServerStream, StreamMethod } from '../door/methods';
import { invalid, refused } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { requireOperator, subjectName, type ClientEdge } from './client-edge';

/** What becomes of the request; everything but the last is written by it. */
export type OperatorWork = (call: OperatorCall, request: Buffer) => Promise<Reply<unknown>>;

export function operatorStream(edge: ClientEdge, work: OperatorWork): StreamMethod {
  return {
    kind: 'stream',
    begin: (head) => {
      const subject = edge.authenticate(head);
      if (!subject.ok) return { ok: false, status: toStatus(subject.error) };
      const operator = requireOperator(subject.value.subject);
      if (!operator.ok) return { ok: false, status: toStatus(operator.error) };
      if (head.deadlineMs <= edge.ports.clock.monotonicMs())
        return { ok: false, status: toStatus(refused('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived.').error) };
      const caller = { ...subject.value, deadlineMs: head.deadlineMs };
      return { ok: true, caller: subjectName(caller.subject), value: (stream) => new OperatorCall(edge, caller, stream).start(work) };
    },
  };
}

export class OperatorCall {
  private hasBegun = false;
  private unread = 0;

  constructor(
    private readonly edge: ClientEdge,
    readonly caller: Caller,
    private readonly stream: ServerStream,
  ) {}

  start(work: OperatorWork): void {
    this.stream.listen({
      message: (bytes, release) => {
        release();
        if (this.hasBegun) return this.fail(ONE_REQUEST);
        this.hasBegun = true;
        this.run(work, bytes).catch((error: unknown) => this.fail(this.edge.surprise(error)));
      },
      end: () => {
        if (!this.hasBegun) this.fail(ONE_REQUEST);
      },
      closed: () => undefined,
    });
  }

  /** What was written has not left: its caller is slower than the work. */
  get isUnread(): boolean {
    return this.unread > 0;
  }

  /** Aborted once the call is over. */
  ended(): AbortSignal {
    return this.stream.ended();
  }

  /** Resolves once it has left, or the call is over. */
  write(bytes: Buffer): Promise<void> {
    const signal = this.stream.ended();
    if (signal.aborted) return Promise.resolve();
    this.unread += 1;
    return new Promise((resolve) => {
      const done = (): void => {
        this.unread -= 1;
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.stream.write(bytes, done);
    });
  }

  private async run(work: OperatorWork, request: Buffer): Promise<void> {
    const reply = await work(this, request);
    if (reply.ok) this.stream.end();
    else this.fail(reply.error);
  }

  private fail(error: RequestError): void {
    this.stream.end(toStatus(error));
  }
}

const ONE_REQUEST = invalid('REQUEST_MALFORMED', '', 'The call takes one request.').error;
