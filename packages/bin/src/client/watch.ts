/** --watch: the same again and again, until Ctrl-C. What passes by itself, such as a cluster that does not answer, is shown and does not end it. */
import type { Command } from 'commander';
import { readWhole } from './arguments';
import { EXIT } from './exit-codes';
import type { Session } from './session';

export interface WatchOption {
  /** Seconds; true: as many as usual. */
  readonly watch?: string | true;
}

const DEFAULT_SECONDS = 2;
const MAX_SECONDS = 86_400;
const PASSING: readonly number[] = [EXIT.unavailable, EXIT.degraded];

export function watchable(command: Command): Command {
  return command.option('--watch [seconds]', `show it again every so many seconds (${DEFAULT_SECONDS}), until Ctrl-C`);
}

export async function watched({ output, described }: Session, { watch }: WatchOption, show: () => Promise<void>, pause = sleep): Promise<void> {
  if (watch === undefined) return show();
  const seconds = watch === true ? DEFAULT_SECONDS : readWhole('--watch', watch, 1, MAX_SECONDS);
  do {
    try {
      await show();
    } catch (error) {
      const failure = described(error);
      if (!PASSING.includes(failure.exitCode)) throw error;
      output.print({ error: { message: failure.message, ...failure.facts } }, () => failure.message);
    }
    await pause(seconds * 1_000);
  } while (await output.again());
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
