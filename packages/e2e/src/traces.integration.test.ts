/** One payment, one trace: mas-client, Transaction Manager and Resource Managers send their spans to a collector, and all of them belong together. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { masClient } from './harness/command';
import { Cluster } from './harness/cluster';
import { Bank } from './testing/bank';
import { Pairs } from './testing/pairs';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly of: string;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'of'>[] }[];
  }[];
}

const spans: Span[] = [];
let collector: Server;
let cluster: Cluster;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      for (const { resource, scopeSpans } of (JSON.parse(Buffer.concat(chunks).toString()) as Export).resourceSpans) {
        const of = resource.attributes.find(({ key }) => key === 'service.instance.id')?.value.stringValue ?? '';
        for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, of })));
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  environment = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_BSP_SCHEDULE_DELAY: '200',
  };
  cluster = await Cluster.start({ environment: { ...environment, MAS_LOG_LEVEL: 'debug' } });
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
  collector?.closeAllConnections();
  collector?.close();
});

test('a payment across two buckets: one trace with the client\u2019s call, the steps, and the instructions where they were carried out', async () => {
  const bank = new Bank(cluster);
  const [[from = '', to = ''] = []] = (await Pairs.open(bank, 1)).take(1);
  const id = bank.mint(from);
  const paid = await masClient(['payment', 'create', '--id', id, '--from', from, '--to', to, '--amount', '1', '--json'], {
    ...environment,
    MAS_TC: cluster.addresses().join(','),
    MAS_CERT: join(cluster.certs(), 'ca.crt'),
    MAS_TOKEN: cluster.operatorToken(),
  });
  expect([paid.code, paid.stderr]).toEqual([0, '']);
  const traced = (): readonly Span[] => {
    const call = spans.find(({ of, name }) => of === 'mas-client' && name === 'mas.v1.AccountService/CreatePayment');
    return spans.filter(({ traceId }) => traceId === call?.traceId);
  };
  const names = (): readonly string[] =>
    traced()
      .map(({ of, name }) => `${of.replace(/-\d$/, '')} ${name}`)
      .sort();
  const expected = [
    'mas-client mas.v1.AccountService/CreatePayment',
    'rm decide-commit',
    'rm prepare',
    'tc begin',
    'tc decide',
    'tc payment',
    'tc prepare',
    'tc tell',
  ];
  await waitUntil('all spans have come', () => expected.every((name) => names().includes(name)), { diagnostics: () => names().join(', ') });
  const byId = new Map(traced().map((span) => [span.spanId, span]));
  const payment = traced().find(({ name }) => name === 'payment');
  expect(byId.get(payment?.parentSpanId ?? '')?.of).toBe('mas-client');
  for (const span of traced()) if (span !== payment && span.of !== 'mas-client') expect(byId.get(span.parentSpanId)?.name).toBe('payment');
  const ended = cluster
    .process('tm1')
    .lines()
    .find((line) => line.msg === 'payment ended' && line['paymentId'] === id);
  expect(ended?.['trace_id']).toBe(payment?.traceId);
});

test('a collector that does not answer costs spans, and no payment', async () => {
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
  const bank = new Bank(cluster);
  const pairs = (await Pairs.open(bank, 3)).take(3).slice(1);
  for (const [from, to] of pairs) expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
});
