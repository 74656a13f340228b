/** A cluster whose founders' incarnations follow from their numbers: for tests and simulators, where equal seeds give equal histories. */
import {
  clusterId,
  founderId,
  incarnation,
  LocalMember,
  MemberTable,
  PositionMarks,
  runOf,
  type ClusterId,
  type Incarnation,
  type MemberId,
  type RunStart,
} from '@mas/membership';
import type { RmId } from '@mas/values';

export interface MadeUpCluster {
  readonly clusterId: ClusterId;
  readonly members: MemberTable;
  /** The member that a process of the cluster is, in its first run; a founder unless said otherwise. */
  local(rm: RmId, position: () => number, ordinal?: MemberId['ordinal']): LocalMember;
}

/** @param number two clusters of different numbers are different clusters. */
export function madeUpCluster(rms: readonly RmId[], number = 1): MadeUpCluster {
  const id = clusterId(digits(0xc0ffee, number));
  const members = new MemberTable(
    0,
    rms.map((rm) => ({ ...founderId(rm), incarnation: madeUpIncarnation(founderId(rm), number) })),
  );
  return {
    clusterId: id,
    members,
    local: (rm, position, ordinal = founderId(rm).ordinal) => {
      const local = new LocalMember({
        clusterId: id,
        self: { rm, ordinal, incarnation: madeUpIncarnation({ rm, ordinal }, number) },
        members,
        marks: new PositionMarks(),
        position,
      });
      local.begin([FIRST_RUN]);
      return local;
    },
  };
}

/** For tests that have one start. */
export const FIRST_RUN: RunStart = { run: runOf('1'.padStart(8, '0').padEnd(20, 'a')), from: 0 };

export function madeUpIncarnation({ rm, ordinal }: MemberId, number = 1): Incarnation {
  return incarnation(digits(rm, ordinal, number));
}

function digits(...numbers: readonly number[]): string {
  return numbers
    .map((number) => number.toString(16).padStart(8, '0'))
    .join('')
    .padEnd(32, '0');
}
