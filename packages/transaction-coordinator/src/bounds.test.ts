/** What is too much is refused by name before anything of it is sent, and served again once there is room. */
import { bucketId, type AccountNumber } from '@mas/values';
import { coordinatorConfig, type CoordinatorConfig, type PaymentRequest, type Reply } from './index';
import { Rig, USD, verdict } from './testing/rig';

const exhausted = (reason: string): object => ({
  ok: false,
  error: { kind: 'resource-exhausted', reason, message: expect.stringMatching(/ the same request again in a moment/) as unknown },
});

describe('work under way', () => {
  const list = { direction: 'newest-first', cursor: null, limit: 3, state: null, fromMs: null, untilMs: null } as const;
  test.each<[string, Partial<CoordinatorConfig>, number, (rig: Rig, account: AccountNumber, round: number) => Promise<Reply<unknown>>]>([
    [
      'TOO_MANY_READS',
      { maxAccountsInReads: 1_000 },
      1,
      (rig, account) =>
        rig.coordinator.getAccounts(
          rig.caller(),
          Array.from({ length: 1_000 }, () => account),
          'committed',
          null,
        ),
    ],
    [
      'TOO_MANY_READS',
      { maxAccountsInReads: 1_000 },
      1_000,
      (rig, account, round) => rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: `{${account}}${round}` }),
    ],
    ['TOO_MANY_LISTS', { maxListsInFlight: 2 }, 2, (rig, account) => rig.coordinator.listPayments(rig.caller(), { ...list, account })],
    ['TOO_MANY_LISTS', { maxListsInFlight: 1 }, 1, (rig) => rig.coordinator.listAccounts(rig.caller(), null, 3)],
    [
      'TOO_MANY_ACCOUNT_OPERATIONS',
      { maxAccountOperationsInFlight: 1 },
      1,
      (rig, number, round) =>
        rig.coordinator.createAccount(rig.caller(), {
          id: `new-${round}`,
          number: `${number}-${round}` as AccountNumber,
          currency: USD,
          openingBalanceMinor: 0n,
          minimumMinor: null,
          owner: '',
        }),
    ],
    [
      'TOO_MANY_ACCOUNT_OPERATIONS',
      { maxAccountOperationsInFlight: 1 },
      1,
      (rig, number, round) => rig.coordinator.changeAccount(rig.caller(), { id: `change-${round}`, number, change: round % 2 === 0 ? 'freeze' : 'unfreeze' }),
    ],
    ['TOO_MANY_AUDITS', { maxAuditsInFlight: 1 }, 1, (rig) => rig.audit()],
    ['TOO_MANY_OPERATIONS', { maxOperationsInFlight: 1 }, 1, (rig) => rig.coordinator.undecided(rig.caller())],
    ['TOO_MANY_OPERATIONS', { maxOperationsInFlight: 1 }, 1, (rig) => rig.coordinator.clusterStatus(rig.caller())],
    ['TOO_MANY_OPERATIONS', { maxOperationsInFlight: 1 }, 1, (rig) => rig.coordinator.replaceNode(rig.caller(), 1, null)],
    ['TOO_MANY_OPERATIONS', { maxOperationsInFlight: 1 }, 1, (rig, account) => rig.coordinator.resolve(rig.caller(), 'a'.repeat(64) as never, account)],
  ])('%s, with %o', async (reason, config, fit, ask) => {
    const rig = new Rig({ config });
    const account = rig.open(1, 100n);
    const underWay = Array.from({ length: fit }, (_, i) => ask(rig, account, i));
    const sent = rig.cluster.requests.length;
    expect(await ask(rig, account, fit)).toMatchObject(exhausted(reason));
    expect(rig.cluster.requests.length).toBe(sent);
    for (const each of underWay) expect(await rig.clock.until(each)).not.toMatchObject({ error: { kind: 'resource-exhausted' } });
    expect(await rig.clock.until(ask(rig, account, fit + 1))).not.toMatchObject({ error: { kind: 'resource-exhausted' } });
  });
});

test('payments that were answered and have not ended count, until they end', async () => {
  const rig = new Rig({ config: { maxPaymentsInFlight: 2, maxPaymentsRunning: 2 } });
  const [from, to, elsewhere, there] = [rig.open(1, 100n), rig.open(2, 0n), rig.open(3, 100n), rig.open(3, 0n, 'b')];
  rig.cluster.silent.add(bucketId(1));
  for (let i = 0; i < 2; i += 1) expect(verdict(await rig.pay(rig.request(from, to, 1n), rig.caller(undefined, 1_000)))).toBe('unknown');
  const sent = rig.cluster.requests.length;
  expect(await rig.pay(rig.request(elsewhere, there, 1n))).toMatchObject(exhausted('TOO_MANY_PAYMENTS_RUNNING'));
  expect(rig.cluster.requests.length).toBe(sent);
  rig.cluster.silent.clear();
  await rig.clock.pass(15_000);
  expect(verdict(await rig.pay(rig.request(elsewhere, there, 1n)))).toBe('committed');
  await rig.coordinator.stop(0);
});

/** One instruction travels at a time, and each takes long: `count` receivers in bucket 2 keep its queue full. */
function slowly(count: number): { readonly rig: Rig; readonly request: PaymentRequest } {
  const rig = new Rig({ config: { maxPaymentsInFlight: 2, maxPaymentsRunning: 2, maxUrgentQueued: 4, batchCap: 1, slowRequestMs: 60_000 } });
  const from = rig.open(1, 100n);
  const receivers = Array.from({ length: count }, (_, i) => rig.open(2, 0n, `r${i}`));
  const credits = receivers.map((account) => ({ account, direction: 'credit' as const, amountMinor: 1n, currency: USD }));
  const request = rig.request(from, from, 1n, { legs: [{ account: from, direction: 'debit', amountMinor: BigInt(count), currency: USD }, ...credits] });
  rig.cluster.lagMs = (sent) => (sent.kind === 'instructions' && sent.bucket === 2 ? 200 : 0);
  return { rig, request };
}

test('while half of a bucket’s queue is taken nothing new begins on it; what has begun goes on, and so do other buckets', async () => {
  const { rig, request } = slowly(4);
  const [from, to, other, another] = [rig.open(1, 100n), rig.open(2, 0n), rig.open(3, 100n), rig.open(3, 0n, 'b')];
  const first = rig.coordinator.createPayment(rig.caller(), request);
  await rig.clock.pass(20);
  const sent = rig.cluster.requests.length;
  expect(await rig.pay(rig.request(from, to, 1n))).toMatchObject(exhausted('BUCKET_CROWDED'));
  expect(await rig.clock.until(rig.coordinator.changeAccount(rig.caller(), { id: 'freeze', number: to, change: 'freeze' }))).toMatchObject(
    exhausted('BUCKET_CROWDED'),
  );
  expect(rig.cluster.requests.length).toBe(sent);
  expect(verdict(await rig.pay(rig.request(other, another, 1n)))).toBe('committed');
  expect(verdict(await rig.clock.until(first))).toBe('committed');
  expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
});

test('what finds no place in a bucket’s queue is answered at once, and was never sent', async () => {
  const { rig, request } = slowly(5);
  const startedMs = rig.clock.monotonicMs();
  expect(await rig.pay(request)).toMatchObject({
    ok: true,
    value: { kind: 'aborted', reason: { name: 'PARTICIPANT_UNAVAILABLE', facts: { detail: '4 instructions wait for bucket 2, which is as many as may' } } },
  });
  expect(rig.clock.monotonicMs() - startedMs).toBeLessThan(200);
});

test('questions to a home are bounded', async () => {
  const rig = new Rig({ config: { maxOperationsInFlight: 1, maxQueriesQueued: 3_500 } });
  const account = rig.open(1, 100n);
  rig.cluster.lagMs = (sent) => (sent.kind === 'query' ? 1_000 : 0);
  const answers = await rig.clock.until(
    Promise.all(Array.from({ length: 6_000 }, (_, i) => rig.coordinator.getPayment(rig.caller(), { kind: 'id', id: `{${account}}${i}` }))),
  );
  const reasons = answers.map((answer) => (answer.ok ? 'found' : answer.error.reason));
  expect(new Set(reasons)).toEqual(new Set(['PAYMENT_NOT_FOUND', 'BUCKET_CROWDED']));
  // At most two requests of a thousand are under way beside those that wait.
  const asked = reasons.filter((reason) => reason === 'PAYMENT_NOT_FOUND').length;
  expect(asked).toBeGreaterThanOrEqual(3_500);
  expect(asked).toBeLessThanOrEqual(5_500);
  expect(answers.find((answer) => !answer.ok && answer.error.reason === 'BUCKET_CROWDED')).toMatchObject(exhausted('BUCKET_CROWDED'));
});

test.each<[keyof CoordinatorConfig, Partial<CoordinatorConfig>]>([
  ['maxPaymentsRunning', { maxPaymentsInFlight: 3, maxPaymentsRunning: 2 }],
  ['maxUrgentQueued', { maxPaymentsInFlight: 3, maxPaymentsRunning: 3, maxUrgentQueued: 5 }],
  ['maxAccountsInReads', { maxAccountsInReads: 999 }],
  ['maxQueriesQueued', { maxOperationsInFlight: 1, maxQueriesQueued: 2_999 }],
])('relations between bounds: %s', (setting, config) => {
  expect(coordinatorConfig({ coordinatorId: 'tc-1', ...config })).toMatchObject({
    ok: false,
    error: [{ setting, message: expect.stringContaining('must not be below') as unknown }],
  });
});
