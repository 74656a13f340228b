/** The level of a process's log follows a file in its data folder, `log-level`; without one it is that of the settings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@mas/values';
import { LOG_LEVELS, type LogLevel, type ProcessLogger } from './pino-logger';
import { WatchedFiles, type Reloads } from './watched-files';

export interface LiveLogLevelOptions {
  readonly folder: string;
  readonly configured: LogLevel;
  readonly logger: ProcessLogger;
  readonly reloads: Reloads;
  readonly clock: Clock;
}

export function watchLogLevel({ folder, configured, logger, reloads, clock }: LiveLogLevelOptions): WatchedFiles {
  const path = join(folder, 'log-level');
  return new WatchedFiles({
    what: 'log level',
    paths: () => [path],
    take: () => {
      const level = readLevel(path) ?? configured;
      if (level === logger.level()) return false;
      logger.setLevel(level);
      return true;
    },
    reloads,
    clock,
    logger,
  });
}

/** Null: there is no file. @throws where it holds something else */
function readLevel(path: string): LogLevel | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new Error(`${path} does not hold one of ${LOG_LEVELS.join(', ')}`);
  return level;
}
