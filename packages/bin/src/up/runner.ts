/**
 * goreman's semantics over a set of processes: each runs on when another ends; stop, start, restart and status by
 * name; everything ends on stopAll. `onIdle` hears when the last one has ended, unless it is about to start again.
 */
import { GroupGuard } from '../platform/group-guard';
import type { ProcEntry } from './procfile';
import { ManagedProcess } from './managed-process';
import type { PrefixedOutput } from './prefixed-output';

export const STOP_GRACE_MS = 10_000;
/** goreman gives each process PORT = base + 100 × position. */
const BASE_PORT = 5000;

export type RunnerCommand = { readonly verb: 'stop' | 'start' | 'restart'; readonly name: string } | { readonly verb: 'status' | 'stop-all' | 'restart-all' };

export class Runner {
  private restarting = 0;
  private readonly guard: GroupGuard;
  private readonly processes: ReadonlyMap<string, ManagedProcess>;

  constructor(entries: readonly ProcEntry[], output: PrefixedOutput, environment: NodeJS.ProcessEnv, onIdle: () => void, graceMs = STOP_GRACE_MS) {
    this.guard = new GroupGuard(graceMs);
    this.processes = new Map(
      entries.map((entry, at) => [
        entry.name,
        new ManagedProcess(entry, at, output, { ...environment, PORT: String(BASE_PORT + 100 * at) }, graceMs, this.guard, () => {
          if (this.restarting === 0 && !this.anyRunning()) onIdle();
        }),
      ]),
    );
  }

  startAll(): void {
    for (const process of this.processes.values()) process.start();
  }

  /** @param signal what each is sent first: a supervisor passes on the one that it got */
  async stopAll(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.stop(signal)));
  }

  killAll(): void {
    for (const process of this.processes.values()) process.kill();
  }

  /** Nothing is started any more; what still runs is ended from outside. */
  close(): void {
    this.guard.close();
  }

  /** Names of processes that ended by themselves, and not with 0. */
  failed(): readonly string[] {
    return [...this.processes.values()].filter((process) => process.hasFailed()).map((process) => process.entry.name);
  }

  anyRunning(): boolean {
    return [...this.processes.values()].some((process) => process.state() !== 'stopped');
  }

  /** The lines to print; a refusal starts with `error:`. */
  async run(command: RunnerCommand): Promise<readonly string[]> {
    switch (command.verb) {
      case 'status':
        return [...this.processes.values()].map(
          (process) => `${process.state() === 'stopped' ? ' ' : '*'}${process.entry.name}\t${process.state()}\t${process.describe()}`,
        );
      case 'stop-all':
        await this.stopAll();
        return ['stopped'];
      case 'restart-all':
        await this.stoppedAndThen(
          () => this.stopAll(),
          () => this.startAll(),
        );
        return ['restarted'];
      case 'stop':
      case 'start':
      case 'restart': {
        const process = this.processes.get(command.name);
        if (process === undefined) return [`error: no process is named "${command.name}"; there are ${[...this.processes.keys()].join(', ')}`];
        if (command.verb === 'restart')
          await this.stoppedAndThen(
            () => process.stop(),
            () => process.start(),
          );
        else if (command.verb === 'stop') await process.stop();
        else process.start();
        return [`${command.name}: ${process.state()}`];
      }
    }
  }

  private async stoppedAndThen(stop: () => Promise<void>, start: () => void): Promise<void> {
    this.restarting += 1;
    try {
      await stop();
      start();
    } finally {
      this.restarting -= 1;
    }
  }
}
