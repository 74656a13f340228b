/**
 * From start to exit of a server process: signals become one orderly stop with a time limit, a broken invariant becomes a
 * log line and exit code 70, and Ctrl-C during that stop ends at once, with a line that says so.
 */
import type { LogFacts } from '@mas/values';
import { EXIT_FATAL } from '../exit-fatal';
import { watchLifeline } from './lifeline';
import type { ProcessLogger } from './pino-logger';
import { onStopSignals } from './stop-signals';

const EXIT_REFUSED = 2;
/** Below the 15 s that supervisors commonly give a process before they kill it. */
const STOP_TIMEOUT_MS = 14_000;
/** What is under way on a listener is given so long once nobody new is let in. */
export const SERVER_GRACE_MS = 500;

export class Lifecycle {
  private stopping: Promise<void> | null = null;
  private readonly steps: { readonly name: string; readonly run: () => Promise<void> }[] = [];

  constructor(
    private readonly logger: ProcessLogger,
    private readonly stopTimeoutMs: number = STOP_TIMEOUT_MS,
  ) {}

  /** Steps run in the opposite order of their registration. */
  onStop(name: string, run: () => Promise<void>): void {
    this.steps.push({ name, run });
  }

  /** SIGTERM, SIGINT, SIGHUP, the parent's end, and what nobody caught. */
  install(): void {
    onStopSignals(
      (signal) => this.asked({ signal }),
      () => this.forced(),
    );
    watchLifeline(process.env, () => this.asked({ reason: 'the process that started this one has ended' }));
    process.on('uncaughtException', (error) => this.fatal('uncaught exception', error));
    process.on('unhandledRejection', (error) => this.fatal('unhandled rejection', error));
  }

  /** Asked to stop while it starts, a process ends in order: what the start then finds closed or stopping is no failure. */
  async starting(start: Promise<void>): Promise<void> {
    try {
      await start;
    } catch (error) {
      if (this.stopping === null) throw error;
      await this.stopping;
    }
  }

  /** A broken invariant or a failed disk: no flushing, no handing over, because nothing here can be trusted any more. */
  fatal(what: string, cause: unknown): never {
    this.logger.error({ err: cause instanceof Error ? cause : new Error(String(cause)) }, `${what}: this process stops`);
    this.logger.flush();
    process.exit(EXIT_FATAL);
  }

  /** Another process has found out that this one is not who it should be: it ends at once, as after a wrong setting. */
  refused(reason: string, message: string): never {
    this.logger.error({ reason }, message);
    this.logger.flush();
    process.exit(EXIT_REFUSED);
  }

  async stop(code: number): Promise<void> {
    this.stopping ??= this.runSteps();
    await this.stopping;
    this.logger.info({}, 'stopped');
    this.logger.flush();
    process.exit(code);
  }

  private asked(why: LogFacts): void {
    if (this.stopping !== null) return;
    this.logger.info(why, 'stopping');
    void this.stop(0);
  }

  private forced(): void {
    this.logger.warn({ signal: 'SIGINT' }, 'asked again while stopping: ending at once, without finishing what is in flight');
    this.logger.flush();
    process.exit(1);
  }

  private async runSteps(): Promise<void> {
    const limit = setTimeout(() => {
      this.logger.error({ stopTimeoutMs: this.stopTimeoutMs }, 'stopping took too long: ending now');
      this.logger.flush();
      process.exit(1);
    }, this.stopTimeoutMs);
    for (const step of [...this.steps].reverse()) {
      try {
        await step.run();
      } catch (error) {
        this.logger.warn({ err: error, step: step.name }, 'a step of stopping failed');
      }
    }
    clearTimeout(limit);
  }
}
