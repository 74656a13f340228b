/**
 * A child process that belongs to the benchmark: killed and its folder removed when the benchmark dies, however that happens.
 * Everything a cluster writes is in one folder; whichever watchdog ends its process last removes what is left of it.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { watchOver } from '@mas/test-servers';

export interface OwnedProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly stdio: StdioOptions;
  readonly environment?: NodeJS.ProcessEnv;
}

const STOP_TIMEOUT_MS = 10_000;

export class OwnedProcess {
  readonly child: ChildProcess;
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;
  private isOver = false;

  constructor(options: OwnedProcessOptions) {
    this.child = spawn(options.program, options.args, { cwd: options.folder, stdio: options.stdio, env: options.environment ?? process.env });
    const watchdog = this.child.pid === undefined ? null : watchOver(this.child.pid, options.folder);
    this.ended = new Promise((resolve) => {
      const over = (how: string): void => {
        this.isOver = true;
        void (watchdog?.disarm() ?? Promise.resolve()).then(() => resolve(how));
      };
      this.child.once('exit', (code, signal) => over(signal ?? `exit code ${String(code)}`));
      this.child.once('error', (error) => over(error.message));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.isOver;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** SIGTERM, and SIGKILL if that does not help. */
  async stop(): Promise<void> {
    if (this.isOver) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
