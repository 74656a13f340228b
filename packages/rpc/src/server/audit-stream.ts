/** NodeService/Audit: one request, then how far the audit has come, every second, and its report. */
import type { CoordinatorService } from '@mas/transaction-coordinator';
import type { StreamMethod } from '../door/methods';
import { AuditRequest } from '../generated/mas/v1/node_service';
import { writeAuditEvent, type AuditEvent } from '../public/audit-messages';
import type { ClientEdge } from './client-edge';
import { operatorStream } from './operator-stream';

export function auditStream(edge: ClientEdge, coordinator: CoordinatorService): StreamMethod {
  return operatorStream(edge, async (call, bytes) => {
    const request = edge.decode(bytes, (each) => AuditRequest.decode(each));
    if (!request.ok) return request;
    const charged = edge.charge(call.caller.subject, 1);
    if (!charged.ok) return charged;
    const write = (event: AuditEvent): Promise<void> => call.write(edge.encode(event, writeAuditEvent));
    const reply = await coordinator.audit(call.caller, {
      isFull: request.value.full,
      signal: call.ended(),
      onProgress: (progress) => {
        if (!call.isUnread) void write({ kind: 'progress', progress });
      },
    });
    if (reply.ok) await write({ kind: 'report', report: reply.value });
    return reply;
  });
}
