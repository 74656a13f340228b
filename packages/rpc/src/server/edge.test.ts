/** Rates per subject, the bounds of the listener, and which descriptors reflection finds. */
import { Metadata } from '@grpc/grpc-js';
import { systemClock } from '@mas/testkit/clock';
import { ok, silentLogger } from '@mas/values';
import { DESCRIPTOR_SET_BASE64 } from '../generated/descriptor-set';
import { ClientEdge } from './client-edge';
import { DescriptorIndex } from './descriptor-index';
import { edgeLimits } from './edge-limits';
import { RateLimiter } from './rate-limiter';

describe('rates', () => {
  test('a burst at once, then as much as has been refilled', () => {
    const rates = new RateLimiter(10, 5, 100);
    expect([1, 2, 3, 4, 5, 6].map(() => rates.take('a', 1, 0))).toEqual([true, true, true, true, true, false]);
    expect(rates.take('a', 1, 99)).toBe(false);
    expect(rates.take('a', 1, 200)).toBe(true);
    expect(rates.take('b', 5, 200)).toBe(true);
  });
  test('what is refused costs nothing; idling saves up one burst only', () => {
    const rates = new RateLimiter(10, 5, 100);
    expect(rates.take('a', 6, 0)).toBe(false);
    expect(rates.take('a', 5, 0)).toBe(true);
    expect(rates.take('a', 6, 1_000_000)).toBe(false);
  });
  test('the longest silent subject is forgotten first', () => {
    const rates = new RateLimiter(1, 1, 2);
    rates.take('a', 1, 0);
    rates.take('b', 1, 0);
    rates.take('a', 1, 0);
    rates.take('c', 1, 0);
    expect(rates.take('a', 1, 0)).toBe(false);
    expect(rates.take('b', 1, 0)).toBe(true);
  });
});

test('every wrong bound is named', () => {
  expect(edgeLimits().ok).toBe(true);
  const wrong = edgeLimits({ maxDeadlineMs: 0, ratePerSecond: 1.5, rateBurst: 1 });
  expect(wrong).toMatchObject({
    ok: false,
    error: [expect.stringContaining('maxDeadlineMs'), expect.stringContaining('ratePerSecond'), expect.stringContaining('rateBurst')],
  });
});

describe('descriptors', () => {
  const index = new DescriptorIndex(Buffer.from(DESCRIPTOR_SET_BASE64, 'base64'));
  test.each([
    ['mas.v1.AccountService', 'mas/v1/account_service.proto'],
    ['mas.v1.AccountService.CreatePayment', 'mas/v1/account_service.proto'],
    ['mas.v1.LegEffect', 'mas/v1/payment.proto'],
    ['google.rpc.BadRequest.FieldViolation', 'google/rpc/error_details.proto'],
    ['mas.v1.Nothing', undefined],
  ])('%s', (symbol, file) => {
    expect(index.fileOfSymbol(symbol)).toBe(file);
  });
  test('a file comes with everything it imports, once', () => {
    const files = index.fileWithImports('mas/v1/account_service.proto');
    expect(files.length).toBeGreaterThanOrEqual(6);
    expect(new Set(files.map((each) => each.toString('hex'))).size).toBe(files.length);
    expect(index.fileWithImports('no.proto')).toEqual([]);
  });
});

test('two authorization headers: neither counts', () => {
  const limits = edgeLimits();
  if (!limits.ok) throw new Error(limits.error.join());
  const edge = new ClientEdge({
    tokens: { verify: () => ok({ kind: 'operator', name: 'ops' }) },
    limits: limits.value,
    clock: systemClock,
    logger: silentLogger,
  });
  const head = (isRepeated: boolean): Parameters<typeof edge.authenticate>[0] => ({
    header: () => 'Bearer a.b.c',
    isRepeated: () => isRepeated,
    certificate: () => undefined,
    metadata: () => new Metadata(),
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  expect(edge.authenticate(head(false)).ok).toBe(true);
  expect(edge.authenticate(head(true))).toMatchObject({ ok: false, error: { kind: 'unauthenticated', reason: 'TOKEN_INVALID' } });
});

describe('deadlines', () => {
  const limits = edgeLimits();
  if (!limits.ok) throw new Error(limits.error.join());
  const edge = new ClientEdge({
    tokens: { verify: () => ok({ kind: 'operator', name: 'ops' }) },
    limits: limits.value,
    clock: systemClock,
    logger: silentLogger,
  });
  const head = { header: () => 'Bearer a.b.c', isRepeated: () => false, certificate: () => undefined, metadata: () => new Metadata() };
  test.each([0, -1, -60_000])('one that ends in %s ms has passed: DEADLINE_EXCEEDED, before anything is asked', (leftMs) => {
    const deadline = systemClock.monotonicMs() + leftMs;
    expect(edge.admit({ ...head, deadlineMs: deadline })).toMatchObject({ ok: false, error: { kind: 'deadline-exceeded', reason: 'DEADLINE_EXCEEDED' } });
  });
});
