/**
 * NodeService/Audit: one request, then how far the audit has come, every second, and its report. No deadline is asked for, and none but the caller's own ends it:
 * what comes keeps the call alive, and a caller that is gone ends the work.
 */
import type { Caller, CoordinatorService, RequestError } from '@mas/transaction-coordinator';
import type { CallHead, ServerStream, StreamMethod } from '../door/methods';
import { invalid, refused } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { AuditRequest } from '../generated/mas/v1/node_service';
import { writeAuditEvent, type AuditEvent } from '../public/audit-messages';
import { requireOperator, subjectName, type ClientEdge } from './client-edge';

export function auditStream(edge: ClientEdge, coordinator: CoordinatorService): StreamMethod {
  return {
    kind: 'stream',
    begin: (head) => {
      const subject = edge.authenticate(head);
      if (!subject.ok) return { ok: false, status: toStatus(subject.error) };
      const operator = requireOperator(subject.value.subject);
      if (!operator.ok) return { ok: false, status: toStatus(operator.error) };
      if (isOver(edge, head))
        return { ok: false, status: toStatus(refused('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived.').error) };
      const caller = { ...subject.value, deadlineMs: head.deadlineMs };
      return { ok: true, caller: subjectName(caller.subject), value: (stream) => new AuditCall(edge, coordinator, caller, stream).start() };
    },
  };
}

function isOver({ ports }: ClientEdge, { deadlineMs }: CallHead): boolean {
  return deadlineMs <= ports.clock.monotonicMs();
}

class AuditCall {
  private hasBegun = false;
  /** Of what was written last, by a caller that is slower than its audit. */
  private isUnread = false;

  constructor(
    private readonly edge: ClientEdge,
    private readonly coordinator: CoordinatorService,
    private readonly caller: Caller,
    private readonly stream: ServerStream,
  ) {}

  start(): void {
    this.stream.listen({
      message: (bytes, release) => {
        release();
        this.asked(bytes);
      },
      end: () => {
        if (!this.hasBegun) this.fail(ONE_REQUEST);
      },
      closed: () => undefined,
    });
  }

  private asked(bytes: Buffer): void {
    if (this.hasBegun) return this.fail(ONE_REQUEST);
    this.hasBegun = true;
    const request = this.edge.decode(bytes, (each) => AuditRequest.decode(each));
    if (!request.ok) return this.fail(request.error);
    const charged = this.edge.charge(this.caller.subject, 1);
    if (!charged.ok) return this.fail(charged.error);
    this.run(request.value.full).catch((error: unknown) => this.fail(this.edge.surprise(error)));
  }

  private async run(isFull: boolean): Promise<void> {
    const reply = await this.coordinator.audit(this.caller, {
      isFull,
      signal: this.stream.ended(),
      onProgress: (progress) => {
        if (!this.isUnread) this.write({ kind: 'progress', progress });
      },
    });
    if (!reply.ok) return this.fail(reply.error);
    this.write({ kind: 'report', report: reply.value });
    this.stream.end();
  }

  private write(event: AuditEvent): void {
    this.isUnread = true;
    this.stream.write(this.edge.encode(event, writeAuditEvent), () => {
      this.isUnread = false;
    });
  }

  private fail(error: RequestError): void {
    this.stream.end(toStatus(error));
  }
}

const ONE_REQUEST = invalid('REQUEST_MALFORMED', '', 'The call takes one request.').error;
