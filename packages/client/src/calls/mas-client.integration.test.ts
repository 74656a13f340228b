/** Every method's answer as MasClient reads it from the real listener, its payment stream, when it asks again and whom; and the same listener to buf and to health checks. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join, resolve } from 'node:path';
import { status as Code, type Client } from '@grpc/grpc-js';
import type { RunningServer } from '@mas/rpc';
import type { AuditProgress } from '@mas/transaction-coordinator';
import { committed, TXN } from '../../../rpc/src/testing/fake-coordinator';
import { CALL_TIMEOUT_MS, rawCallOver, report, TmListener } from '../../../rpc/src/testing/tm-listener';
import { accountNumber } from '@mas/values';
import { MasClient } from './mas-client';
import { encodePayment } from './payment-calls';
import { MasCallFailed } from './call-failed';

const listener = new TmListener();
const { certs, coordinator, operator, signer, verifier } = listener;
let server: RunningServer;
let raw: Client;
let client: MasClient;

beforeAll(async () => {
  let address: string;
  ({ server, raw, address } = await listener.start());
  client = new MasClient({ addresses: [address], ca: certs.tm.ca, token: operator, timeoutMs: CALL_TIMEOUT_MS });
});
beforeEach(() => listener.forget());

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
}

afterAll(async () => {
  raw.close();
  client.close();
  await server.stop(0);
  certs.remove();
});

test('a read of one account that does not exist names the account, as its request does, and not a place in a list', async () => {
  const missing = (): Promise<never> =>
    Promise.resolve({
      ok: false,
      error: { kind: 'not-found', reason: 'ACCOUNT_NOT_FOUND', field: 'numbers[0]', message: 'Account nobody does not exist.', facts: { account: 'nobody' } },
    } as never);
  coordinator.answers.set('getAccounts', missing);
  await expect(client.getAccount('nobody')).rejects.toMatchObject({ error: { field: 'number', facts: { account: 'nobody' } } });
  coordinator.answers.set('getAccounts', missing);
  await expect(client.getAccounts(['nobody'])).rejects.toMatchObject({ error: { field: 'numbers[0]' } });
});

describe('no quorum', () => {
  const noQuorum = (): Promise<never> =>
    Promise.resolve({
      ok: false,
      error: {
        kind: 'unavailable',
        reason: 'NO_QUORUM',
        field: null,
        message: 'Bucket 1 has no quorum: 1 of its 3 replicas is up, 2 are needed; the payment may still commit or be abandoned.',
        facts: { bucket: '1' },
      },
    } as never);

  test('ends the call at its first answer', async () => {
    coordinator.answers.set('getAccounts', noQuorum);
    await expect(client.getAccount('abc')).rejects.toMatchObject({ attempts: 1, error: { reason: 'NO_QUORUM', facts: { bucket: '1' } } });
  });

  test('a payment that was unknown before stays unknown', async () => {
    let times = 0;
    coordinator.answers.set('createPayment', () =>
      (times += 1) === 1 ? Promise.resolve({ ok: true, value: { kind: 'unknown', txn: TXN, message: 'ask again' } }) : noQuorum(),
    );
    expect(await client.createPayment({ id: 'unsure', from: 'a', to: 'b', amount: { minor: 1n } })).toMatchObject({ kind: 'unknown', txn: TXN });
    expect(times).toBe(2);
  });
});

test("MasClient's payment stream: many batches in flight, and a broken stream fails what is open", async () => {
  const streamer = new MasClient({ addresses: [`localhost:${server.port}`], ca: certs.tm.ca, token: signer.operator('batches', 3600).token });
  const stream = streamer.payments.openStream();
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, i) => stream.send([encodePayment({ id: `s${i}`, from: 'a', to: 'b', amount: { minor: 1n } })], CALL_TIMEOUT_MS)),
  );
  expect(replies).toEqual(Array.from({ length: 40 }, () => [{ ok: true, value: committed }]));
  coordinator.answers.set('createPayments', () => Promise.reject(new Error('broken')));
  await expect(stream.send([encodePayment({ id: 'x', from: 'a', to: 'b', amount: { minor: 1n } })], CALL_TIMEOUT_MS)).rejects.toBeInstanceOf(MasCallFailed);
  await expect(stream.send([encodePayment({ id: 'x', from: 'a', to: 'b', amount: { minor: 1n } })], CALL_TIMEOUT_MS)).rejects.toBeInstanceOf(MasCallFailed);
  streamer.close();
});

describe('a call that its caller gives up', () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const aborted = (mayHaveHappened: boolean): object =>
    expect.objectContaining({ mayHaveHappened, error: expect.objectContaining({ reason: 'CALL_ABORTED' }) });

  test('under way: it ends at once, and may have happened', async () => {
    coordinator.answers.set('createPayment', never);
    const abort = new AbortController();
    const ended = expect(client.with({ signal: abort.signal }).createPayment({ id: 'p', from: 'a', to: 'b', amount: { minor: 1n } })).rejects.toEqual(
      aborted(true),
    );
    await until(() => coordinator.calls.length > 0);
    abort.abort();
    await ended;
  });
  test('before it was sent: nothing happened', async () => {
    await expect(client.with({ signal: AbortSignal.abort() }).getAccount('a')).rejects.toEqual(aborted(false));
    expect(coordinator.calls).toEqual([]);
  });
  test('asked again after an unknown outcome: it stays unknown', async () => {
    const abort = new AbortController();
    let times = 0;
    coordinator.answers.set('createPayment', () => {
      times += 1;
      return times === 1 ? Promise.resolve({ ok: true, value: { kind: 'unknown', txn: TXN, message: 'ask again' } }) : never();
    });
    const payment = client.with({ signal: abort.signal }).createPayment({ id: 'p', from: 'a', to: 'b', amount: { minor: 1n } });
    await until(() => times > 1);
    abort.abort();
    expect(await payment).toMatchObject({ kind: 'unknown', txn: TXN });
  });
});

test('a call with a token of its own', async () => {
  await client.with({ token: signer.account(accountNumber('abc'), 3600).token }).getAccount('abc');
  await client.getAccount('abc');
  expect(coordinator.calls.map(({ args }) => (args[0] as { subject: { kind: string } }).subject.kind)).toEqual(['account', 'operator']);
});

describe('MasClient over several addresses', () => {
  test('goes to the next one when one does not answer, with the same id', async () => {
    const failing = new MasClient({ addresses: ['localhost:1', `localhost:${server.port}`], ca: certs.tm.ca, token: operator, timeoutMs: 60_000 });
    expect(await failing.createPayment({ id: 'over', from: 'a', to: 'b', amount: { minor: 1n } })).toEqual(committed);
    expect(coordinator.calls.map(({ args }) => (args[1] as { id: string }).id)).toEqual(['over']);
    failing.close();
  });
  test('asks again with the same id while the outcome is unknown', async () => {
    let times = 0;
    coordinator.answers.set('createPayment', () =>
      Promise.resolve({ ok: true, value: (times += 1) < 3 ? { kind: 'unknown', txn: TXN, message: 'ask again' } : committed }),
    );
    expect(await client.createPayment({ id: 'again', from: 'a', to: 'b', amount: { minor: 1n } })).toEqual(committed);
    expect(coordinator.calls.map(({ args }) => (args[1] as { id: string }).id)).toEqual(['again', 'again', 'again']);
  });
  test('a refusal is not repeated', async () => {
    coordinator.answers.set('createPayment', () =>
      Promise.resolve({ ok: false, error: { kind: 'failed-precondition', reason: 'X', field: null, message: 'No.', facts: {} } }),
    );
    await expect(client.createPayment({ id: 'no', from: 'a', to: 'b', amount: { minor: 1n } })).rejects.toMatchObject({ attempts: 1 });
  });
});

test("a refusal's reason, field and facts reach the client", async () => {
  coordinator.answers.set('createPayment', () =>
    Promise.resolve({
      ok: false,
      error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'amount', message: 'Another body.', facts: { field: 'amount' } },
    }),
  );
  const error: unknown = await client.createPayment({ id: 'p', from: 'a', to: 'b', amount: { minor: 1n } }).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(MasCallFailed);
  expect(error).toMatchObject({
    code: Code.ALREADY_EXISTS,
    error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'amount', message: 'Another body.', facts: { field: 'amount' } },
  });
});

describe('every method answers what the coordinator said', () => {
  test('accounts', async () => {
    const created = await client.createAccount({ id: 'c', number: 'abc', openingBalance: { decimal: '12.50' }, minimumBalance: { decimal: '10' } });
    expect(created).toMatchObject({ created: true, account: { number: 'abc', balanceMinor: 1250n, owner: 'Ödön', leader: 1, holdsMinor: null } });
    expect(coordinator.calls[0]?.args[1]).toEqual({ id: 'c', number: 'abc', currency: 'USD', openingBalanceMinor: 1250n, minimumMinor: 1000n, owner: '' });
    expect(verifier.verify(created.token!)).toEqual({ ok: true, value: { kind: 'account', account: 'abc' } });
    expect((await client.getAccounts(['a', 'b'], 'uncommitted')).map(({ number }) => number)).toEqual(['a', 'b']);
    expect(await client.listAccounts()).toMatchObject({ nextCursor: 'next' });
    expect(await client.changeAccount({ id: 'f', number: 'a', change: 'freeze' })).toMatchObject({ number: 'a' });
  });
  test('payments', async () => {
    expect(await client.createPayment({ id: 'p', from: 'a', to: 'b', amount: { decimal: '2.5' } })).toEqual(committed);
    expect(coordinator.calls[0]?.args[1]).toMatchObject({
      kind: 'payment',
      legs: [
        { account: 'a', direction: 'debit', amountMinor: 250n, currency: 'USD' },
        { account: 'b', direction: 'credit', amountMinor: 250n, currency: 'USD' },
      ],
      reference: null,
      amountMinor: null,
    });
    expect(await client.getPayment({ id: 'p' })).toMatchObject({
      state: 'COMMITTED',
      timeline: [
        { step: 'received', bucket: null, detail: null },
        { step: 'prepared', bucket: 2, detail: 'x' },
      ],
      commitUs: 5_007,
      outcome: { decision: { atMs: 5, commitUs: 5_007 }, untold: [{ account: 'b' }] },
    });
    expect(await client.listPayments({ account: 'a', state: 'ABORTED', fromMs: 5 })).toEqual({ legs: [], nextCursor: null });
    await client.createPayment({ id: 'c', kind: 'capture', to: 'b', referenceId: 'p' });
    expect(coordinator.calls.at(-1)?.args[1]).toMatchObject({
      kind: 'capture',
      legs: [{ account: 'b', direction: 'credit', amountMinor: 0n }],
      reference: { kind: 'id', id: 'p' },
      amountMinor: null,
    });
  });
  test('locks; handles of others stay secret', async () => {
    expect(await client.acquireLock({ lockIds: ['a'] })).toEqual({ handle: 'h', locks: [{ lockId: 'a', token: 7 }], timeoutMs: 5000 });
    await expect(client.acquireLock({ lockIds: ['busy'] })).rejects.toMatchObject({
      code: Code.ABORTED,
      error: { reason: 'LOCK_HELD', facts: { attempts: '10', lock_id: 'busy' } },
    });
    for (const mode of ['shared', 'exclusive'] as const) {
      for (const id of ['', '-a', 'a/b', 'job #7', 'x'.repeat(65), 'ä'])
        await expect(client.acquireLock({ lockIds: [id], mode })).rejects.toMatchObject({
          code: Code.INVALID_ARGUMENT,
          error: { reason: 'LOCK_ID_INVALID', field: 'lock_ids[0]' },
        });
    }
    await expect(client.releaseLock(['a'], 'h')).rejects.toMatchObject({ error: { reason: 'LOCK_NOT_OWNED' } });
    await expect(client.with({ timeoutMs: 3_000 }).refreshLock(['a'], 'h')).rejects.toMatchObject({ error: { reason: 'LOCKS_UNAVAILABLE' } });
    const rounded = { ...report('busy'), holders: [{ heldBy: 'operator mas|ops', token: 3, remainingMs: 13 }] };
    expect(await client.getLock('busy')).toEqual(rounded);
    expect(await client.listLocks()).toEqual({ locks: [{ ...rounded, waiting: null }], silent: [3], more: 2 });
    expect(await client.breakLock('busy')).toEqual(rounded);
    await expect(client.breakLock('a')).rejects.toMatchObject({ code: Code.NOT_FOUND, error: { reason: 'LOCK_NOT_HELD' } });
    await expect(client.breakLock('old')).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, error: { reason: 'SEMANTICS_TOO_OLD' } });
  });
  test('the cluster', async () => {
    expect(await client.clusterStatus()).toMatchObject({
      placement: { version: 1 },
      unreachable: [3],
      nodes: [{ rm: 1, condition: { kind: 'ailing', of: ['store'] } }],
      coordinator: {
        id: 'tc-1',
        uptimeMs: 9,
        paymentsInFlight: 1,
        committed: 4,
        aborted: [{ reason: 'INSUFFICIENT_FUNDS', count: 2 }],
        unknown: 0,
        refused: 3,
        latency: [
          { upToMs: 1, count: 0 },
          { upToMs: null, count: 6 },
        ],
      },
    });
    const heard: AuditProgress[] = [];
    expect(await client.audit({ onProgress: (progress) => heard.push(progress) })).toMatchObject({
      momentUs: 7,
      sinceUs: 3,
      consistent: false,
      incomplete: ['one was away'],
      checks: [{ name: 'journals', count: 12, differences: ['one'] }],
      totals: [{ currency: 'USD', issuedMinor: 2n ** 64n, balancesMinor: 5n }],
    });
    expect(await client.audit({ isFull: true })).toMatchObject({ sinceUs: null });
    expect(heard).toEqual([{ momentUs: 7, replicas: [{ bucket: 1, rm: 1, rows: 30, permille: 500 }], waitsFor: '' }]);
    expect(await client.undecided()).toEqual({
      transactions: [],
      payments: [
        {
          id: 'p',
          scope: 'mas|ops',
          txn: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          coordinator: 'tm-1',
          homeBucket: 3,
          ageMs: 7,
          home: 'It does not answer.',
        },
      ],
      silent: [3],
    });
    expect(await client.resolve(TXN, 'a')).toEqual({ kind: 'unknown', txn: TXN, message: 'ask again' });
    const ordered = {
      placement: { version: 4, resourceManagers: [], buckets: [], cluster: null },
      steps: [{ bucket: 2, remove: 1, add: 4, why: 'balance' }],
      slots: [{ slots: { from: 7, to: 9 }, from: 1, to: 2 }],
      estimate: { accounts: 1, rows: 20, tookMs: 5 },
    };
    expect(await client.addNode(4, 'localhost:1')).toEqual(ordered);
    expect(await client.drainNode(4, true)).toEqual(ordered);
    expect(await client.removeNode(4, true)).toEqual(ordered);
    expect(await client.moveReplica(2, 1, 4)).toEqual(ordered);
    expect(await client.rebalance({ replicas: 3, dryRun: true, stop: false })).toEqual(ordered);
    expect(await client.rebalance({ replicas: undefined, dryRun: false, stop: false, slots: true })).toEqual(ordered);
    expect(await client.addBucket(4, [3, 1])).toEqual(ordered);
    expect(await client.moveSlots({ from: 0, to: 4095 }, 1, 2, true)).toEqual(ordered);
    expect(await client.retireBucket(4)).toEqual(ordered);
    expect(await client.pauseMoves()).toEqual(ordered);
    expect(await client.resumeMoves()).toEqual(ordered);
    expect(await client.cancelMoves()).toEqual(ordered);
    expect(coordinator.calls.filter(({ method }) => method === 'orderNodes').map(({ args }) => args[1])).toEqual([
      { kind: 'add', rm: 4, address: 'localhost:1' },
      { kind: 'drain', rm: 4, isDraining: false },
      { kind: 'remove', rm: 4, isDead: true },
      { kind: 'move', bucket: 2, from: 1, to: 4 },
      { kind: 'rebalance', replicas: 3, ofSlots: false, isDryRun: true },
      { kind: 'rebalance', replicas: null, ofSlots: true, isDryRun: false },
      { kind: 'add-bucket', bucket: 4, replicas: [3, 1], isDryRun: false },
      { kind: 'move-slots', slots: { from: 0, to: 4095 }, from: 1, to: 2, isDryRun: true },
      { kind: 'retire-bucket', bucket: 4, isDryRun: false },
      { kind: 'pause-moves', isPaused: true },
      { kind: 'pause-moves', isPaused: false },
      { kind: 'cancel-moves' },
    ]);
    const refused = (reason: string): object => ({ code: Code.INVALID_ARGUMENT, error: { reason } });
    await expect(client.addBucket(0)).rejects.toMatchObject(refused('BUCKET_INVALID'));
    await expect(client.addBucket(4, [0])).rejects.toMatchObject(refused('RESOURCE_MANAGER_INVALID'));
    await expect(client.addBucket(4, Array(10).fill(1) as number[])).rejects.toMatchObject(refused('REPLICAS_INVALID'));
    await expect(client.moveSlots({ from: 5, to: 4 }, 1, 2)).rejects.toMatchObject(refused('SLOTS_INVALID'));
    await expect(client.moveSlots({ from: 0, to: 4096 }, 1, 2)).rejects.toMatchObject(refused('SLOTS_INVALID'));
    await expect(client.moveSlots({ from: 0, to: 1 }, 2, 2)).rejects.toMatchObject(refused('SAME_BUCKET'));
    await expect(client.retireBucket(65_536)).rejects.toMatchObject(refused('BUCKET_INVALID'));
    await expect(client.addNode(0, 'localhost:1')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, error: { reason: 'RESOURCE_MANAGER_INVALID' } });
    await expect(client.addNode(4, 'localhost')).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, error: { reason: 'ADDRESS_INVALID' } });
    await expect(client.moveReplica(2, 1, 1)).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, error: { reason: 'NODES_EQUAL' } });
  });
});

describe('buf curl, by reflection alone', () => {
  const root = resolve(__dirname, '../../../..');
  /** Not synchronous: the server that it calls lives in this process. */
  const buf = async (...args: readonly string[]): Promise<string> =>
    (
      await promisify(execFile)(join(root, 'node_modules/.bin/buf'), ['curl', '--protocol', 'grpc', '--cacert', join(certs.dir, 'ca.crt'), ...args], {
        cwd: certs.dir,
        encoding: 'utf8',
        timeout: 30_000,
      })
    ).stdout;

  test('lists the services', async () => {
    expect((await buf('--list-services', `https://localhost:${server.port}`)).trim().split('\n').sort()).toEqual([
      'grpc.health.v1.Health',
      'mas.v1.AccountService',
      'mas.v1.LockService',
      'mas.v1.NodeService',
    ]);
  });
  test('calls a method', async () => {
    const answer = JSON.parse(
      await buf(
        '-H',
        `authorization: Bearer ${operator}`,
        '--timeout',
        '55s',
        '-d',
        '{"number":"abc"}',
        `https://localhost:${server.port}/mas.v1.AccountService/GetAccount`,
      ),
    ) as { account: { balanceMinor: string } };
    expect(answer.account.balanceMinor).toBe('1250');
  });
});

test('health follows what the process says', async () => {
  const check = async (): Promise<string> =>
    (await rawCallOver(raw, '/grpc.health.v1.Health/Check', Buffer.alloc(0), null, 1_000)).answer?.toString('hex') ?? '';
  expect(await check()).toBe('0801');
  server.setServing(false);
  expect(await check()).toBe('0802');
  server.setServing(true);
});
