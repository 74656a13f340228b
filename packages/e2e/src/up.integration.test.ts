/**
 * The Procfiles as they stand in the repository, under `mas up`, against a private MariaDB and a private Redis. They name
 * fixed ports, so this test waits until those are free.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { MasClient } from '@mas/client';
import { startMariaDb, startRedis, tempFolder, waitUntil, type TempFolder, type TestServer } from '@mas/test-servers';
import { Access } from './harness/access';
import { run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { redisCommand } from './harness/redis-command';
import { openToOthers } from './testing/open-to-others';

const PORTS = [9008, 50041, 50051, 50061];
const MAS = join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js');
const SQL_PASSWORD = 'sql-5ecret';
const REDIS_PASSWORD = 'redis-5ecret';
const PORTS_FREE_TIMEOUT_MS = 600_000;

let folder: TempFolder;
let servers: TestServer[] = [];
let environment: Record<string, string>;
let up: ChildProcess | null = null;
let output = '';
let client: MasClient;

beforeAll(async () => {
  folder = await tempFolder('mas-up');
  const [sql, redis] = await Promise.all([startMariaDb(), startRedis()]);
  servers = [sql, redis];
  const certs = join(folder.path, 'certs');
  await run('bash', ['certs/make-certs.sh', '--dir', certs]);
  const root = await createConnection(sql.url);
  await root.query(`grant all on *.* to 'up'@'%' identified by '${SQL_PASSWORD}'`);
  await root.end();
  expect(await redisCommand(redis.port, `CONFIG SET requirepass ${REDIS_PASSWORD}`)).toBe('+OK');
  environment = {
    MAS_SQL: `mysql://up:${SQL_PASSWORD}@127.0.0.1:${sql.port}`,
    MAS_REDIS: `redis://:${REDIS_PASSWORD}@127.0.0.1:${redis.port}`,
    MAS_DATA_ROOT: join(folder.path, 'data'),
    MAS_CERTS: certs,
    MAS_UP_SOCKET: join(folder.path, 'up.sock'),
  };
  await waitUntil('the ports of the Procfiles are free', async () => (await Promise.all(PORTS.map(isFree))).every((free) => free), {
    timeoutMs: PORTS_FREE_TIMEOUT_MS,
    intervalMs: 500,
  });
  const child = spawn(process.execPath, [MAS, 'up', '-f', 'Procfile1', '-f', 'Procfile2'], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  up = child;
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.once('close', () => (up = null));
  client = new Access(certs, () => ['localhost:9008']).client({});
  await waitUntil('all four processes are ready', () => ['tc-1', 'rm-1', 'rm-2', 'rm-3'].every(isReady), {
    timeoutMs: 240_000,
    diagnostics: () => output.slice(-4_000),
  });
});

afterAll(async () => {
  client?.close();
  const child = up;
  if (child !== null) {
    child.kill('SIGINT');
    await new Promise((done) => child.once('close', done));
  }
  await Promise.all(servers.map((server) => server.stop()));
  await folder?.remove();
});

function isReady(name: string): boolean {
  return output.split('\n').some((line) => line.includes(`${name} |`) && line.includes('"msg":"ready"'));
}

function steer(...args: readonly string[]): Promise<Ran> {
  return run(process.execPath, [MAS, 'up', 'run', ...args], environment);
}

test('payments over three databases of one server', async () => {
  const created = ['up-a', 'up-b', 'up-c', 'up-d'].map((number) => client.createAccount({ id: `open-${number}`, number, openingBalance: { minor: 1_000n } }));
  await Promise.all(created);
  expect((await client.createPayment({ id: '{up-a}1', from: 'up-a', to: 'up-b', amount: { minor: 10n } })).kind).toBe('committed');
  expect((await client.createPayment({ id: '{up-c}1', from: 'up-c', to: 'up-d', amount: { minor: 10n } })).kind).toBe('committed');
});

test('no password stands in the arguments of a process, and nothing that they write is for others to read', () => {
  const told = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => argumentsOf(pid));
  expect(told.filter((args) => args.includes(folder.path) && args.includes('mas.js'))).toHaveLength(4);
  expect(told.filter((args) => args.includes(SQL_PASSWORD) || args.includes(REDIS_PASSWORD))).toEqual([]);
  expect(openToOthers(join(folder.path, 'data'))).toEqual([]);
});

test('status by name; one that is killed does not end the others, and start brings it back', async () => {
  const status = await steer('status');
  expect(
    status.stdout
      .split('\n')
      .filter((line) => line.startsWith('*'))
      .map((line) => line.slice(1).split('\t')[0]),
  ).toEqual(['tc-1', 'rm-1', 'rm-2', 'rm-3']);
  expect((await steer('stop', 'rm-2')).code).toBe(0);
  expect((await steer('status')).stdout).toMatch(/^ rm-2\tstopped\texited with 0$/m);
  expect((await client.createPayment({ id: '{up-a}2', from: 'up-a', to: 'up-c', amount: { minor: 10n } })).kind).toBe('committed');
  expect((await steer('start', 'rm-2')).code).toBe(0);
  expect(await steer('stop', 'nobody')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^mas: no process is named "nobody"; .*\n$/) as string });
});

test('Ctrl-C ends all of them in order, and frees their ports', async () => {
  const child = up;
  if (child === null) throw new Error(`mas up has ended:\n${output.slice(-2_000)}`);
  child.kill('SIGINT');
  const code = await new Promise((done) => child.once('close', done));
  expect(code).toBe(0);
  for (const name of ['tc-1', 'rm-1', 'rm-2', 'rm-3']) expect(output).toContain(`Terminating ${name}: exited with 0`);
  expect((await Promise.all(PORTS.map(isFree))).every((free) => free)).toBe(true);
});

test('wrong settings: one line each, and nothing starts', async () => {
  const ran = await run(process.execPath, [MAS, 'rm', '--id', 'zero', '--listen', 'nowhere', '--cluster', '1=localhost:1', '--data', folder.path], {});
  expect(ran.code).toBe(2);
  expect(ran.stderr.trimEnd().split('\n')).toEqual([
    expect.stringContaining('--id (or MAS_RM_ID) is "zero"'),
    expect.stringContaining('--listen (or MAS_LISTEN) is "nowhere"'),
  ]);
  const unknown = await run(
    process.execPath,
    [MAS, 'tc', '--id', 'tc', '--cluster', '1=localhost:1', '--replicas', '1', '--data', folder.path, '--certs', folder.path],
    {},
  );
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^mas: [^\n]*ca\.crt cannot be read: make certificates and keys with [^\n]*\n$/) as string,
  });
});

/** Empty where the process has ended. */
function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: 'localhost', port }, () => server.close(() => resolve(true)));
  });
}
