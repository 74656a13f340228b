/**
 * One private server process in a folder of its own: start, readiness, the faults that tests inflict, and the certainty
 * that it does not outlive the test process. What is particular to a kind of server comes as a ServerRecipe.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port';
import type { ServerUser } from './unprivileged';
import { waitUntil } from './wait-until';
import { untilStopped } from './until-stopped';
import { watchOver, type Watchdog } from './watchdog';

export interface TestServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Path of the Unix socket. */
  readonly socket: string;
  /** Of the process that runs now or ran last. */
  readonly pid: number;
  readonly url: string;
  /** Data, log and socket; removed by stop(). */
  readonly folder: string;
  /** SIGTERM, SIGKILL if that is not enough; then the folder is removed. Harmless when repeated. */
  stop(): Promise<void>;
  /** SIGKILL: what the process had not written is lost. Data stay for restart(). */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** The same data on the same port; a running server is stopped in order first. */
  restart(): Promise<void>;
  /** The last lines of the server's log, for diagnostics. */
  logTail(): string;
}

export interface ServerRecipe {
  readonly program: string;
  readonly user: ServerUser | null;
  readonly folder: string;
  readonly socket: string;
  readonly port?: number | undefined;
  readonly url: (port: number) => string;
  readonly args: (port: number) => readonly string[];
  /** Resolves to true once the server on that port answers as a server of its kind. */
  readonly answers: (port: number) => Promise<boolean>;
}

const START_TIMEOUT_MS = 240_000;
const STOP_TIMEOUT_MS = 60_000;
const LOG_TAIL_CHARS = 2_000;
const MAX_START_ATTEMPTS = 5;

/** Takes another port when somebody else was faster, unless the recipe names one. */
export async function startServer(recipe: ServerRecipe): Promise<TestServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new ServerProcess(recipe, recipe.port ?? (await freePort()));
    try {
      await server.start();
      return server;
    } catch (error) {
      const portTaken = /address already in use/i.test(server.logTail());
      if (recipe.port !== undefined || !portTaken || attempt === MAX_START_ATTEMPTS) {
        await server.stop();
        throw error;
      }
    }
  }
}

class ServerProcess implements TestServer {
  readonly host = '127.0.0.1';
  readonly url: string;
  readonly folder: string;
  readonly socket: string;
  private child: ChildProcess | null = null;
  private exited: Promise<void> = Promise.resolve();
  private lastPid = 0;

  constructor(
    private readonly recipe: ServerRecipe,
    readonly port: number,
  ) {
    this.url = recipe.url(port);
    this.folder = recipe.folder;
    this.socket = recipe.socket;
  }

  get pid(): number {
    return this.lastPid;
  }

  async start(): Promise<void> {
    const log = openSync(this.logFile(), 'a');
    const child = spawn(this.recipe.program, this.recipe.args(this.port), {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      ...(this.recipe.user ?? {}),
    });
    closeSync(log);
    child.unref();
    let failure: Error | null = null;
    let watchdog: Watchdog | null = null;
    if (child.pid !== undefined) {
      this.lastPid = child.pid;
      watchdog = watchOver(child.pid, this.folder);
    }
    this.child = child;
    this.exited = new Promise((resolve) => {
      const ended = (error: Error | null): void => {
        failure = error;
        this.child = null;
        void (watchdog?.disarm() ?? Promise.resolve()).then(resolve);
      };
      child.once('exit', (code, signal) => ended(new Error(`it ended with ${signal ?? `exit code ${String(code)}`}`)));
      child.once('error', ended);
    });
    const ready = async (): Promise<boolean> => this.child === null || (await this.recipe.answers(this.port));
    const diagnostics = (): string => this.logTail();
    await waitUntil(`${this.recipe.program} answers on port ${this.port}`, ready, { timeoutMs: START_TIMEOUT_MS, diagnostics });
    if (this.child === null) throw new Error(`${this.recipe.program} did not start: ${String(failure)}\n${this.logTail()}`, { cause: failure });
  }

  async stop(): Promise<void> {
    await this.terminate();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.exited;
  }

  pause(): void {
    const child = this.requireRunning('pause');
    child.kill('SIGSTOP');
    if (child.pid !== undefined) untilStopped(child.pid);
  }

  resume(): void {
    this.requireRunning('resume').kill('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.terminate();
    await this.start();
  }

  logTail(): string {
    return existsSync(this.logFile()) ? readFileSync(this.logFile(), 'utf8').slice(-LOG_TAIL_CHARS) : '(no log)';
  }

  private async terminate(): Promise<void> {
    const child = this.child;
    if (child === null) return;
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private requireRunning(what: string): ChildProcess {
    if (this.child === null) throw new Error(`cannot ${what} ${this.recipe.program}: it is not running`);
    return this.child;
  }

  private logFile(): string {
    return join(this.folder, 'server.log');
  }
}
