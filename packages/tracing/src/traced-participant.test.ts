/** A Resource Manager's spans: one for each traced instruction, from arrival to reply, whatever becomes of it; the rest passes as if nothing were there. */
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { bucketId } from '@mas/values';
import { tracingIsOn } from './start-tracing';
import { tracedParticipant } from './traced-participant';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const REPLY: ParticipantReply = { kind: 'outcomes', outcomes: [], semanticsVersion: null };
const request = {
  kind: 'instructions',
  bucket: bucketId(2),
  phase: 'phase-1',
  items: [
    { instruction: { kind: 'prepare' }, token: null, traceparent: PARENT },
    { instruction: { kind: 'prepare' }, token: null },
  ],
} as unknown as ParticipantRequest;

function rig(handle: () => Promise<ParticipantReply>) {
  const exporter = new InMemorySpanExporter();
  const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('test');
  return { participant: tracedParticipant({ handle }, tracer), spans: () => exporter.getFinishedSpans() };
}

test('one span for what is traced, in the payment\u2019s trace', async () => {
  const { participant, spans } = rig(() => Promise.resolve(REPLY));
  expect(await participant.handle(request, 'tm')).toBe(REPLY);
  expect(spans().map(({ name, attributes, parentSpanContext }) => [name, attributes['mas.bucket'], parentSpanContext?.spanId])).toEqual([
    ['prepare', 2, 'b7ad6b7169203331'],
  ]);
});

test('one that fails ends as well, and what is no instruction has none', async () => {
  const { participant, spans } = rig(() => Promise.reject(new Error('broken')));
  await expect(participant.handle(request, 'tm')).rejects.toThrow('broken');
  await expect(participant.handle({ kind: 'status' }, 'tm')).rejects.toThrow('broken');
  expect(spans()).toHaveLength(1);
});

test.each<[Record<string, string>, boolean]>([
  [{}, false],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' }, true],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, false],
  [{ OTEL_SERVICE_NAME: 'x' }, false],
])('%j: on is %p', (environment, isOn) => {
  expect(tracingIsOn(environment)).toBe(isOn);
});
