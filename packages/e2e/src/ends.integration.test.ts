/**
 * How everything ends: a closed terminal, Ctrl-C under a manager that adds its own signal, a parent that is killed, output that
 * nobody takes. In order where there is somebody to ask, and without anything left behind where there is not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, freePorts, tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { run } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';

const PROGRAM = join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js');
const LIFECYCLE = join(REPOSITORY_ROOT, 'packages/bin/dist/platform/lifecycle.js');
const LOGGER = join(REPOSITORY_ROOT, 'packages/bin/dist/platform/pino-logger.js');
const WAIT = { timeoutMs: 90_000, intervalMs: 50 };
/** Longer than the signals of one stop are apart (SAME_STOP_MS). */
const ANOTHER_PRESS_MS = 1_700;

interface Running {
  readonly child: ChildProcess;
  said(): string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

let folder: TempFolder;
const started: Running[] = [];

beforeAll(async () => {
  folder = await tempFolder('mas-ends');
  await run('bash', ['certs/make-certs.sh', '--dir', join(folder.path, 'certs')]);
});

afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});
afterAll(() => folder?.remove());

function start(args: readonly string[], stdout: 'pipe' | number = 'pipe'): Running {
  const child = spawn(process.execPath, args, { cwd: folder.path, stdio: ['ignore', stdout, 'pipe'], env: { ...process.env, NO_COLOR: '1' } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const running = {
    child,
    said: () => text,
    ended: new Promise<number | string | null>((resolve) => child.once('close', (code, signal) => resolve(signal ?? code))),
  };
  started.push(running);
  return running;
}

const hears = (running: Running, what: RegExp): Promise<void> =>
  waitUntil(`it says ${String(what)}`, () => what.test(running.said()), { ...WAIT, diagnostics: () => running.said() });

async function aloneArgs(kind: 'tc' | 'rm'): Promise<{ readonly port: number; readonly args: readonly string[] }> {
  const port = await freePort();
  const own = kind === 'tc' ? ['tc', '--id', 'alone', '--cluster', '1=localhost:1'] : ['rm', '--id', '1', '--cluster', `1=localhost:${port}`];
  return {
    port,
    args: [
      PROGRAM,
      ...own,
      '--listen',
      `localhost:${port}`,
      '--replicas',
      '1',
      '--certs',
      join(folder.path, 'certs'),
      '--data',
      join(folder.path, `${kind}-${port}`),
    ],
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: 'localhost', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A zombie does not count: who collects it may be slow. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}

describe('a server process', () => {
  test.each(['tc', 'rm'] as const)('mas %s: a closed terminal is an orderly stop', async (kind) => {
    const { port, args } = await aloneArgs(kind);
    const running = start(args);
    await waitUntil('it listens', () => listens(port), { ...WAIT, diagnostics: () => running.said() });
    running.child.kill('SIGHUP');
    expect(await running.ended).toBe(0);
    expect(running.said()).toMatch(/"signal":"SIGHUP","msg":"stopping"[^]*"msg":"stopped"/);
  });

  test.each(['tc', 'rm'] as const)('mas %s whose log goes to a full disk works, and stops in order', async (kind) => {
    const { port, args } = await aloneArgs(kind);
    const running = start(args, openSync('/dev/full', 'w'));
    await waitUntil('it listens', () => listens(port), { ...WAIT, diagnostics: () => running.said() });
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.said()).toBe('');
  });

  test('that hands its leaders over: SIGINT from the terminal and SIGTERM from the manager are one stop', async () => {
    const cluster = await Cluster.start();
    try {
      const leader = await cluster.leaderOf(1);
      const { pid } = leader;
      if (pid === undefined) throw new Error('the leader does not run');
      process.kill(pid, 'SIGINT');
      process.kill(pid, 'SIGTERM');
      await leader.ended();
      expect(leader.exitStatus()).toEqual({ code: 0, signal: null });
    } finally {
      await cluster.stop();
    }
  });

  test('Ctrl-C a second time ends it at once, with exit code 1 and a line that says so; a manager\u2019s second signal does not', async () => {
    const script = `
      const { Lifecycle } = require(${JSON.stringify(LIFECYCLE)});
      const { createLogger } = require(${JSON.stringify(LOGGER)});
      const lifecycle = new Lifecycle(createLogger({ level: 'info', base: {} }), 10 * 60_000);
      lifecycle.onStop('without an end', () => new Promise(() => setInterval(() => undefined, 1_000)));
      lifecycle.install();
      console.log('running');
      setInterval(() => undefined, 1_000);`;
    const running = start(['-e', script]);
    await hears(running, /running/);
    running.child.kill('SIGINT');
    await hears(running, /"msg":"stopping"/);
    await new Promise((resolve) => setTimeout(resolve, ANOTHER_PRESS_MS));
    running.child.kill('SIGTERM');
    running.child.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(running.child.exitCode).toBeNull();
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(1);
    expect(running.said()).toMatch(/"level":"warn".*asked again while stopping: ending at once/);
  });
});

describe('mas up', () => {
  const procfile = (text: string): readonly string[] => {
    writeFileSync(join(folder.path, 'Procfile'), text);
    return [PROGRAM, 'up', '-f', 'Procfile', '--socket', join(folder.path, 'up.sock')];
  };

  test('a closed terminal stops all, with the signal that means it everywhere', async () => {
    const running = start(procfile('one: trap "echo heard-TERM; exit 0" TERM; trap "echo heard-HUP" HUP; echo up; while :; do sleep 0.1; done'));
    await hears(running, /\| up\n/);
    running.child.kill('SIGHUP');
    expect(await running.ended).toBe(0);
    expect(running.said()).toMatch(/heard-TERM/);
    expect(running.said()).not.toMatch(/heard-HUP/);
  });

  test('a second Ctrl-C kills what is left, and says so', async () => {
    const running = start(procfile('stubborn: trap "" INT TERM; echo up; while :; do sleep 0.1; done'));
    await hears(running, /\| up\n/);
    running.child.kill('SIGINT');
    await hears(running, /Stopping stubborn/);
    await new Promise((resolve) => setTimeout(resolve, ANOTHER_PRESS_MS));
    running.child.kill('SIGINT');
    await running.ended;
    expect(running.said()).toMatch(/mas: asked again while stopping: killing what is left\n/);
    expect(running.said()).toMatch(/Terminating stubborn: ended by SIGKILL/);
  });

  test('killed with -9, it leaves nothing: neither a program that knows nothing of it, nor what that one started', async () => {
    const running = start(
      procfile('deaf: sleep 604 & echo pids-$$-$!-; exec sleep 605\nstubborn: trap "" TERM INT HUP; echo pids-$$-$$-; while :; do sleep 0.1; done\n'),
    );
    await hears(running, /pids-[^]*pids-/);
    const pids = [...running.said().matchAll(/pids-(\d+)-(\d+)-/g)].flatMap(([, a, b]) => [Number(a), Number(b)]);
    expect(pids.map(alive)).toEqual([true, true, true, true]);
    running.child.kill('SIGKILL');
    await waitUntil('nothing is left', () => !pids.some(alive), { ...WAIT, diagnostics: () => pids.filter(alive).join(', ') });
  });
});

describe('npm start', () => {
  const demo = async (): Promise<readonly string[]> => {
    const [tc, rm] = [await freePort(), await freePorts(3, 10)];
    return [
      PROGRAM,
      'demo',
      '--tc-port',
      String(tc),
      '--rm-port',
      String(rm),
      '--gateway-port',
      String(await freePort()),
      '--console-port',
      String(await freePort()),
      '--folder',
      '.mas',
      '--certs',
      join(folder.path, 'certs'),
    ];
  };
  const context = (): string => join(folder.path, '.mas/context.json');
  const client = (...args: readonly string[]): Running => start([join(REPOSITORY_ROOT, 'packages/bin/dist/mas-client.js'), ...args]);

  test('its context leads to it while it runs, and nowhere once it was stopped, by a closed terminal too', async () => {
    const running = start(await demo());
    await hears(running, /Ctrl-C stops everything/);
    const looking = client('cluster', 'status');
    expect([await looking.ended, looking.said()]).toEqual([0, expect.stringContaining('leader')]);
    running.child.kill('SIGHUP');
    expect(await running.ended).toBe(0);
    expect(existsSync(context())).toBe(false);
  });

  test('killed with -9, it leaves no process, and mas-client does not believe what it left in its context', async () => {
    const running = start(await demo());
    await hears(running, /Ctrl-C stops everything/);
    const children = childrenOf(running.child.pid ?? 0);
    expect(children).toHaveLength(5);
    running.child.kill('SIGKILL');
    await waitUntil('nothing is left', () => !children.some(alive), { ...WAIT, diagnostics: () => children.filter(alive).join(', ') });
    const note = /^mas-client: note: the context file \.mas\/context\.json is not used: the cluster that wrote it \(process \d+\) has ended\n/;
    const looking = client('audit', '--tc', 'localhost:1', '--timeout', '300', '--cert', join(folder.path, 'certs/ca.crt'));
    expect(await looking.ended).not.toBe(0);
    expect(looking.said()).toMatch(note);
    const named = client('audit', '--context', '.mas/context.json');
    expect([await named.ended, named.said()]).toEqual([
      7,
      expect.stringMatching(
        /^mas-client: UNAVAILABLE: the cluster of the context file \.mas\/context\.json \(--context\) has ended \(process \d+\): start it again\n$/,
      ),
    ]);
  });
});
