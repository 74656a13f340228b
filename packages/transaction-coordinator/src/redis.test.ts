/** Redis is an index: silent, emptied or away it costs a bounded moment and no money, no answer and no identity. */
import { paymentKey, silentLogger } from '@mas/values';
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
  expect(await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: request.id }))).toMatchObject({
    ok: true,
    value: { state: 'COMMITTED' },
  });
  rig.coordinator.start();
  await rig.clock.pass(100);
  expect(rig.dao.map?.version).toBe(1);
  expect(rig.balance(from)).toBe(90n);
  await rig.clock.until(rig.coordinator.stop(100));
});

test('an entry that has expired costs a look at its home: the answer stays, and so does the trace, whoever asks again', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const [paid, refused] = [rig.request(from, to, 10n), rig.request(from, to, 1_000n)];
  for (const request of [paid, refused]) {
    const answer = await rig.pay(request);
    await rig.clock.pass(2_000);
    rig.dao.drop(paymentKey('mas|ops', request.id));
    const view = async (): Promise<unknown> => {
      const reply = await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: request.id }));
      return reply.ok ? [reply.value.state, reply.value.endedAtMs, reply.value.timeline] : reply.error.reason;
    };
    const before = await view();
    expect(before).toEqual([
      request === paid ? 'COMMITTED' : 'ABORTED',
      expect.any(Number),
      expect.arrayContaining([expect.objectContaining({ step: 'decided' })]),
    ]);
    await rig.clock.pass(1_000);
    for (const coordinator of [rig.coordinator, rig.another('tc-2')]) {
      expect(await rig.clock.until(coordinator.createPayment(rig.caller(), request))).toEqual(answer);
      await rig.clock.pass(2_000);
      expect(await view()).toEqual(before);
    }
  }
  expect([...rig.dao.entries.values()]).toEqual([]);
  expect([rig.balance(from), rig.balance(to)]).toEqual([90n, 10n]);
  expect(rig.leftovers()).toEqual([]);
});

test('a Redis that refuses is told of once, and once when it takes entries again', async () => {
  const told: string[] = [];
  const tell = (_: unknown, message: string): void => void told.push(message);
  const rig = new Rig({ logger: { ...silentLogger, info: tell, warn: tell } });
  const [from, to] = [rig.open(1, 1_000n), rig.open(2, 0n)];
  rig.dao.mood = 'refuse';
  for (let times = 0; times < 30; times += 1) {
    expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
    await rig.clock.pass(1_000);
  }
  rig.dao.mood = 'well';
  for (let times = 0; times < 3; times += 1) {
    expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
    await rig.clock.pass(1_000);
  }
  expect(told).toEqual(['Redis is silent or takes nothing; payments go on without it', 'Redis takes entries of payments again']);
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
