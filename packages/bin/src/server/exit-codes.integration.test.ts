/** Real server processes and the exit codes that docs/running.md promises: impossible settings, expired certificates, a damaged log. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@mas/test-servers';

const MAS = join(__dirname, '../../dist/mas.js');
const MAKE_CERTS = join(__dirname, '../../../../certs/make-certs.sh');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let certs: string;
const children = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mas-exit-'));
  certs = join(folder, 'certs');
  execFileSync('bash', [MAKE_CERTS, '--dir', certs, '--rms', '1'], { stdio: 'ignore' });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Runs until it ends, or is stopped in order once it says that it is ready. */
function mas(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let [stdout, stderr, stopped] = ['', '', false];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      if (stopped || !stdout.includes('"msg":"ready"')) return;
      stopped = true;
      child.kill('SIGTERM');
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.once('close', (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
}

async function resourceManager(data: string, ...more: readonly string[]): Promise<Ended> {
  const port = await freePort();
  return mas(
    'rm',
    '--id',
    '1',
    '--listen',
    `localhost:${port}`,
    '--cluster',
    `1=localhost:${port}`,
    '--replicas',
    '1',
    '--buckets',
    '1',
    '--certs',
    certs,
    '--data',
    join(folder, data),
    ...more,
  );
}

test.each<[string, readonly string[], string]>([
  [
    'more replicas than resource managers, of a Transaction Manager',
    ['tc', '--cluster', '1=localhost:1,2=localhost:2', '--replicas', '3'],
    'mas: --replicas (or MAS_REPLICAS) is 3, but --cluster lists only 2 resource managers: give at most as many replicas, or list more\n',
  ],
  [
    'the same of a Resource Manager, that is not listed either',
    ['rm', '--id', '7', '--listen', 'localhost:1', '--cluster', '1=localhost:1', '--replicas', '3'],
    'mas: --id (or MAS_RM_ID) is 7, but --cluster does not list it: 1\nmas: --replicas (or MAS_REPLICAS) is 3, but --cluster lists only 1 resource manager: give at most as many replicas, or list more\n',
  ],
  [
    'an id that no coordinator can have',
    ['tc', '--id', 'a b', '--cluster', '1=localhost:1', '--replicas', '1'],
    'mas: --id (or MAS_TC_ID): coordinatorId must be 1 to 64 letters, digits, dots, dashes or underscores\n',
  ],
  [
    'a minimum above the maximum',
    ['rm', '--id', '1', '--listen', 'localhost:1', '--cluster', '1=localhost:1', '--replicas', '1', '--minimum-balance', '100', '--maximum-amount', '5'],
    'mas: --minimum-balance (or MAS_MINIMUM_BALANCE) is above --maximum-amount: no account could ever be paid out\n',
  ],
])('impossible settings: %s', async (_what, args, stderr) => {
  expect(await mas(...args, '--certs', certs, '--data', join(folder, 'never'))).toEqual({ code: 2, stdout: '', stderr });
});

test('a certificate that has expired: exit code 2 and what to do, before anything is opened', async () => {
  const old = join(folder, 'old');
  execFileSync('bash', [MAKE_CERTS, '--dir', old, '--rms', '1'], { stdio: 'ignore' });
  execFileSync(
    'bash',
    [
      '-c',
      `cd '${old}' && openssl req -new -key rm-1.key -subj /CN=rm-1 -out r.csr && openssl x509 -req -in r.csr -CA ca.crt -CAkey ca.key -set_serial 9 -days -1 -out rm-1.crt`,
    ],
    { stdio: 'ignore' },
  );
  const ended = await resourceManager('expired', '--certs', old);
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^mas: .*rm-1\.crt has expired on .*: renew it with "npm run certs"[^\n]*\n$/);
});

test('a damaged log: exit code 70, with file and offset; a whole one: 0', async () => {
  expect(await resourceManager('damaged')).toMatchObject({ code: 0, stderr: '' });
  const log = join(folder, 'damaged', 'log');
  const segment = join(
    log,
    readdirSync(log)
      .filter((name) => name.endsWith('.wal'))
      .sort()[0] ?? '',
  );
  const bytes = readFileSync(segment);
  // The segment's header, which no crash can have torn.
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  writeFileSync(segment, bytes);
  const ended = await resourceManager('damaged');
  expect(ended.stderr).toMatch(/^mas: the log is damaged: [^\n]* at offset \d+; replace this disk[^\n]*\n$/);
  expect(ended.code).toBe(70);
});
