/**
 * Which starts a data folder has behind it, and how far its log went in each: what a copy cannot know of the original. Positions
 * alone do not tell them apart, since a copy that runs by itself writes as well, and in time stands as high. As an entry of a
 * Raft log is named by index and term, a place in an RM's log is named by position and run, and a mark says which run it is of.
 */
import { invariant, type Brand, type Random } from '@mas/values';

/** One start of a process on a data folder: its number in eight hexadecimal digits, then twelve random ones. Sorts by number. */
export type Run = Brand<string, 'Run'>;

export interface RunStart {
  readonly run: Run;
  /** The position that its log had when the run began; the run before it ended there. */
  readonly from: number;
}

/** What an end of a connection says of it; a mark in a run before the oldest one is believed up to where that began. */
export const MAX_RUNS_TOLD = 32;

const FORM = /^[0-9a-f]{20}$/;
const NUMBER_DIGITS = 8;
const RANDOM_DIGITS = 6;
const MAX_NUMBER = 0xffff_ffff;

export function isRun(text: string): boolean {
  return FORM.test(text);
}

/** @throws InvariantViolation */
export function runOf(text: string): Run {
  invariant(FORM.test(text), 'a run has 20 hexadecimal digits', { text });
  return text as Run;
}

/** The history with one more run, that begins now; only the last MAX_RUNS_TOLD stay. */
export function runsWithNext(earlier: readonly RunStart[], position: number, random: Random): readonly RunStart[] {
  const number = Number.parseInt(earlier.at(-1)?.run.slice(0, NUMBER_DIGITS) ?? '0', 16) + 1;
  invariant(number <= MAX_NUMBER, 'a folder is started less than 2^32 times', { number });
  const digits = (value: number, count: number): string => value.toString(16).padStart(count, '0');
  const drawn = (): string => digits(random.below(16 ** RANDOM_DIGITS), RANDOM_DIGITS);
  return [...earlier, { run: runOf(`${digits(number, NUMBER_DIGITS)}${drawn()}${drawn()}`), from: position }].slice(-MAX_RUNS_TOLD);
}

/** Ascending, as runsWithNext makes them. */
export function areRuns(runs: readonly RunStart[]): boolean {
  return (
    runs.length > 0 &&
    runs.length <= MAX_RUNS_TOLD &&
    runs.every(({ run, from }, at) => at === 0 || (run > (runs[at - 1]?.run ?? '') && from >= (runs[at - 1]?.from ?? 0)))
  );
}

/** How far its log got in a run that is over; null: it knows nothing of it, or is in it. */
export function endOfRun(runs: readonly RunStart[], run: Run): number | null {
  const at = runs.findIndex((each) => each.run === run);
  return at < 0 ? null : (runs[at + 1]?.from ?? null);
}

/**
 * Whether a log with this history has been where somebody has heard it to be. In the running one it has, whatever it says of itself:
 * no copy is in that run, and what it said on its way to a connection may be older than what others have passed on meanwhile.
 */
export function hasBeenAt(runs: readonly RunStart[], mark: { readonly run: Run; readonly position: number }): boolean {
  if (runs.at(-1)?.run === mark.run) return true;
  return mark.position <= (endOfRun(runs, mark.run) ?? runs[0]?.from ?? 0);
}
