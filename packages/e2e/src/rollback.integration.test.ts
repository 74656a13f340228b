/**
 * Two-phase commit, the sad half: every way in which a payment over two buckets can fail, on real processes, a private
 * MariaDB and a private Redis. After each of them both accounts are as before, nothing is reserved, no lock is left, the
 * entry is ABORTED with its reason, both accounts list it so, and both pay normally right after.
 *
 * Four Resource Managers, four buckets of three replicas each: with RM 1 and RM 4 away, buckets 1 and 2 keep a majority
 * and buckets 3 and 4 have none.
 */
import { Cluster } from './harness/cluster';
import { numbersIn } from './harness/names';
import { Bank, OPENING_MINOR, PATIENT_WITH_REDIS } from './testing/bank';
import { expectAborted, expectPays, expectRolledBack } from './testing/rolled-back';

const SENDER_BUCKET = 1;
const RECEIVER_BUCKET = 3;
/** A lock that stays as long as a test needs it. */
const LOCKED_MS = 300_000;

let cluster: Cluster;
let bank: Bank;
const senders: string[] = [];
const receivers: string[] = [];

beforeAll(async () => {
  cluster = await Cluster.start({
    storage: 'servers',
    rms: 4,
    buckets: 4,
    environment: { MAS_LOCK_ATTEMPTS: '3', MAS_LOCK_ATTEMPT_DELAY_MS: '200', ...PATIENT_WITH_REDIS },
  });
  bank = new Bank(cluster);
  senders.push(...numbersIn(cluster.placement, SENDER_BUCKET, 'sender', 10));
  receivers.push(...numbersIn(cluster.placement, RECEIVER_BUCKET, 'receiver', 10));
  await bank.open([...senders, ...receivers]);
});

afterAll(async () => {
  await cluster?.stop();
});

afterEach(() => {
  expect(cluster.failures()).toEqual([]);
});

/** A pair of its own for each test. */
function pair(): { readonly sender: string; readonly receiver: string; readonly before: ReadonlyMap<string, bigint> } {
  const [sender, receiver] = [senders.pop(), receivers.pop()];
  if (sender === undefined || receiver === undefined) throw new Error('open more accounts');
  return {
    sender,
    receiver,
    before: new Map([
      [sender, OPENING_MINOR],
      [receiver, OPENING_MINOR],
    ]),
  };
}

test('insufficient funds', async () => {
  const { sender, receiver, before } = pair();
  const id = bank.mint(sender);
  expectAborted(await bank.pay(sender, receiver, OPENING_MINOR + 1n, { id }), 'INSUFFICIENT_FUNDS');
  await expectRolledBack(bank, { id, reason: 'INSUFFICIENT_FUNDS', before });
  await expectPays(bank, sender, receiver);
});

test('an unknown receiver', async () => {
  const { sender } = pair();
  const [unknown = ''] = numbersIn(cluster.placement, RECEIVER_BUCKET, 'unknown', 1);
  const id = bank.mint(sender);
  expectAborted(await bank.pay(sender, unknown, 100n, { id }), 'ACCOUNT_NOT_FOUND');
  await expectRolledBack(bank, { id, reason: 'ACCOUNT_NOT_FOUND', before: new Map([[sender, OPENING_MINOR]]) });
  await bank.open([unknown]);
  await expectPays(bank, sender, unknown);
});

test('a frozen receiver', async () => {
  const { sender, receiver, before } = pair();
  await bank.client.changeAccount({ id: `freeze-${receiver}`, number: receiver, change: 'freeze' });
  const id = bank.mint(sender);
  expectAborted(await bank.pay(sender, receiver, 100n, { id }), 'ACCOUNT_FROZEN');
  await expectRolledBack(bank, { id, reason: 'ACCOUNT_FROZEN', before });
  await bank.client.changeAccount({ id: `unfreeze-${receiver}`, number: receiver, change: 'unfreeze' });
  await expectPays(bank, sender, receiver);
});

test('a closed receiver', async () => {
  const { sender, receiver } = pair();
  const { receiver: other } = pair();
  await bank.pay(receiver, other, OPENING_MINOR);
  await bank.client.changeAccount({ id: `close-${receiver}`, number: receiver, change: 'close' });
  const id = bank.mint(sender);
  expectAborted(await bank.pay(sender, receiver, 100n, { id }), 'ACCOUNT_CLOSED');
  await expectRolledBack(bank, {
    id,
    reason: 'ACCOUNT_CLOSED',
    before: new Map([
      [sender, OPENING_MINOR],
      [receiver, 0n],
    ]),
  });
  await expectPays(bank, sender, other);
});

test('an exclusive lock held by another owner past all attempts', async () => {
  const { sender, receiver, before } = pair();
  const { handle } = await bank.client.acquireLock({ lockIds: [receiver], timeoutMs: LOCKED_MS });
  const id = bank.mint(sender);
  const startedAtMs = performance.now();
  expectAborted(await bank.pay(sender, receiver, 100n, { id }), 'LOCK_TIMEOUT');
  // Three attempts, 200 ms apart: it waited for the lock before it gave up.
  expect(performance.now() - startedAtMs).toBeGreaterThan(550);
  expect(await bank.client.getLock(receiver)).toMatchObject({
    mode: 'exclusive',
    holders: [{ heldBy: expect.stringMatching(/^operator /) as unknown, token: expect.any(Number) as unknown }],
  });
  await bank.client.releaseLock([receiver], handle);
  await expectRolledBack(bank, { id, reason: 'LOCK_TIMEOUT', before });
  await expectPays(bank, sender, receiver);
});

test('releasing the lock in time lets the payment pass', async () => {
  const { sender, receiver } = pair();
  const [tm = cluster.process('tm1')] = cluster.tms;
  // However late the lock is released, there is an attempt left.
  await tm.stop();
  tm.start({ MAS_LOCK_ATTEMPTS: '1000' });
  await tm.ready();
  const { handle } = await bank.client.acquireLock({ lockIds: [sender], timeoutMs: LOCKED_MS });
  const paying = bank.pay(sender, receiver, 100n, {}, cluster.client({ timeoutMs: 60_000 }));
  await bank.client.releaseLock([sender], handle);
  expect((await paying).kind).toBe('committed');
});

const MAX_ASKED = 30;

test("the coordinator's own cancellation by deadline, with the receiver's bucket frozen", async () => {
  const { sender, receiver, before } = pair();
  await expectPays(bank, sender, receiver);
  const held = new Map([
    [sender, (before.get(sender) ?? 0n) - 7n],
    [receiver, (before.get(receiver) ?? 0n) + 7n],
  ]);
  const hurried = cluster.client({ timeoutMs: 1_000 });
  const id = bank.mint(sender);
  await lead(SENDER_BUCKET, ['rm2', 'rm3']);
  cluster.process('rm1').freeze();
  cluster.process('rm4').freeze();
  let reason = '';
  try {
    // A busy home may record the cancellation later than this caller listens; he hears UNKNOWN and asks again, as it says.
    let result = await bank.pay(sender, receiver, 100n, { id }, hurried);
    for (let asked = 1; result.kind === 'unknown' && asked < MAX_ASKED; asked += 1) result = await bank.pay(sender, receiver, 100n, { id }, hurried);
    // The deadline comes first, unless this machine is so slow that the missing majority has been found out by then.
    reason = result.kind === 'aborted' ? result.reason.name : result.kind;
    expect(['DEADLINE_EXCEEDED', 'PARTICIPANT_UNAVAILABLE']).toContain(reason);
  } finally {
    cluster.process('rm1').thaw();
    cluster.process('rm4').thaw();
  }
  await cluster.whole();
  await expectRolledBack(bank, { id, reason, before: held });
  await expectPays(bank, sender, receiver);
});

test("the receiver's bucket without a majority in phase 1", async () => {
  const { sender, receiver, before } = pair();
  const id = bank.mint(sender);
  await Promise.all([cluster.process('rm1').kill(), cluster.process('rm4').kill()]);
  expectAborted(await bank.pay(sender, receiver, 100n, { id }), 'PARTICIPANT_UNAVAILABLE');
  // The sender's side is free at once, without the receiver's.
  await bank.settled([sender]);
  await cluster.whole();
  await expectRolledBack(bank, { id, reason: 'PARTICIPANT_UNAVAILABLE', before });
  await expectPays(bank, sender, receiver);
});

test("the receiver's RM killed between the phases, and the coordinator with it", async () => {
  const { sender, receiver, before } = pair();
  const [tm = cluster.process('tm1')] = cluster.tms;
  const id = bank.mint(sender);
  await tm.stop();
  tm.start({ MAS_FAILPOINT: 'decide:before' });
  await tm.ready();
  const leader = await cluster.leaderOf(RECEIVER_BUCKET);
  const paying = bank.pay(sender, receiver, 100n, { id }).catch((error: unknown) => error);
  await tm.ended();
  // The receiver's bucket has promised; its leader dies with the promise, and nobody is left to decide.
  await leader.kill();
  await cluster.whole();
  // Whoever comes first, the coordinator from its entries or the bucket's new leader from its leg, asks the home, which records the abort.
  await bank.settled([sender, receiver]);
  await paying;
  expectAborted(await bank.pay(sender, receiver, 100n, { id }), 'ABANDONED');
  await expectRolledBack(bank, { id, reason: 'ABANDONED', before });
  await expectPays(bank, sender, receiver);
});

test('afterwards the whole ledger agrees with itself', async () => {
  expect(await bank.audited()).toBeGreaterThan(50);
});

/** Waits until one of `names` leads the bucket; leaders that are away elsewhere do not matter to it then. */
async function lead(bucket: number, names: readonly string[]): Promise<void> {
  const leader = await cluster.leaderOf(bucket);
  if (names.includes(leader.name)) return;
  await leader.stop();
  leader.start();
  await leader.ready();
}
