/** Batching at every hop: few requests for many payments, and none of it delays a single payment. */
import { Rig, verdict } from './testing/rig';

const PAYMENTS = 1_000;

test('1,000 payments at once: a handful of Redis round trips and requests', async () => {
  const rig = new Rig();
  const payers = Array.from({ length: 50 }, (_, i) => rig.open(1 + (i % 3), 10_000n, `from${i}`));
  const payees = Array.from({ length: 50 }, (_, i) => rig.open(1 + ((i + 1) % 3), 0n, `to${i}`));
  const requests = Array.from({ length: PAYMENTS }, (_, i) => rig.request(payers[i % 50]!, payees[i % 50]!, 1n));
  const replies = await rig.clock.until(rig.coordinator.createPayments(rig.caller(), requests));
  expect(replies.map(verdict)).toEqual(requests.map(() => 'committed'));
  await rig.clock.pass(50);
  expect(rig.leftovers()).toEqual([]);
  // Three buckets, three rounds of instructions (prepare, decide, tell and acknowledge), each perhaps cut in two.
  expect(rig.coordinator.counters.instructionRequests).toBeLessThanOrEqual(24);
  expect(rig.coordinator.counters.instructionsSent).toBe(PAYMENTS * 4);
  expect(rig.dao.calls.begin).toBeLessThanOrEqual(2);
  expect(rig.dao.calls.record).toBeLessThanOrEqual(4);
});

test('a single payment waits for nothing: one round trip to Redis and two to buckets', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const startMs = rig.clock.monotonicMs();
  await rig.pay(rig.request(from, to, 1n));
  expect(rig.clock.monotonicMs() - startMs).toBe(0.5 + 1 + 1);
});

test('legs of a lone caller are told with his next payments, and after 10 ms where none follows', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const told = (): number => rig.cluster.instructionsOf('commit').length;
  await rig.pay(rig.request(from, to, 1n));
  await rig.clock.pass(9);
  expect(told()).toBe(0);
  await rig.clock.pass(1.5);
  expect([told(), rig.cluster.instructionsOf('acknowledge').length]).toEqual([1, 0]);
  await rig.clock.pass(20);
  expect([rig.coordinator.counters.instructionRequests, rig.cluster.instructionsOf('acknowledge').length]).toEqual([4, 1]);

  // The same bucket decides for the next one: what is to be told there goes with that, without delay.
  const back = rig.open(2, 100n, 'c');
  await rig.pay(rig.request(from, to, 1n));
  await rig.pay(rig.request(back, from, 1n));
  expect([told(), rig.coordinator.counters.instructionRequests]).toEqual([2, 4 + 2 + 2]);
  await rig.clock.pass(40);
  expect(rig.leftovers()).toEqual([]);
  expect(rig.coordinator.counters.instructionsSent).toBe(3 * 4);
});

test('many legs are told in one instruction, once the bucket has said that it takes it; counted are legs', async () => {
  const kinds = async (semanticsVersion: number | null): Promise<readonly string[]> => {
    const rig = new Rig();
    rig.cluster.semanticsVersion = semanticsVersion;
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    await rig.clock.until(
      rig.coordinator.createPayments(
        rig.caller(),
        Array.from({ length: 5 }, () => rig.request(from, to, 1n)),
      ),
    );
    await rig.clock.pass(40);
    expect(rig.leftovers()).toEqual([]);
    expect([rig.cluster.instructionsOf('commit').length, rig.cluster.instructionsOf('acknowledge').length, rig.coordinator.counters.instructionsSent]).toEqual([
      5, 5, 20,
    ]);
    // What a bucket takes it has said to its first PREPAREs, or DECIDEs.
    await rig.clock.until(
      rig.coordinator.createPayments(
        rig.caller(),
        Array.from({ length: 3 }, () => rig.request(from, to, 1n)),
      ),
    );
    await rig.clock.pass(40);
    expect(rig.leftovers()).toEqual([]);
    return rig.cluster.requests.flatMap((request) =>
      request.kind === 'instructions' ? [`${request.bucket} ${[...new Set(request.items.map(({ instruction }) => instruction.kind))].join()}`] : [],
    );
  };
  const single = ['2 prepare', '1 decide-commit', '2 commit', '1 acknowledge'];
  const many = ['2 prepare', '1 decide-commit', '2 commit-many', '1 acknowledge-many'];
  expect(await kinds(null)).toEqual([...single, ...single]);
  expect(await kinds(6)).toEqual([...single, ...single]);
  expect(await kinds(7)).toEqual([...many, ...many]);
});

test('a request that is held up does not keep the next one from leaving', async () => {
  const rig = new Rig({ config: { slowRequestMs: 100 } });
  const [from, to] = [rig.open(1, 100n), rig.open(1, 0n, 'b')];
  let held = 0;
  rig.cluster.lagMs = (request) => (request.kind === 'instructions' && (held += 1) === 1 ? 1_000 : 0);
  const first = rig.coordinator.createPayment(rig.caller(), rig.request(from, to, 1n));
  const startMs = rig.clock.monotonicMs();
  await rig.clock.pass(10);
  expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
  const secondMs = rig.clock.monotonicMs() - startMs;
  expect(secondMs).toBeGreaterThanOrEqual(100);
  expect(secondMs).toBeLessThan(150);
  expect(verdict(await rig.clock.until(first))).toBe('committed');
  expect(rig.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1_000);
});

test('a full request leaves the rest for the next one, in order', async () => {
  const rig = new Rig({ config: { batchCap: 10 } });
  const [from, to] = [rig.open(1, 100n), rig.open(1, 0n, 'b')];
  const requests = Array.from({ length: 25 }, () => rig.request(from, to, 1n));
  await rig.clock.until(rig.coordinator.createPayments(rig.caller(), requests));
  const sizes = rig.cluster.requests.flatMap((request) => (request.kind === 'instructions' ? [request.items.length] : []));
  expect(sizes).toEqual([10, 10, 5]);
  const order = rig.cluster.instructionsOf('decide-commit').flatMap((instruction) => ('key' in instruction ? [instruction.key] : []));
  expect(order).toEqual(requests.map((request) => `mas|ops\0${request.id}`));
});

test('more payments than the bound are turned away by name, before anything is done', async () => {
  const rig = new Rig({ config: { maxPaymentsInFlight: 3 } });
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const replies = await rig.clock.until(
    rig.coordinator.createPayments(
      rig.caller(),
      Array.from({ length: 5 }, () => rig.request(from, to, 1n)),
    ),
  );
  expect(replies.map(verdict)).toEqual(['committed', 'committed', 'committed', 'error TOO_MANY_PAYMENTS', 'error TOO_MANY_PAYMENTS']);
  expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
});

test('A to B against B to A, and a ring over all buckets: no deadlock, the sum is conserved', async () => {
  const rig = new Rig();
  const accounts = Array.from({ length: 6 }, (_, i) => rig.open(1 + (i % 3), 100n, `r${i}`));
  const ring = Array.from({ length: 200 }, (_, i) => rig.request(accounts[i % 6]!, accounts[(i + 1) % 6]!, BigInt(1 + (i % 7))));
  const against = Array.from({ length: 100 }, (_, i) =>
    i % 2 === 0 ? rig.request(accounts[0]!, accounts[1]!, 3n) : rig.request(accounts[1]!, accounts[0]!, 3n),
  );
  const replies = await rig.clock.until(rig.coordinator.createPayments(rig.caller(), [...ring, ...against]));
  expect(replies.filter((reply) => verdict(reply) === 'committed').length).toBeGreaterThan(250);
  await rig.clock.pass(3_000);
  rig.cluster.resolveAll();
  expect(rig.leftovers()).toEqual([]);
  expect(rig.total()).toBe(600n);
});
