/** Around a Resource Manager's door: a span for each instruction whose payment is traced, from its arrival to its reply. */
import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { ParticipantReply, ParticipantRequest, ParticipantServer } from '@mas/two-phase-commit';
import { contextOf } from './context';

type Instructions = Extract<ParticipantRequest, { readonly kind: 'instructions' }>;

export function tracedParticipant(participant: ParticipantServer, tracer: Tracer): ParticipantServer {
  return {
    handle: (request, caller, passage) => {
      const handled = (): Promise<ParticipantReply> =>
        passage === undefined ? participant.handle(request, caller) : participant.handle(request, caller, passage);
      if (request.kind !== 'instructions') return handled();
      const end = begin(request, tracer);
      return end === null ? handled() : handled().finally(end);
    },
  };
}

function begin({ items, bucket }: Instructions, tracer: Tracer): (() => void) | null {
  const spans = items.flatMap(({ instruction, traceparent }) => {
    if (traceparent === undefined) return [];
    return [tracer.startSpan(instruction.kind, { kind: SpanKind.SERVER, attributes: { 'mas.bucket': bucket } }, contextOf(traceparent))];
  });
  if (spans.length === 0) return null;
  return () => {
    for (const span of spans) span.end();
  };
}
