/**
 * One process of a Procfile: started through the shell in a process group of its own, so that a signal reaches what
 * the shell started as well. Stop is SIGINT (goreman's default), then SIGKILL after a grace period.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { ProcEntry } from './procfile';
import type { GroupGuard } from '../platform/group-guard';
import { lifelineEnvironment } from '../platform/lifeline';
import type { PrefixedOutput } from './prefixed-output';

/** For the last lines of a process that has ended, where somebody else keeps its output open. */
const LAST_LINES_MS = 300;

export type ProcessState = 'stopped' | 'running' | 'stopping';

export class ManagedProcess {
  private child: ChildProcess | null = null;
  private current: ProcessState = 'stopped';
  private lastExit: string | null = null;
  private failed = false;
  private waiters: (() => void)[] = [];

  constructor(
    readonly entry: ProcEntry,
    private readonly ordinal: number,
    private readonly output: PrefixedOutput,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly graceMs: number,
    private readonly guard: GroupGuard,
    private readonly onExit: () => void,
  ) {}

  state(): ProcessState {
    return this.current;
  }

  describe(): string {
    const pid = this.child?.pid;
    return this.current === 'stopped' ? (this.lastExit ?? 'not started') : `pid ${pid ?? '?'}`;
  }

  start(): void {
    if (this.current !== 'stopped') return;
    const child = spawn('/bin/sh', ['-c', this.entry.command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...this.environment, ...lifelineEnvironment },
    });
    this.child = child;
    if (child.pid !== undefined) this.guard.add(child.pid);
    this.current = 'running';
    this.say(`Starting ${this.entry.name}`);
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) this.output.attach(stream, this.entry.name, this.ordinal);
    child.once('error', (error) => this.ended(child, `failed to start: ${error.message}`, true));
    // Its end is `exit`: `close` waits for everybody who holds its output, and a grandchild may do so for ever.
    child.once('exit', (code, signal) => {
      const ended = (): void => this.ended(child, signal === null ? `exited with ${code ?? 0}` : `ended by ${signal}`, code !== 0);
      const limit = setTimeout(ended, LAST_LINES_MS);
      child.once('close', () => {
        clearTimeout(limit);
        ended();
      });
    });
  }

  /** It ended by itself, and not with 0. */
  hasFailed(): boolean {
    return this.failed;
  }

  /** Resolves once the process has ended. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (this.current === 'stopped') return;
    if (this.current === 'running') {
      this.current = 'stopping';
      this.say(`Stopping ${this.entry.name}`);
      this.signal(signal);
    }
    const killer = setTimeout(() => {
      this.say(`${this.entry.name} did not stop within ${this.graceMs / 1000} s: killing it`);
      this.kill();
    }, this.graceMs);
    await new Promise<void>((resolve) => this.waiters.push(resolve));
    clearTimeout(killer);
  }

  /** Without waiting any longer. */
  kill(): void {
    this.signal('SIGKILL');
  }

  private ended(child: ChildProcess, how: string, failed: boolean): void {
    if (this.child !== child) return;
    // What it has left behind in its group goes with it: it would hold ports and files that the next start needs.
    this.signal('SIGKILL');
    if (child.pid !== undefined) this.guard.remove(child.pid);
    this.failed = failed && this.current !== 'stopping';
    this.child = null;
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    this.current = 'stopped';
    this.lastExit = how;
    this.say(`Terminating ${this.entry.name}: ${how}`);
    for (const resolve of this.waiters.splice(0)) resolve();
    this.onExit();
  }

  private signal(name: NodeJS.Signals): void {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // The group is gone already.
    }
  }

  private say(text: string): void {
    this.output.line(this.entry.name, this.ordinal, text);
  }
}
