/** Lines of earlier sessions, for their owner alone. Lines that may have a token in them are not kept. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export const MAX_LINES = 1_000;
const SECRET = /--token\b|\beyJ/;

export function historyFile(environment: Readonly<Record<string, string | undefined>>, home: string = homedir()): string {
  return join(environment['XDG_STATE_HOME'] || join(home, '.local/state'), 'mas/history');
}

/** Newest first, as readline has it. */
export function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(-MAX_LINES)
      .reverse();
  } catch {
    return [];
  }
}

/** A home that cannot be written to costs the history and nothing else. */
export function writeHistory(file: string, newestFirst: readonly string[]): void {
  const lines = newestFirst.filter((line) => !SECRET.test(line)).slice(0, MAX_LINES);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${[...lines].reverse().join('\n')}\n`, { mode: 0o600 });
  } catch {
    return;
  }
}
