/** One payment, one trace: its steps with their times, its end, and a bound on what is open. */
import { InMemorySpanExporter, SimpleSpanProcessor, BasicTracerProvider, AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import type { Instruction } from '@mas/ledger';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import { bucketId, paymentKey, txnId, type PaymentKey } from '@mas/values';
import { PaymentTraces } from './payment-traces';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const KEY = paymentKey('mas|ops', '{alice}1');
const TXN = txnId('a'.repeat(64));
const CREATED_MS = Date.UTC(2030, 0, 1);

function rig(isOff = false) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(isOff ? { sampler: new AlwaysOffSampler() } : {}),
  });
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  return { traces: new PaymentTraces(provider.getTracer('test'), clock), clock, spans: () => exporter.getFinishedSpans() };
}

function entry(key: PaymentKey, state: TransactionEntry['state'] = 'COMMITTED'): TransactionEntry {
  const [one, two] = [bucketId(1), bucketId(2)];
  const step = (atMs: number, name: string, bucket: typeof one | null = null) => ({ atMs: 5_000 + atMs, step: name, bucket, detail: null });
  return {
    key,
    txn: TXN,
    body: { legs: [] } as unknown as TransactionEntry['body'],
    coordinator: 'tc-1',
    state,
    reason: null,
    createdAtMs: CREATED_MS,
    endedAtMs: null,
    commitUs: null,
    subTransactions: [],
    timeline: [
      step(0, 'received'),
      step(1, 'journaled'),
      step(1, 'prepare-sent', two),
      step(14, 'prepared', two),
      step(14, 'decide-sent', one),
      step(27, 'decided', one),
      step(27, 'answered'),
      step(27, 'tell-sent', two),
      step(40, 'told', two),
      step(40, 'ended'),
    ],
  };
}

test('the steps of a payment are spans within its own, which goes on with the caller\u2019s trace', () => {
  const { traces, spans } = rig();
  traces.begin(KEY, PARENT);
  traces.answered(KEY, 'committed', false);
  expect(spans()).toEqual([]);
  traces.ended(entry(KEY));
  const all = spans();
  const payment = all.find(({ name }) => name === 'payment');
  expect(payment?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  expect(payment?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(payment?.attributes).toMatchObject({ 'mas.payment.id': '{alice}1', 'mas.txn': TXN, 'mas.outcome': 'COMMITTED' });
  const ms = ([seconds, nanos]: readonly [number, number]): number => Math.round(seconds * 1_000 + nanos / 1e6 - CREATED_MS);
  const steps = all.filter(({ name }) => name !== 'payment');
  expect(steps.map(({ name, startTime, endTime, attributes }) => [name, attributes['mas.bucket'], ms(startTime), ms(endTime)])).toEqual([
    ['begin', undefined, 0, 1],
    ['prepare', 2, 1, 14],
    ['decide', 1, 14, 27],
    ['tell', 2, 27, 40],
  ]);
  for (const step of steps) expect(step.parentSpanContext?.spanId).toBe(payment?.spanContext().spanId);
  expect(ms(payment?.endTime ?? [0, 0])).toBe(40);
});

test('instructions of a traced payment carry its context, by key and then by transaction; others carry none', () => {
  const { traces } = rig();
  const prepare = { kind: 'prepare', key: KEY, txn: TXN } as unknown as Instruction;
  const commit = { kind: 'commit', txn: TXN } as unknown as Instruction;
  expect(traces.traceparentOf(prepare)).toBeNull();
  traces.begin(KEY, PARENT);
  expect(traces.traceparentOf(commit)).toBeNull();
  expect(traces.traceparentOf(prepare)).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(traces.traceparentOf(commit)).toBe(traces.traceparentOf(prepare));
  expect(traces.traceIdOf(TXN)).toBe('0af7651916cd43dd8448eb211c80319c');
  traces.ended(entry(KEY));
  expect([traces.traceparentOf(prepare), traces.traceparentOf(commit), traces.traceIdOf(TXN)]).toEqual([null, null, null]);
});

test('a payment that is refused ends with the answer; what is not sampled is not there', () => {
  const { traces, spans } = rig();
  traces.begin(KEY, null);
  traces.answered(KEY, 'ACCOUNT_INVALID', true);
  expect(spans().map(({ name, status }) => [name, status.message])).toEqual([['payment', 'ACCOUNT_INVALID']]);
  const off = rig(true);
  off.traces.begin(KEY, null);
  expect(off.traces.traceparentOf({ kind: 'prepare', key: KEY, txn: TXN } as unknown as Instruction)).toBeNull();
  const notSampled = rig();
  notSampled.traces.begin(KEY, PARENT.replace(/01$/, '00'));
  expect(notSampled.traces.traceparentOf({ kind: 'prepare', key: KEY, txn: TXN } as unknown as Instruction)).toBeNull();
});

test('an entry that is still pending ends nothing, a nonsensical context begins a new trace, a repetition belongs to the first', () => {
  const { traces, spans } = rig();
  traces.begin(KEY, 'nonsense');
  traces.begin(KEY, PARENT);
  traces.ended(entry(KEY, 'PENDING'));
  expect(spans()).toEqual([]);
  traces.ended(entry(KEY));
  expect(spans().filter(({ name }) => name === 'payment')).toHaveLength(1);
  expect(spans()[0]?.spanContext().traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
});

test('what never ends is left after a minute', () => {
  const { traces, clock, spans } = rig();
  traces.begin(KEY, null);
  clock.nowMs = 61_000;
  traces.begin(paymentKey('mas|ops', '{alice}2'), null);
  expect(spans()).toHaveLength(1);
});
