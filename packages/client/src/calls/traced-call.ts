/**
 * A call as a span of whoever has set OpenTelemetry up in this process, with the W3C trace context for the server to go on with. Without that
 * its spans are nothing, and the call goes as it is.
 */
import { isSpanContextValid, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Metadata } from '@grpc/grpc-js';

const TRACER = trace.getTracer('mas-client');

/** @param call asks for the metadata of each attempt */
export async function tracedCall<Answer>(
  path: string,
  metadata: () => Metadata,
  reasonOf: (error: unknown) => string,
  call: (metadata: () => Metadata) => Promise<Answer>,
): Promise<Answer> {
  const span = TRACER.startSpan(path.slice(1), { kind: SpanKind.CLIENT });
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) return call(metadata);
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  try {
    return await call(() => {
      const own = metadata().clone();
      own.set('traceparent', traceparent);
      return own;
    });
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) });
    throw error;
  } finally {
    span.end();
  }
}
