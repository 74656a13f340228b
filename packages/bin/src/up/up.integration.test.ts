/** goreman's semantics, on real processes: one dying does not end the others, verbs by name, SIGINT first and SIGKILL after the grace period. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { sendControl, serveControl } from './control';
import { PrefixedOutput } from './prefixed-output';
import { parseProcfile, mergeProcfiles } from './procfile';
import { Runner } from './runner';

/** Not a zombie either: its parent may be gone, and the machine's first process slow to collect it. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Ends with the test's own time limit. */
async function gone(pid: number): Promise<void> {
  while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

class Capture extends Writable {
  text = '';
  private readonly listeners_: (() => void)[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    for (const listener of [...this.listeners_]) listener();
    done();
  }

  waitFor(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${String(pattern)} in:\n${this.text}`)), 90_000);
      const check = (): void => {
        if (!pattern.test(this.text)) return;
        clearTimeout(timer);
        resolve();
      };
      this.listeners_.push(check);
      check();
    });
  }
}

function entriesOf(text: string): ReturnType<typeof parseProcfile> & { ok: true } {
  const parsed = parseProcfile(text, 'Procfile');
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed;
}

let folder: string;
let capture: Capture;
let runner: Runner | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mas-up-'));
  capture = new Capture();
});

afterEach(async () => {
  await runner?.stopAll();
  runner?.close();
  runner = null;
  rmSync(folder, { recursive: true, force: true });
});

function run(text: string, graceMs = 90_000): Runner {
  runner = new Runner(entriesOf(text).value, new PrefixedOutput(capture, 6, false, () => new Date()), process.env, () => undefined, graceMs);
  runner.startAll();
  return runner;
}

test('output is prefixed with the name, and one ending leaves the others running', async () => {
  const group = run('short: echo hello; exit 3\nlong: echo up; exec sleep 600');
  await capture.waitFor(/ short \| hello\n/);
  await capture.waitFor(/Terminating short: exited with 3/);
  await capture.waitFor(/ {3}long \| up\n/);
  expect((await group.run({ verb: 'status' })).map((line) => line.split('\t').slice(0, 2))).toEqual([
    [' short', 'stopped'],
    ['*long', 'running'],
  ]);
});

test('stop, start and restart act on one process by name, through the socket', async () => {
  const group = run('a: echo started-$PORT; exec sleep 600\nb: exec sleep 600');
  const path = join(folder, 'up.sock');
  const server = await serveControl(path, group);
  await capture.waitFor(/started-5000/);
  expect(await sendControl(path, { verb: 'stop', name: 'a' })).toBe('a: stopped');
  expect(await sendControl(path, { verb: 'start', name: 'a' })).toBe('a: running');
  await capture.waitFor(/started-5000[^]*started-5000/);
  expect(await sendControl(path, { verb: 'restart', name: 'a' })).toBe('a: running');
  expect(await sendControl(path, { verb: 'stop', name: 'c' })).toMatch(/^error: no process is named "c"/);
  await expect(serveControl(path, group)).rejects.toThrow(/another "mas up" is running/);
  server.close();
});

test('a process that ignores SIGINT is killed after the grace period', async () => {
  const group = run("stubborn: trap '' INT; echo ready; while :; do sleep 0.05; done", 300);
  await capture.waitFor(/ready/);
  await group.stopAll();
  expect(capture.text).toMatch(/did not stop within 0.3 s: killing it/);
  expect(group.anyRunning()).toBe(false);
});

test('a grandchild that keeps the output open does not keep its parent from having ended', async () => {
  const group = run('parent: sleep 600 & echo leaves; exit 3\nother: exec sleep 600');
  await capture.waitFor(/Terminating parent: exited with 3/);
  expect(capture.text).toMatch(/parent \| leaves\n/);
  expect(group.failed()).toEqual(['parent']);
  await group.stopAll();
  expect([group.anyRunning(), group.failed()]).toEqual([false, ['parent']]);
});

test.each([
  ['all failed', 'a: exit 3\nb: exit 4', 1, 'mas: all processes have ended, with a failure of a, b\n'],
  ['one failed', 'a: exit 0\nb: kill -9 $$', 1, 'mas: all processes have ended, with a failure of b\n'],
  ['all did their work', 'a: exit 0\nb: true', 0, ''],
])('the exit code of mas up when %s', (_what, procfile, code, stderr) => {
  const file = join(folder, 'Procfile');
  writeFileSync(file, procfile);
  const ran = spawnSync(process.execPath, [join(__dirname, '../../dist/mas.js'), 'up', '-f', file, '--socket', join(folder, 'up.sock')], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect({ code: ran.status, stderr: ran.stderr }).toEqual({ code, stderr });
});

test('its children are told what its own output is', async () => {
  run('a: echo "form: ${MAS_LOG_FORMAT:-none}"; exec sleep 600');
  await capture.waitFor(/form: none/);
  const file = join(folder, 'Procfile');
  writeFileSync(file, 'a: echo "form: $MAS_LOG_FORMAT"');
  const command = `${process.execPath} ${join(__dirname, '../../dist/mas.js')} up -f ${file} --socket ${join(folder, 'up.sock')}`;
  expect(spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 60_000 }).stdout).toMatch(/form: json/);
  // `script` gives it a terminal.
  expect(spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', timeout: 60_000 }).stdout).toMatch(/form: pretty/);
});

test('what a process started ends with it, also where the process itself is killed or has nothing more to do', async () => {
  const group = run('parent: sleep 601 & echo child-$!-; exec sleep 602\nshort: sleep 603 & echo left-$!-');
  await capture.waitFor(/child-\d+-/);
  await capture.waitFor(/left-\d+-/);
  await capture.waitFor(/Terminating short: exited with 0/);
  const pids = [...capture.text.matchAll(/(?:child|left)-(\d+)-/g)].map(([, pid]) => Number(pid));
  await gone(Number(/left-(\d+)-/.exec(capture.text)?.[1]));
  await group.run({ verb: 'stop', name: 'parent' });
  await Promise.all(pids.map(gone));
  expect(pids).toHaveLength(2);
});

test.each([
  ['a b: x', 'Procfile:1: expected "name: command"'],
  ['a: x\na: y', 'Procfile:2: the name "a" is used twice'],
  ['# nothing', 'Procfile: no process is defined'],
])('a wrong Procfile is refused with file and line: %j', (text, message) => {
  const parsed = parseProcfile(text, 'Procfile');
  expect(parsed.ok ? '' : parsed.error).toContain(message);
});

test('a name in two files is refused', () => {
  const merged = mergeProcfiles([
    { fileName: 'P1', entries: [{ name: 'a', command: 'x' }] },
    { fileName: 'P2', entries: [{ name: 'a', command: 'y' }] },
  ]);
  expect(merged).toEqual({ ok: false, error: 'P2: the name "a" is already used in P1' });
});
