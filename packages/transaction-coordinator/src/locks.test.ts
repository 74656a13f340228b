/** Exclusive locks make payments wait, then fail by name; releasing lets them pass; the holder itself goes through. */
import { Rig, verdict } from './testing/rig';

const WAITING = { lockAttempts: 10, lockAttemptDelayMs: 1_000 };

test('a payment waits before it prepares anything, and passes when the lock is released', async () => {
  const rig = new Rig({ config: WAITING });
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.locks.hold(from, 'auditor');
  const startMs = rig.clock.monotonicMs();
  const reply = rig.coordinator.createPayment(rig.caller(undefined, 30_000), rig.request(from, to, 10n));
  await rig.clock.pass(2_500);
  expect(rig.cluster.instructionsOf('prepare')).toEqual([]);
  await rig.clock.until(rig.locks.release({ lockIds: [from], handle: 'auditor' }));
  expect(verdict(await rig.clock.until(reply))).toBe('committed');
  // Woken by the release, not by the next attempt.
  expect(rig.clock.monotonicMs() - startMs).toBeLessThan(2_600);
});

test('past all attempts it aborts with LOCK_TIMEOUT, naming the lock', async () => {
  const rig = new Rig({ config: WAITING });
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.locks.hold(to, 'auditor');
  const startMs = rig.clock.monotonicMs();
  const reply = await rig.pay(rig.request(from, to, 10n), rig.caller(undefined, 30_000));
  expect(reply).toMatchObject({ ok: true, value: { kind: 'aborted', reason: { name: 'LOCK_TIMEOUT', account: to, facts: { lock: to, attempts: '10' } } } });
  expect(rig.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(10_000);
  expect(rig.cluster.instructionsOf('prepare')).toEqual([]);
});

test('a lock that comes between the look and the decision is retried for two seconds', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.locks.hold(from, 'auditor', 1_200);
  rig.dao.flush();
  expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
  expect(rig.dao.entries.size).toBe(1);
});

test('the owner of the lock pays under its handle; another handle is refused by name and changes nothing', async () => {
  const rig = new Rig({ config: { lockAttempts: 1, lockAttemptDelayMs: 50 } });
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  const request = rig.request(from, to, 10n, { lockHandle: 'auditor' });
  rig.locks.hold(from, 'auditor');
  expect(verdict(await rig.pay(request))).toBe('committed');
  expect(verdict(await rig.pay(rig.request(from, to, 10n, { lockHandle: 'thief' })))).toBe('error LOCK_NOT_OWNED');
  // The lock table forgotten: the handle's token is found in the bucket.
  rig.locks.holders.clear();
  expect(verdict(await rig.pay(rig.request(from, to, 10n, { lockHandle: 'auditor' })))).toBe('committed');
  await rig.clock.pass(50);
  expect([rig.balance(from), rig.balance(to)]).toEqual([80n, 20n]);
  // After the release, a repetition of what was paid under the lock still has its answer.
  await rig.clock.until(rig.locks.release({ lockIds: [from], handle: 'auditor' }));
  rig.cluster.run(rig.cluster.map.buckets[0]!.slots[0]!.from, {
    kind: 'release-lock',
    slot: rig.cluster.map.buckets[0]!.slots[0]!.from,
    lockId: from,
    owner: 'auditor',
  });
  expect(verdict(await rig.pay(request))).toBe('committed');
});

test('a token whose lock has expired is refused at the bucket', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.locks.hold(from, 'auditor', 500);
  await rig.clock.pass(600);
  expect(verdict(await rig.pay(rig.request(from, to, 10n, { lockHandle: 'auditor' })))).toBe('aborted LOCK_TOKEN_STALE');
});

describe('account lock exclusive: one writer per account', () => {
  test('payments on one account run one after the other and give their locks back', async () => {
    const rig = new Rig({ config: { accountLock: 'exclusive', ...WAITING } });
    const [from, to, third] = [rig.open(1, 100n), rig.open(2, 0n), rig.open(3, 0n)];
    const requests = [rig.request(from, to, 10n), rig.request(from, third, 10n), rig.request(to, from, 5n)];
    const replies = await rig.clock.until(rig.coordinator.createPayments(rig.caller(undefined, 60_000), requests));
    expect(replies.map(verdict)).toEqual(['committed', 'committed', 'committed']);
    expect(rig.locks.acquisitions).toBe(3);
    await rig.clock.pass(100);
    expect(rig.locks.holders.size).toBe(0);
    expect(rig.leftovers()).toEqual([]);
    expect([rig.balance(from), rig.balance(to), rig.balance(third)]).toEqual([85n, 5n, 10n]);
  });

  test("an account's own token needs no right to lock the receiver", async () => {
    const rig = new Rig({ config: { accountLock: 'exclusive' } });
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    expect(verdict(await rig.pay(rig.request(from, to, 10n), rig.caller({ kind: 'account', account: from })))).toBe('committed');
    expect(rig.locks.acquisitions).toBe(1);
  });

  test('a lock that cannot be had aborts the payment at its home', async () => {
    const rig = new Rig({ config: { accountLock: 'exclusive', lockAttempts: 2, lockAttemptDelayMs: 100 } });
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    rig.locks.hold(to, 'auditor');
    const request = rig.request(from, to, 10n);
    expect(verdict(await rig.pay(request))).toBe('aborted LOCK_TIMEOUT');
    await rig.clock.until(rig.locks.release({ lockIds: [to], handle: 'auditor' }));
    expect(verdict(await rig.pay(request))).toBe('aborted LOCK_TIMEOUT');
    expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
  });
});
