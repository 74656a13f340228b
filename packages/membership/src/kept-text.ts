/** Marks and runs as text, as data folders keep them. */
import { incarnation, memberOfRaftId, raftIdOf, type Incarnation } from './identity';
import type { PositionMark } from './position-marks';
import { runOf, type RunStart } from './run-history';

/** The starts of one incarnation; the next one begins again. */
export interface FolderRuns {
  readonly incarnation: Incarnation;
  readonly runs: readonly RunStart[];
}

export function encodeMarks(marks: readonly PositionMark[]): string {
  return JSON.stringify(marks.map((mark) => [raftIdOf(mark), mark.run, mark.position]));
}

/** @throws for text that encodeMarks did not write. */
export function decodeMarks(text: string): readonly PositionMark[] {
  return (JSON.parse(text) as readonly (readonly [number, string, number])[]).map(([raftId, run, position]) => ({
    ...memberOfRaftId(raftId),
    run: runOf(run),
    position,
  }));
}

export function encodeRuns({ incarnation: of, runs }: FolderRuns): string {
  return JSON.stringify({ incarnation: of, runs: runs.map(({ run, from }) => [run, from]) });
}

/** @throws for text that encodeRuns did not write. */
export function decodeRuns(text: string): FolderRuns {
  const kept = JSON.parse(text) as { readonly incarnation: string; readonly runs: readonly (readonly [string, number])[] };
  return { incarnation: incarnation(kept.incarnation), runs: kept.runs.map(([run, from]) => ({ run: runOf(run), from })) };
}
