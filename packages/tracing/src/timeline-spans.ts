/** The steps that a payment's timeline has, as spans within the payment's: made when it has ended, with the times that they had. */
import { SpanKind, type Span, type Tracer } from '@opentelemetry/api';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import { contextWithin } from './context';

/** A step that ends something, what began it, and what the span of both is called. */
const ENDS: Readonly<Record<string, readonly [begins: string, name: string]>> = {
  journaled: ['received', 'begin'],
  'redis-silent': ['received', 'begin'],
  prepared: ['prepare-sent', 'prepare'],
  'prepare-refused': ['prepare-sent', 'prepare'],
  decided: ['decide-sent', 'decide'],
  told: ['tell-sent', 'tell'],
};
const BEGINS: ReadonlySet<string> = new Set(Object.values(ENDS).map(([begins]) => begins));

/** @returns when the payment ended, by the wall clock */
export function addTimeline(tracer: Tracer, span: Span, { timeline, createdAtMs }: Pick<TransactionEntry, 'timeline' | 'createdAtMs'>): number {
  const firstMs = timeline[0]?.atMs ?? 0;
  // Steps have monotonic times; the entry has the wall clock's when the first of them was.
  const wallMs = (atMs: number): number => createdAtMs + (atMs - firstMs);
  const within = contextWithin(span);
  let lastMs = createdAtMs;
  for (const [at, { step, atMs, bucket, detail }] of timeline.entries()) {
    lastMs = Math.max(lastMs, wallMs(atMs));
    const end = ENDS[step];
    if (end === undefined) {
      if (!BEGINS.has(step)) span.addEvent(step, attributes(bucket, null), wallMs(atMs));
      continue;
    }
    const [begins, name] = end;
    const begun = timeline.slice(0, at).findLast((earlier) => earlier.step === begins && (begins === 'received' || earlier.bucket === bucket));
    const startTime = wallMs(begun?.atMs ?? atMs);
    tracer
      .startSpan(
        name,
        { kind: begins === 'received' ? SpanKind.INTERNAL : SpanKind.CLIENT, startTime, attributes: attributes(bucket, step === 'decided' ? detail : null) },
        within,
      )
      .end(wallMs(atMs));
  }
  return lastMs;
}

function attributes(bucket: number | null, outcome: string | null): Record<string, string | number> {
  return { ...(bucket === null ? {} : { 'mas.bucket': bucket }), ...(outcome === null ? {} : { 'mas.outcome': outcome }) };
}
