/**
 * One random schedule: a stretch with faults, in which every property must hold at every step, then a stretch
 * without, in which the group must make progress. Equal seeds give equal histories.
 */
import type { RaftNodeFactory } from '@mas/raft';
import { Group } from './group';
import { faultySteps } from './faulty-steps';
import { expectProgress } from './progress';

export interface ScheduleFailure {
  readonly seed: number;
  readonly message: string;
  readonly trace: readonly string[];
}

export interface ScheduleSummary {
  readonly committed: number;
  readonly failure: ScheduleFailure | undefined;
}

export const DEFAULT_STEPS = 2000;
const SHOWN_TRACE_LINES = 150;

/** @param factory makes the replicas: the production core, or one broken on purpose. */
export function runSchedule(seed: number, factory: RaftNodeFactory, steps = DEFAULT_STEPS): ScheduleSummary {
  const first = attempt(seed, factory, steps, false);
  if (first.error === undefined) return { committed: first.committed, failure: undefined };
  // The same once more, this time taking notes.
  const second = attempt(seed, factory, steps, true);
  const message = first.error instanceof Error ? (first.error.stack ?? first.error.message) : String(first.error);
  return { committed: first.committed, failure: { seed, message, trace: second.trace } };
}

export function describeFailure({ seed, message, trace }: ScheduleFailure): string {
  const shown = trace.slice(-SHOWN_TRACE_LINES);
  return `seed ${seed}: ${message}\n${trace[0] ?? ''}\n… the last ${shown.length} of ${trace.length} events:\n${shown.join('\n')}`;
}

function attempt(seed: number, factory: RaftNodeFactory, steps: number, recordTrace: boolean) {
  const group = new Group(seed, factory, { recordTrace });
  try {
    faultySteps(group, steps);
    expectProgress(group);
    return { error: undefined, committed: group.checker.committed, trace: group.trace };
  } catch (error) {
    return { error: error ?? new Error('unknown'), committed: group.checker.committed, trace: group.trace };
  }
}
