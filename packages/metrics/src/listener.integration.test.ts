/** The listener from outside: three pages, nothing else, and what a caller does or omits costs nothing that has no bound. */
import { connect, type Socket } from 'node:net';
import { silentLogger } from '@mas/values';
import { definitionsFor } from './definition';
import { listenForScrapes, type MetricsListener } from './listener';
import { MetricsPage } from './page';

const { gauge } = definitionsFor<number>();
let listener: MetricsListener;
let isReady = false;
let fails = false;
/** Each text is made anew. */
let nowMs = 0;

beforeAll(async () => {
  const page = new MetricsPage(() => (nowMs += 1_000));
  page.add([gauge('t_answer', 'The answer', (number) => number)], () => {
    if (fails) throw new Error('a source is broken');
    return 42;
  });
  listener = await listenForScrapes({ host: '127.0.0.1', port: 0, page, isReady: () => isReady, logger: silentLogger });
});
afterAll(() => listener.close());

const ask = (path: string, options: RequestInit = {}): Promise<Response> => fetch(`http://127.0.0.1:${listener.port}${path}`, options);

/** What comes back to these bytes until the other end closes; null: it stayed open for `forMs`. */
function raw(text: string, forMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket: Socket = connect(listener.port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(null);
    }, forMs);
    socket.on('data', (bytes) => (heard += bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(heard);
    });
  });
}

test('metrics, health and readiness', async () => {
  const metrics = await ask('/metrics');
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await metrics.text()).toContain('t_answer 42');
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/readyz')).status).toBe(503);
  isReady = true;
  expect((await ask('/readyz')).status).toBe(200);
  expect(await (await ask('/metrics', { method: 'HEAD' })).text()).toBe('');
});

test('a source that fails is an answer, and ends nothing', async () => {
  fails = true;
  expect((await ask('/metrics')).status).toBe(500);
  fails = false;
  expect((await ask('/metrics')).status).toBe(200);
});

test.each([
  ['/', 'GET', 404],
  ['/metrics/', 'GET', 404],
  ['/metrics?x=1', 'GET', 404],
  ['/../etc/passwd', 'GET', 404],
  ['/metrics', 'DELETE', 405],
  ['/readyz', 'OPTIONS', 405],
])('%s by %s is %d', async (path, method, status) => {
  expect((await ask(path, { method })).status).toBe(status);
});

test('a body is not read: the answer comes before it, and the connection goes', async () => {
  const heard = await raw('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n', 20_000);
  expect(heard).toMatch(/^HTTP\/1\.1 413 /);
  expect(await raw('POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', 20_000)).toMatch(/^HTTP\/1\.1 405 /);
});

test('a head that is too long, no HTTP at all, or half a head: the connection goes', async () => {
  expect(await raw(`GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 20_000)).toBe('');
  expect(await raw('\u0016\u0003\u0001 hello', 20_000)).toBe('');
  expect(await raw('GET /metrics HTTP/1.1\r\nHo', 60_000)).not.toBeNull();
}, 120_000);

test('of connections that say nothing there are only so many, and a scraper gets in once they are gone', async () => {
  const sockets = Array.from({ length: 100 }, () => connect(listener.port, '127.0.0.1').on('error', () => undefined));
  const open = new Set(sockets);
  for (const socket of sockets) socket.on('close', () => open.delete(socket));
  const untilMs = Date.now() + 30_000;
  while (open.size > 32 && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(open.size).toBeLessThanOrEqual(32);
  for (const socket of sockets) socket.destroy();
  while (Date.now() < untilMs) {
    const status = await ask('/healthz').then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nobody gets in any more');
}, 60_000);
