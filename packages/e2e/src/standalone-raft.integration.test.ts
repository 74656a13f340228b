/** The Raft packages by themselves: installed from their tarballs in an empty folder, where the example of multi-raft's README runs in three processes and loses its leader. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { run } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';

const IDS = [1, 2, 3] as const;
const PATIENCE = { timeoutMs: 120_000, intervalMs: 50, diagnostics: () => said };

let folder: TempFolder;
let home: string;
let ports: readonly { readonly raft: number; readonly http: number }[];
let said = '';
const processes = new Map<number, ChildProcess>();

beforeAll(async () => {
  folder = await tempFolder('mas-standalone');
  home = join(folder.path, 'home');
  mkdirSync(home);
  expect(await run(process.execPath, ['packages/tooling/package.mjs', '--only', 'libraries', '--destination', folder.path])).toMatchObject({ code: 0 });
  const tarballs = readdirSync(folder.path).filter((name) => /^mas-.*\.tgz$/.test(name));
  expect(tarballs.map((name) => name.replace(/-\d.*/, '')).sort()).toEqual([
    'mas-health',
    'mas-membership',
    'mas-multi-raft',
    'mas-raft',
    'mas-raft-log',
    'mas-values',
  ]);
  const files = tarballs.map((name) => join(folder.path, name));
  expect(await run('npm', ['install', '--prefix', home, '--no-audit', '--no-fund', '--silent', '--offline', ...files])).toMatchObject({ code: 0 });
  ports = await Promise.all(IDS.map(async () => ({ raft: await freePort(), http: await freePort() })));
});

afterAll(async () => {
  for (const child of processes.values()) child.kill('SIGKILL');
  await folder?.remove();
});

function start(id: number): void {
  const program = join(home, 'node_modules/@mas/multi-raft/example/key-value-store.mjs');
  const child = spawn(process.execPath, [program, String(id), ports.map(({ raft, http }) => `${raft}:${http}`).join(','), join(home, `data-${id}`)]);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += `${id}: ${bytes.toString()}`));
  processes.set(id, child);
}

const address = (id: number, key: string): string => `http://127.0.0.1:${ports[id - 1]?.http ?? 0}/${key}`;

/** Null while it has no answer. */
async function ask(id: number, key: string, value?: string): Promise<string | null> {
  const answer = await fetch(address(id, key), value === undefined ? {} : { method: 'PUT', body: value }).catch(() => null);
  return answer?.status === 200 ? answer.text() : null;
}

async function leader(): Promise<number | null> {
  for (const id of IDS) {
    const answer = await fetch(address(id, 'any'), { redirect: 'manual' }).catch(() => null);
    if (answer?.status === 200) return id;
  }
  return null;
}

async function until<Value>(what: string, ask: () => Promise<Value | null>): Promise<Value> {
  let found: Value | null = null;
  await waitUntil(what, async () => (found = await ask()) !== null, PATIENCE);
  return found as Value;
}

test('what is written at one is read at all, also when the leader is killed, and by it when it is back', async () => {
  for (const id of IDS) start(id);
  for (const id of IDS) expect(await until(`a write at ${id}`, () => ask(id, `key${id}`, `value ${id}`))).toBe(`value ${id}`);
  for (const id of IDS) expect(await Promise.all(IDS.map((key) => until('a read', () => ask(id, `key${key}`))))).toEqual(['value 1', 'value 2', 'value 3']);
  const led = await until('a leader', leader);
  processes.get(led)?.kill('SIGKILL');
  const other = led === 1 ? 2 : 1;
  expect(await until('a write without it', () => ask(other, 'after', 'still here'))).toBe('still here');
  expect(await until('a read without it', () => ask(other, `key${led}`))).toBe(`value ${led}`);
  start(led);
  expect(await until('a read at the one that is back', () => ask(led, 'after'))).toBe('still here');
});

test('their types hold under strict', async () => {
  const program =
    "import { MultiRaftHost, multiRaftConfig, type PeerTransport } from '@mas/multi-raft';\nimport { createRaftNode, MemoryStorage } from '@mas/raft';\nimport { SegmentedLogStore } from '@mas/raft-log';\n";
  writeFileSync(
    join(home, 'program.ts'),
    `${program}export const used: readonly unknown[] = [MultiRaftHost, multiRaftConfig({ tickMs: 40 }), createRaftNode, MemoryStorage, SegmentedLogStore];\nexport type Used = PeerTransport;\n`,
  );
  const types = ['--types', 'node', '--typeRoots', join(REPOSITORY_ROOT, 'node_modules/@types')];
  const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--module', 'node16', '--target', 'es2022', ...types];
  expect(await run(process.execPath, ['node_modules/typescript/bin/tsc', ...options, join(home, 'program.ts')])).toEqual({ code: 0, stdout: '', stderr: '' });
});
