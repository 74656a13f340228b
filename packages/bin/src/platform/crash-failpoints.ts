/**
 * Failpoints of a process under test: `MAS_FAILPOINT=prepare:after` or `prepare:after@3` kills the process, as SIGKILL
 * would, when that point is passed for the first (third) time. Without the variable nothing listens; with it the process
 * says so at start, because a process that kills itself should never surprise anybody.
 */
import { UsageError } from '../usage-error';

export interface CrashFailpoint {
  readonly point: string;
  /** Dies at this pass, counted from 1. */
  readonly pass: number;
}

/** @throws UsageError for a point that does not exist. */
export function readCrashFailpoint(text: string | undefined, points: readonly string[]): CrashFailpoint | null {
  if (text === undefined || text === '') return null;
  const match = /^([a-z0-9:-]+?)(?:@([1-9]\d{0,6}))?$/.exec(text);
  const point = match?.[1];
  if (point === undefined || !points.includes(point)) throw new UsageError(`MAS_FAILPOINT is "${text}"; the points of this process are ${points.join(', ')}`);
  return { point, pass: Number(match?.[2] ?? '1') };
}

/** Counts passes and ends the process at the chosen one; synchronous, so that nothing happens after it. */
export class CrashCounter {
  private passes = 0;

  constructor(
    private readonly failpoint: CrashFailpoint,
    private readonly die: () => void = () => process.kill(process.pid, 'SIGKILL'),
  ) {}

  passed(point: string): void {
    if (point !== this.failpoint.point) return;
    this.passes += 1;
    if (this.passes === this.failpoint.pass) this.die();
  }
}
