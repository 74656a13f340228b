/** A payment whose caller heard UNKNOWN because a bucket had no majority: seen by operators while it is open, and ended soon after the majority is back. */
import { slotOfAccount } from '@mas/placement';
import { bucketId, paymentKey, type AccountNumber, type BucketId } from '@mas/values';
import type { PaymentRequest, TransactionCoordinator, UndecidedReport } from './index';
import { Rig, verdict, type RigOptions } from './testing/rig';

const SECONDS_MS = 5_000;

interface Stage {
  readonly rig: Rig;
  readonly request: PaymentRequest;
  readonly from: AccountNumber;
  readonly home: BucketId;
  readonly other: BucketId;
}

/** Bucket 1 is home, bucket 2 has the other leg. */
function stage(options: RigOptions = {}): Stage {
  const rig = new Rig(options);
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  return { rig, from, request: rig.request(from, to, 5n), home: bucketId(1), other: bucketId(2) };
}

async function undecided(rig: Rig, coordinator: TransactionCoordinator = rig.coordinator): Promise<UndecidedReport> {
  const reply = await rig.clock.until(coordinator.undecided(rig.caller()));
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value;
}

async function state(rig: Rig, { id }: PaymentRequest): Promise<string> {
  const reply = await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id }));
  return reply.ok ? reply.value.state : reply.error.reason;
}

test.each<[string, (at: Stage) => readonly BucketId[]]>([
  ['its home', ({ home }) => [home]],
  ['its home and the other leg’s bucket', ({ home, other }) => [home, other]],
])('%s without a majority for a minute: the payment is listed, and ends within seconds of its return', async (_name, silent) => {
  const at = stage();
  const { rig, request } = at;
  for (const bucket of silent(at)) rig.cluster.silent.add(bucket);
  expect(verdict(await rig.pay(request, rig.caller(undefined, 1_000)))).toBe('unknown');
  for (const waitMs of [1, 5_000, 60_000]) {
    await rig.clock.pass(waitMs);
    const report = await undecided(rig);
    expect([...report.payments, ...report.transactions.map(({ transaction, home }) => ({ txn: transaction.txn, home }))]).toEqual([
      expect.objectContaining({ home: expect.stringMatching(/Home bucket 1 does not answer/) as string }),
    ]);
  }
  rig.cluster.silent.clear();
  await rig.clock.pass(SECONDS_MS);
  expect(rig.dao.entries.get(paymentKey('mas|ops', request.id))?.state).toBe('ABORTED');
  rig.cluster.resolveAll();
  expect([await state(rig, request), (await undecided(rig)).payments, rig.leftovers(), rig.total()]).toEqual(['ABORTED', [], [], 100n]);
  await rig.coordinator.stop(0);
});

test('the list names id, age, coordinator and every bucket that does not answer, also those of legs, and asks for Redis in vain', async () => {
  const { rig, request } = stage();
  rig.cluster.silent.add(bucketId(1)).add(bucketId(2));
  expect(verdict(await rig.pay(request, rig.caller(undefined, 1_000)))).toBe('unknown');
  await rig.clock.pass(20_000);
  const expected = {
    id: request.id,
    scope: 'mas|ops',
    coordinator: 'tc-1',
    homeBucket: 1,
    home: 'Home bucket 1 does not answer; the payment ends when it has a majority again. Bucket 2 of its legs does not answer.',
  };
  const report = await undecided(rig);
  expect(report).toMatchObject({ transactions: [], payments: [expected], silent: [1, 2] });
  expect(report.payments[0]?.ageMs).toBeGreaterThanOrEqual(20_000);
  // Another coordinator knows it from the journal.
  expect((await undecided(rig, rig.another('tc-2'))).payments).toMatchObject([expected]);
  rig.dao.mood = 'refuse';
  expect((await undecided(rig)).payments).toMatchObject([expected]);
  rig.cluster.silent.clear();
  await rig.coordinator.stop(0);
});

test('what is on its usual way, and what is decided, is not listed', async () => {
  const { rig, request, from } = stage();
  expect(verdict(await rig.pay(request))).toBe('committed');
  rig.cluster.lagMs = (sent) => (sent.kind === 'instructions' ? 300 : 0);
  const underWay = rig.coordinator.createPayment(rig.caller(), rig.request(from, rig.open(3, 0n), 1n));
  await rig.clock.pass(100);
  expect((await undecided(rig)).payments).toEqual([]);
  await rig.clock.until(underWay);
});

test('a coordinator that starts while the home has no majority ends what its earlier run left, once the majority is back', async () => {
  const { rig, request, home } = stage();
  rig.cluster.silent.add(home);
  expect(verdict(await rig.pay(request, rig.caller(undefined, 1_000)))).toBe('unknown');
  await rig.coordinator.stop(0);
  await rig.clock.pass(15_000);
  const next = rig.another('tc-1');
  next.start();
  await rig.clock.pass(30_000);
  rig.cluster.silent.clear();
  await rig.clock.pass(SECONDS_MS);
  expect(rig.dao.entries.get(paymentKey('mas|ops', request.id))?.state).toBe('ABORTED');
  await next.stop(0);
});

test.each(['refuse', 'well'] as const)('GetPayment knows what is open although nobody has recorded it: Redis that does %s', async (mood) => {
  const { rig, request, from, home } = stage();
  rig.dao.mood = mood;
  // Its home answers questions, and no decision gets there.
  rig.cluster.tap = (_rm, sent) => (sent.kind === 'instructions' && sent.bucket === home ? 'lose-request' : 'pass');
  const answer = await rig.pay(request, rig.caller(undefined, 1_000));
  expect(verdict(answer)).toBe('unknown');
  const txn = answer.ok ? answer.value.txn : '';
  rig.dao.flush();
  const open = { ok: true, value: { id: request.id, scope: 'mas|ops', txn, state: 'PENDING', outcome: null } };
  const get = (payment: Parameters<typeof rig.coordinator.getPayment>[1], account = from): Promise<unknown> =>
    rig.clock.until(rig.coordinator.getPayment(rig.caller({ kind: 'account', account }), payment));
  expect(await rig.clock.until(rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: request.id }))).toMatchObject(open);
  expect(await get({ kind: 'txn', txn: txn as never, account: from })).toMatchObject(open);
  // Another's account, another's id and another id have no such payment.
  const stranger = rig.open(1, 0n, 'stranger');
  expect(await get({ kind: 'txn', txn: txn as never, account: stranger }, stranger)).toMatchObject({ ok: false, error: { reason: 'PAYMENT_NOT_FOUND' } });
  expect(await get({ kind: 'id', id: request.id })).toMatchObject({ ok: false, error: { reason: 'PAYMENT_NOT_FOUND' } });
  expect(await state(rig, { ...request, id: `${request.id}x` })).toBe('PAYMENT_NOT_FOUND');
  // Its run still drives it.
  rig.cluster.tap = () => 'pass';
  await rig.clock.pass(30_000);
  expect(await state(rig, request)).toBe('COMMITTED');
  await rig.coordinator.stop(0);
});

test('a coordinator whose Redis is away when it starts, and which left more than one batch, ends all of it once Redis is back', async () => {
  const { rig, from } = stage();
  const to = rig.open(2, 0n);
  const requests = Array.from({ length: 5 }, (_, i) => rig.request(from, to, BigInt(i + 1)));
  rig.cluster.silent.add(bucketId(1));
  for (const one of requests) expect(verdict(await rig.pay(one, rig.caller(undefined, 1_000)))).toBe('unknown');
  await rig.coordinator.stop(0);
  await rig.clock.pass(20_000);
  rig.cluster.silent.clear();
  rig.dao.mood = 'refuse';
  // Orphans are looked for long after the test.
  const next = rig.another('tc-1', { config: { recoveryBatch: 2, orphanAgeMs: 3_600_000, recoveryIntervalMs: 3_600_000 } });
  next.start();
  await rig.clock.pass(30_000);
  const states = (): unknown => requests.map(({ id }) => rig.dao.entries.get(paymentKey('mas|ops', id))?.state);
  expect(states()).toEqual(requests.map(() => 'PENDING'));
  rig.dao.mood = 'well';
  await rig.clock.pass(3 * SECONDS_MS);
  expect(states()).toEqual(requests.map(() => 'ABORTED'));
  await next.stop(0);
});

test('one that the home cannot end keeps no other from ending', async () => {
  const { rig, from, request } = stage();
  const requests = [request, rig.request(from, rig.open(2, 0n), 1n), rig.request(from, rig.open(3, 0n), 1n)];
  rig.cluster.silent.add(bucketId(1));
  for (const one of requests) expect(verdict(await rig.pay(one, rig.caller(undefined, 1_000)))).toBe('unknown');
  await rig.clock.pass(15_000);
  const stuck = paymentKey('mas|ops', request.id);
  rig.cluster.tap = (_rm, sent) =>
    sent.kind === 'instructions' && sent.items.some(({ instruction }) => instruction.kind === 'resolve' && instruction.key === stuck)
      ? {
          kind: 'outcomes',
          semanticsVersion: null,
          outcomes: sent.items.map(({ instruction }) => ({
            kind: 'outcome',
            outcome: 'key' in instruction && instruction.key === stuck ? { kind: 'done' } : rig.cluster.run(slotOfAccount(from), instruction),
          })),
        }
      : 'pass';
  rig.cluster.silent.clear();
  await rig.clock.pass(SECONDS_MS);
  expect(requests.map(({ id }) => rig.dao.entries.get(paymentKey('mas|ops', id))?.state)).toEqual(['PENDING', 'ABORTED', 'ABORTED']);
  rig.cluster.tap = () => 'pass';
  await rig.clock.pass(SECONDS_MS);
  expect(await state(rig, request)).toBe('ABORTED');
  await rig.coordinator.stop(0);
});

test('more than fit are left to the journal’s sweeps, and counted', async () => {
  const { rig, from } = stage({ config: { maxUnfinished: 2, orphanAgeMs: 30_000, recoveryIntervalMs: 1_000 } });
  const to = rig.open(2, 0n);
  const requests = [1n, 2n, 3n].map((amount) => rig.request(from, to, amount));
  rig.cluster.silent.add(bucketId(1));
  for (const one of requests) expect(verdict(await rig.pay(one, rig.caller(undefined, 1_000)))).toBe('unknown');
  await rig.clock.pass(15_000);
  expect(rig.coordinator.counters.unfinishedDropped).toBeGreaterThan(0);
  rig.cluster.silent.clear();
  rig.coordinator.start();
  await rig.clock.pass(60_000);
  expect(await Promise.all(requests.map((one) => state(rig, one)))).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
  await rig.coordinator.stop(0);
});
