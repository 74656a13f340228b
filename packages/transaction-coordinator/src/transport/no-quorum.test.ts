/** A bucket whose replicas say that too few of them are there, or of which nobody can be reached: callers hear that, and soon. */
import type { NotSent, ParticipantReply } from '@mas/two-phase-commit';
import { bucketId, rmId } from '@mas/values';
import { Rig, verdict } from '../testing/rig';

const [A, B] = [rmId(1), rmId(2)];
const missing = (up: number): ParticipantReply & { readonly kind: 'no-quorum' } => ({ kind: 'no-quorum', missing: { up, of: 3, needed: 2, forMs: 1_000 } });
const refused: NotSent = { kind: 'not-sent', reason: 'connection refused' };
const silent = { kind: 'unknown', reason: 'no reply in time' } as const;
const electing = { kind: 'not-leader', leader: null } as const;

/** Replica 1 of the bucket is alone; the others refuse connections, or `first` is what a request meets before. */
function alone(rig: Rig, bucket: number, first: 'reached' | 'perhaps' = 'reached'): void {
  let perhaps = first === 'perhaps';
  rig.cluster.tap = (rm, request) => {
    if (!('bucket' in request) || request.bucket !== bucket) return 'pass';
    if (perhaps && request.kind === 'instructions') {
      perhaps = false;
      return { kind: 'unknown', reason: 'leadership changed before the entry was applied' };
    }
    return rm === A ? missing(1) : rm === B ? refused : request.kind === 'instructions' ? refused : silent;
  };
}

test('a read: UNAVAILABLE with bucket, replicas up and needed, long before the deadline', async () => {
  const rig = new Rig();
  const account = rig.open(2, 100n);
  alone(rig, 2);
  const startedMs = rig.clock.monotonicMs();
  const answer = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), [account], 'committed', null));
  expect(answer).toMatchObject({ ok: false, error: { kind: 'unavailable', reason: 'NO_QUORUM', facts: { bucket: '2', up: '1', replicas: '3', needed: '2' } } });
  expect(answer.ok ? '' : answer.error.message).toBe('Bucket 2 has no quorum: 1 of its 3 replicas is up, 2 are needed; try again once more of them are up.');
  expect(rig.clock.monotonicMs() - startedMs).toBeLessThan(2_000);
});

test('a read whose account awaits the decision of a bucket without a quorum: UNAVAILABLE with that bucket, and asked once', async () => {
  const rig = new Rig();
  const [account, other] = [rig.open(1, 100n), rig.open(3, 1n)];
  rig.cluster.tap = (_rm, request) =>
    request.kind === 'read-accounts' && request.bucket === 1
      ? { kind: 'home-without-quorum', home: bucketId(2), missing: { up: 1, of: 3, needed: 2, forMs: 0 } }
      : 'pass';
  for (const numbers of [[account], [account, other]]) {
    const asked = rig.cluster.requests.length;
    const startedMs = rig.clock.monotonicMs();
    const answer = await rig.clock.until(rig.coordinator.getAccounts(rig.caller(), numbers, 'committed', null));
    expect(answer).toMatchObject({
      ok: false,
      error: {
        kind: 'unavailable',
        reason: 'NO_QUORUM',
        message: 'Bucket 2 has no quorum: 1 of its 3 replicas is up, 2 are needed; try again once more of them are up.',
        facts: { bucket: '2', up: '1', replicas: '3', needed: '2' },
      },
    });
    expect(rig.cluster.requests.length - asked).toBe(numbers.length);
    expect(rig.clock.monotonicMs() - startedMs).toBeLessThan(10);
  }
});

test('a payment whose home has no quorum: UNAVAILABLE, and nothing is recorded; the same id commits once it has one', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(2, 100n), rig.open(1, 0n)];
  alone(rig, 2);
  const request = rig.request(from, to, 10n);
  expect(await rig.pay(request)).toMatchObject({
    ok: false,
    error: {
      reason: 'NO_QUORUM',
      message:
        'Bucket 2 has no quorum: 1 of its 3 replicas is up, 2 are needed; the payment may still commit or be abandoned: ask with the same id once more of them are up.',
    },
  });
  rig.cluster.tap = () => 'pass';
  expect(verdict(await rig.pay(request))).toBe('committed');
});

test('and nobody sends it again: its coordinator has it recorded as abandoned once the home answers; who comes later hears that', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(2, 100n), rig.open(1, 0n)];
  alone(rig, 2);
  const request = rig.request(from, to, 10n);
  expect(verdict(await rig.pay(request))).toBe('error NO_QUORUM');
  rig.cluster.tap = () => 'pass';
  await rig.clock.pass(5_000);
  expect(verdict(await rig.pay(request))).toBe('aborted ABANDONED');
  await rig.clock.pass(1_000);
  expect(rig.leftovers()).toEqual([]);
});

test('a payment that may have reached the log before: unknown, never failed', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(2, 100n), rig.open(2, 0n)];
  alone(rig, 2, 'perhaps');
  const answer = await rig.pay(rig.request(from, to, 10n));
  expect(answer).toMatchObject({
    ok: true,
    value: { kind: 'unknown', message: expect.stringContaining('bucket 2 has no quorum: 1 of its 3 replicas is up') as unknown },
  });
});

test('a payment to a bucket without a quorum: the home records the abort, with the figures', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  alone(rig, 2);
  const answer = await rig.pay(rig.request(from, to, 10n));
  expect(answer).toMatchObject({
    ok: true,
    value: { kind: 'aborted', reason: { name: 'PARTICIPANT_UNAVAILABLE', account: to, facts: { bucket: '2', up: '1', replicas: '3', needed: '2' } } },
  });
});

test('opening an account there: UNAVAILABLE; where it may be in the log: unknown', async () => {
  for (const [first, reason] of [
    ['reached', 'NO_QUORUM'],
    ['perhaps', 'OUTCOME_UNKNOWN'],
  ] as const) {
    const rig = new Rig();
    const number = rig.open(2, 0n);
    alone(rig, 2, first);
    const answer = await rig.clock.until(rig.coordinator.changeAccount(rig.caller(), { id: `{${number}}freeze`, number, change: 'freeze' }));
    expect(answer).toMatchObject({ ok: false, error: { kind: 'unavailable', reason } });
  }
});

/** Whoever hears it may have been here before, and have succeeded: a text speaks of the attempt. */
test('no refusal says that nothing was done: a first attempt through another coordinator may be under way, or done', async () => {
  const rig = new Rig();
  const [number, to] = [rig.open(2, 100n), rig.open(1, 0n)];
  const heard: string[] = [];
  const hear = async (reply: Promise<{ readonly ok: boolean } & { readonly error?: { readonly message: string } }>): Promise<void> => {
    const answer = await rig.clock.until(reply);
    expect(answer.ok).toBe(false);
    heard.push(answer.error?.message ?? '');
  };
  const freeze = { id: `{${number}}freeze`, number, change: 'freeze' as const };
  const first = rig.request(number, to, 10n);
  await rig.pay(first);
  const capture = rig.request(number, to, 1n, { kind: 'refund', legs: [], reference: { kind: 'id', id: first.id } });
  rig.locks.hold(number, 'auditor', 600_000);
  await hear(rig.coordinator.changeAccount(rig.caller(undefined, 1_000), freeze));
  await hear(rig.coordinator.changeAccount(rig.caller(undefined, 300), { ...freeze, id: 'other' }));
  rig.cluster.silent.add(bucketId(2));
  await hear(rig.coordinator.createPayment(rig.caller(undefined, 1_000), capture));
  await hear(rig.coordinator.createPayment(rig.caller(undefined, 0), first));
  await hear(rig.coordinator.createPayment(rig.caller(undefined, 1_000), { ...first, id: 'handle', lockHandle: 'lost' }));
  rig.cluster.silent.clear();
  alone(rig, 2);
  await hear(rig.coordinator.changeAccount(rig.caller(), { ...freeze, id: `{${number}}again` }));
  await hear(rig.coordinator.createPayment(rig.caller(), { ...first, id: `{${number}}x` }));
  await hear(rig.coordinator.createPayment(rig.caller(), { ...capture, id: 'x' }));
  await hear(rig.coordinator.getAccounts(rig.caller(), [number], 'committed', null));
  await hear(rig.coordinator.resolve(rig.caller(), 'a'.repeat(64) as never, number));
  for (const message of heard) expect(message).not.toMatch(/nothing (was|has been)/i);
  await rig.coordinator.stop(0);
});

test('an election does not end a call', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(2, 100n), rig.open(1, 0n)];
  const startedMs = rig.clock.monotonicMs();
  rig.cluster.tap = (rm, request) =>
    !('bucket' in request) || request.bucket !== 2 || rig.clock.monotonicMs() - startedMs > 3_000 ? 'pass' : rm === A ? missing(1) : electing;
  expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
});
