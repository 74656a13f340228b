/**
 * Files that a process takes over anew when they change, without a restart. They are looked at every few seconds rather than watched: that
 * works for links, for mounted folders and for files that are replaced one after the other.
 */
import { stat } from 'node:fs/promises';
import { every, type Clock, type Logger, type Timer } from '@mas/values';

const LOOK_EVERY_MS = 3_000;

/** Of a process, since its start. */
export interface Reloads {
  done: number;
  refused: number;
}

export interface WatchedFilesOptions {
  /** For the log: "the certificates". */
  readonly what: string;
  readonly paths: () => readonly string[];
  /** Reads them and puts them to use; true where something is new. @throws what is wrong with them; what was in use stays so */
  readonly take: () => boolean;
  readonly reloads: Reloads;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class WatchedFiles {
  private timer: Timer | null = null;
  private isStopped = false;
  /** As they were when they were taken. */
  private taken = '';
  /** As they were when something was wrong with them at the last look: files that belong together are not all replaced in one moment. */
  private doubted = '';
  private refused = '';

  constructor(private readonly options: WatchedFilesOptions) {}

  start(): void {
    this.timer = every(this.options.clock, LOOK_EVERY_MS, () => this.look());
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  async look(): Promise<void> {
    const { what, paths, take, reloads, logger } = this.options;
    const seen = await appearance(paths());
    if (this.isStopped || seen === this.taken) return;
    try {
      const isNew = take();
      this.taken = seen;
      if (!isNew) return;
      reloads.done += 1;
      logger.info({ what }, 'changed files are in use from now on');
    } catch (error) {
      if (this.doubted === seen && this.refused !== seen) {
        this.refused = seen;
        reloads.refused += 1;
        logger.error({ what, reason: error instanceof Error ? error.message : String(error) }, 'changed files cannot be used; what was in use stays so');
      }
      this.doubted = seen;
    }
  }
}

/** What changes when a file is written or replaced. */
async function appearance(paths: readonly string[]): Promise<string> {
  const all = await Promise.all(
    paths.map(async (path) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = await stat(path);
        return `${path} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      } catch {
        return `${path} -`;
      }
    }),
  );
  return all.join('\n');
}
