/**
 * Locks on real processes with MariaDB and Redis: what a client that is gone leaves behind (nothing), what an emptied Redis
 * forgets (nothing that counts), who holds a lock, and how an operator ends one whose holder does not.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { masClient, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { redisCommand } from './harness/redis-command';

/** Nothing here ends by its time. */
const PATIENT = { attempts: 600, attemptDelayMs: 1_000, timeoutMs: 600_000 };

let cluster: Cluster;
let environment: Readonly<Record<string, string>>;
let minted = 0;

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers' });
  environment = { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() };
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

const fresh = (): string => `lock-${(minted += 1)}`;
const cli = (...args: readonly string[]): Promise<Ran> => masClient(args, environment);

async function waiting(lockId: string, many: number): Promise<void> {
  await waitUntil(`${many} wait for ${lockId}`, async () => (await cluster.client().getLock(lockId)).waiting === many, { timeoutMs: 30_000 });
}

/** Nobody has the lock, nor gets it: another can have it at once. */
async function free(lockId: string): Promise<void> {
  const { handle } = await cluster.client().acquireLock({ lockIds: [lockId], attempts: 1, timeoutMs: 600_000 });
  await cluster.client().releaseLock([lockId], handle);
}

test.each([
  ['is interrupted (Ctrl-C)', 'SIGINT' as const],
  ['is killed', 'SIGKILL' as const],
])('a waiting lock acquire that %s gives up its place', async (_, signal) => {
  const lockId = fresh();
  const { handle } = await cluster.client().acquireLock({ lockIds: [lockId], timeoutMs: 600_000 });
  const waiter = spawn(
    process.execPath,
    [
      join(REPOSITORY_ROOT, 'packages/bin/dist/mas-client.js'),
      '--timeout',
      '60000',
      'lock',
      'acquire',
      lockId,
      '--attempts',
      '600',
      '--lock-timeout',
      '600000',
    ],
    { stdio: 'ignore', env: { ...process.env, ...environment } },
  );
  const ended = new Promise((resolve) => waiter.once('close', resolve));
  await waiting(lockId, 1);
  waiter.kill(signal);
  await ended;
  await waiting(lockId, 0);
  await cluster.client().releaseLock([lockId], handle);
  await free(lockId);
});

test('a call whose deadline passes while it waits gives up its place', async () => {
  const lockId = fresh();
  const { handle } = await cluster.client().acquireLock({ lockIds: [lockId], timeoutMs: 600_000 });
  await expect(cluster.client({ timeoutMs: 1_500 }).acquireLock({ lockIds: [lockId], ...PATIENT })).rejects.toThrow();
  await waiting(lockId, 0);
  await cluster.client().releaseLock([lockId], handle);
  await free(lockId);
});

test('FLUSHALL forgets no shared lock: nobody gets an exclusive one beside it', async () => {
  const lockId = fresh();
  const { handle } = await cluster.client().acquireLock({ lockIds: [lockId], mode: 'shared', timeoutMs: 600_000 });
  await redisCommand(cluster.redis?.port ?? 0, 'FLUSHALL');
  await expect(cluster.client().acquireLock({ lockIds: [lockId], attempts: 1 })).rejects.toMatchObject({ error: { reason: 'LOCK_HELD' } });
  const beside = await cluster.client().acquireLock({ lockIds: [lockId], mode: 'shared', timeoutMs: 600_000 });
  await cluster.client().refreshLock([lockId], handle, 600_000);
  expect(await cluster.client().getLock(lockId)).toMatchObject({ mode: 'shared', holders: [{ remainingMs: expect.any(Number) as unknown }, {}] });
  for (const each of [handle, beside.handle]) await cluster.client().releaseLock([lockId], each);
  await free(lockId);
});

test('lock get says who holds it, lock break ends it, by name, and everybody sees that it did', async () => {
  const lockId = fresh();
  expect((await cli('lock', 'get', lockId)).stdout).toBe(`${lockId} is free\n`);
  const { handle, locks } = await cluster.client().acquireLock({ lockIds: [lockId], timeoutMs: 600_000 });
  const token = String(locks[0]?.token);
  const held = new RegExp(`^${lockId} is held exclusive by operator \\S+, token ${token}, for \\d+ ms more\n$`);
  expect((await cli('lock', 'get', lockId)).stdout).toMatch(held);
  const next = cluster.client({ timeoutMs: 600_000 }).acquireLock({ lockIds: [lockId], ...PATIENT });
  await waiting(lockId, 1);
  expect(await cli('lock', 'break', lockId)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^OK, broken: .* is held exclusive by operator /) as unknown,
  });
  const second = await next;
  expect(second.locks[0]?.token).toBeGreaterThan(Number(token));
  await expect(cluster.client().refreshLock([lockId], handle)).rejects.toMatchObject({ error: { reason: 'LOCK_NOT_OWNED' } });
  expect(await cluster.client().getLock(lockId)).toMatchObject({
    mode: 'exclusive',
    lastBreak: { by: expect.stringMatching(/^operator /) as unknown, upToToken: Number(token) },
  });
  await cluster.client().releaseLock([lockId], second.handle);
  expect(await cli('lock', 'break', lockId)).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('LOCK_NOT_HELD') as unknown });
  expect((await cli('lock', 'get', lockId)).stdout).toMatch(/is free\nlast broken by operator \S+ at \d{4}-\d\d-\d\dT\S+Z/);
  await expect(cluster.client({ token: cluster.accountToken(lockId) }).breakLock(lockId)).rejects.toMatchObject({ error: { reason: 'OPERATOR_REQUIRED' } });
});
