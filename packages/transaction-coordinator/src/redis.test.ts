/** Redis is an index: silent, emptied or away it costs a bounded moment and no money, no answer and no identity. */
import { paymentKey } from '@mas/values';
import { Rig, verdict } from './testing/rig';

test.each(['hang', 'refuse'] as const)('Redis that does %s: payments go on within 20 ms, the next ones without waiting', async (mood) => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.dao.mood = mood;
  const startMs = rig.clock.monotonicMs();
  expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
  expect(rig.clock.monotonicMs() - startMs).toBeLessThanOrEqual(20 + 3);
  const secondMs = rig.clock.monotonicMs();
  expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
  expect(rig.clock.monotonicMs() - secondMs).toBeLessThanOrEqual(3);
  expect(rig.coordinator.counters.redisSilences).toBe(2);
});

test('after the quiet period Redis is tried again and shows payments as before', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.dao.mood = 'refuse';
  await rig.pay(rig.request(from, to, 10n));
  rig.dao.mood = 'well';
  await rig.clock.pass(1_000);
  const request = rig.request(from, to, 10n);
  expect(verdict(await rig.pay(request))).toBe('committed');
  await rig.clock.pass(300);
  expect(rig.dao.entries.get(paymentKey('mas|ops', request.id))?.state).toBe('COMMITTED');
  // The one that ended while Redis was away was written as soon as it was back.
  expect([...rig.dao.entries.values()].map((entry) => entry.state)).toEqual(['COMMITTED', 'COMMITTED']);
});

test('a queue of terminal entries is bounded; what does not fit is counted, and found at home', async () => {
  const rig = new Rig({ config: { maxRecordsQueued: 2 } });
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.dao.mood = 'refuse';
  const requests = Array.from({ length: 6 }, () => rig.request(from, to, 1n));
  await rig.clock.until(rig.coordinator.createPayments(rig.caller(), requests));
  await rig.clock.pass(500);
  expect(rig.coordinator.counters.recordsDropped).toBeGreaterThan(0);
  const view = await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: requests[5]!.id }));
  expect(view).toMatchObject({ ok: true, value: { state: 'COMMITTED' } });
});

test('emptied in the middle: idempotency, routing and answers stay, and the placement is published again', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 10n);
  await rig.pay(request);
  await rig.clock.pass(50);
  rig.dao.flush();
  expect(verdict(await rig.pay(request))).toBe('committed');
  expect(await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: request.id }))).toMatchObject({ ok: true, value: { state: 'COMMITTED' } });
  rig.coordinator.start();
  await rig.clock.pass(100);
  expect(rig.dao.map?.version).toBe(1);
  expect(rig.balance(from)).toBe(90n);
  await rig.clock.until(rig.coordinator.stop(100));
});

test('a stopped coordinator turns payments away and has written what it had', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const last = rig.coordinator.createPayment(rig.caller(), rig.request(from, to, 10n));
  const stopped = rig.coordinator.stop(5_000);
  expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('error SHUTTING_DOWN');
  await rig.clock.until(stopped);
  expect(verdict(await rig.clock.until(last))).toBe('committed');
  expect([...rig.dao.entries.values()].map((entry) => entry.state)).toEqual(['COMMITTED']);
  expect(rig.leftovers()).toEqual([]);
});
