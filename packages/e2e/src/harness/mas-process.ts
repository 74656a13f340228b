/**
 * One `mas` process under test: started from the built program, its log kept, its faults as verbs. It does not outlive the
 * test, whatever becomes of the test.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, type WriteStream } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { waitUntil, watchOver, type Watchdog } from '@mas/test-servers';

export const REPOSITORY_ROOT = resolve(__dirname, '../../../..');
/** As in the Procfiles. */
const NODE_FLAGS = ['--max-semi-space-size=32'];
/** What is built here. */
export const OWN_PROGRAM = join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js');
const RESTORE_FLAGS = ['id', 'cluster', 'buckets', 'replicas', 'sql', 'db', 'data'];
const READY_TIMEOUT_MS = 240_000;
const LOG_TAIL_CHARS = 6_000;
const MAX_KEPT_LINES = 20_000;

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface MasProcessOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder: string;
  /** What stands before the command: the host that it runs on. Default: nothing. */
  readonly on?: readonly string[];
  /** The server program; default: the one that is built here. */
  readonly program?: string;
}

export class MasProcess {
  private child: ChildProcess | null = null;
  private watchdog: Watchdog | null = null;
  private exit: { readonly code: number | null; readonly signal: string | null } | null = null;
  private exited: Promise<void> = Promise.resolve();
  private kept: LogLine[] = [];
  private errorOutput = '';
  private readonly logFile: string;
  private readonly listeners: ((line: LogLine) => void)[] = [];
  private frozen = false;
  private saidReady = false;
  private readonly ownDeaths: string[] = [];
  private program: string;

  constructor(private readonly options: MasProcessOptions) {
    this.program = options.program ?? OWN_PROGRAM;
    mkdirSync(options.folder, { recursive: true });
    this.logFile = join(options.folder, 'process.log');
  }

  get name(): string {
    return this.options.name;
  }

  /** Another process, not started yet: the same command line but for these flags, and a folder of its own beside this one's. */
  like(name: string, flags: Readonly<Record<string, string>>): MasProcess {
    const args = [...this.options.args];
    for (const [flag, value] of Object.entries(flags)) {
      const at = args.indexOf(`--${flag}`);
      if (at < 0) args.push(`--${flag}`, value);
      else args[at + 1] = value;
    }
    return new MasProcess({ ...this.options, name, args, folder: join(dirname(this.options.folder), name) });
  }

  /** Of this process's settings those that `mas restore` takes as well. */
  restoreFlags(): readonly string[] {
    const { args } = this.options;
    return RESTORE_FLAGS.flatMap((flag) => {
      const at = args.indexOf(`--${flag}`);
      return at < 0 ? [] : [`--${flag}`, args[at + 1] ?? ''];
    });
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** From its next start on: another version of the program. */
  use(program: string): void {
    this.program = program;
  }

  running(): boolean {
    return this.child !== null;
  }

  exitStatus(): { readonly code: number | null; readonly signal: string | null } | null {
    return this.exit;
  }

  /** Every time that it ended by itself with an error: a broken invariant, an exception. Signals are the tests' own doing. */
  failures(): readonly string[] {
    return this.ownDeaths;
  }

  /** Log lines since the last start, newest last. */
  lines(): readonly LogLine[] {
    return this.kept;
  }

  /** From now on, over all its lives. */
  onLine(listener: (line: LogLine) => void): void {
    this.listeners.push(listener);
  }

  /** What a person reads of what went wrong since the last start: log lines of level error, and lines beside the log. */
  complaints(): readonly string[] {
    return [...this.kept.filter((line) => line.level === 'error').map(({ msg }) => msg), ...this.errorOutput.split('\n').filter((line) => line !== '')];
  }

  /** Starts it; resolves at once. @param extra environment for this run only, such as a failpoint */
  start(extra: Readonly<Record<string, string>> = {}): void {
    if (this.child !== null) throw new Error(`${this.name} is running already`);
    const log = createWriteStream(this.logFile, { flags: 'a' });
    const [program = process.execPath, ...args] = [...(this.options.on ?? []), process.execPath, ...NODE_FLAGS, this.program, ...this.options.args];
    const child = spawn(program, args, {
      cwd: this.options.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ports of tests are taken as they come: the one that metrics would take may be another process's.
      env: { ...process.env, MAS_METRICS_LISTEN: 'none', ...this.options.environment, ...extra },
    });
    this.child = child;
    this.exit = null;
    this.kept = [];
    this.errorOutput = '';
    this.frozen = false;
    this.saidReady = false;
    this.collect(child, log);
    if (child.pid !== undefined) this.watchdog = watchOver(child.pid, this.options.folder);
    this.exited = new Promise((done) => {
      child.once('close', (code, signal) => {
        this.child = null;
        this.exit = { code, signal };
        if (code !== null && code !== 0)
          this.ownDeaths.push(
            `${this.name} ended with ${code}: ${JSON.stringify(this.kept.filter((line) => line.level === 'error').at(-1) ?? this.logTail().slice(-500))}`,
          );
        void this.watchdog?.disarm();
        log.end();
        done();
      });
    });
  }

  async ready(): Promise<void> {
    await waitUntil(`${this.name} is ready`, () => this.saidReady || this.child === null, { timeoutMs: READY_TIMEOUT_MS, diagnostics: () => this.logTail() });
    if (this.child === null) throw new Error(`${this.name} has ended: ${JSON.stringify(this.exit)}\n${this.logTail()}`);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** SIGTERM; the exit code is in exitStatus(). */
  async stop(): Promise<void> {
    if (this.frozen) this.thaw();
    this.signal('SIGTERM');
    await this.exited;
  }

  freeze(): void {
    this.frozen = true;
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.frozen = false;
    this.signal('SIGCONT');
  }

  /** Resolves when the process has ended by itself (a failpoint, a fatal error). */
  async ended(): Promise<void> {
    await this.exited;
  }

  logTail(): string {
    try {
      return readFileSync(this.logFile, 'utf8').slice(-LOG_TAIL_CHARS);
    } catch {
      return '(no log)';
    }
  }

  private signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  private collect(child: ChildProcess, log: WriteStream): void {
    let rest = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      this.errorOutput = (this.errorOutput + chunk.toString('utf8')).slice(-LOG_TAIL_CHARS);
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      const parts = (rest + chunk.toString('utf8')).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.keep(part);
    });
  }

  private keep(text: string): void {
    if (!text.startsWith('{')) return;
    try {
      const line = JSON.parse(text) as LogLine;
      this.kept.push(line);
      for (const listener of this.listeners) listener(line);
      if (line.msg === 'ready') this.saidReady = true;
    } catch {
      return;
    }
    if (this.kept.length > MAX_KEPT_LINES) this.kept.splice(0, MAX_KEPT_LINES / 2);
  }
}
