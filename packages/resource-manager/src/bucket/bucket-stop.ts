/**
 * Why a bucket's replica has stopped here while the process serves its other buckets: an entry that cannot be applied, a
 * checkpoint that cannot be written, or rows that cannot be read at the start. Money is safe: what is answered lies in the logs
 * of a quorum, and nothing is written past the stop. ADR 9 says why the bucket stops and not the process, and which failures
 * still end the process.
 */
import type { LedgerEntry } from '@mas/ledger';
import { GroupStopped } from '@mas/multi-raft';
import type { StoppedReplica } from '@mas/two-phase-commit';
import type { BucketId, RmId } from '@mas/values';
import { isFenced, type Position } from '../applied-store';
import type { DecodedEntry } from './apply-parts';

export interface BucketStop extends StoppedReplica {
  readonly bucket: BucketId;
  readonly cause: unknown;
}

/** Kinds of a long entry that are listed. */
const MAX_KINDS = 16;

/** @param decoded null where the entry itself cannot be read. */
export function entryStop(bucket: BucketId, at: Position, decoded: LedgerEntry | null, cause: unknown): BucketStop {
  return {
    bucket,
    stage: 'apply',
    index: at.index,
    term: at.term,
    upToIndex: at.index,
    instructions: decoded === null ? [] : kindsOf(decoded),
    reason: reasonOf(cause),
    cause,
  };
}

/** The rows that these entries touch cannot be read. */
export function partStop(bucket: BucketId, part: readonly DecodedEntry[], after: Position, cause: unknown): BucketStop {
  const [first, last] = [part[0]?.entry ?? after, part.at(-1)?.entry ?? after];
  const kinds = part.flatMap(({ decoded }) => (decoded === null ? [] : decoded.instructions.map(({ kind }) => kind)));
  return {
    bucket,
    stage: 'load',
    index: first.index,
    term: first.term,
    upToIndex: last.index,
    instructions: [...new Set(kinds)].slice(0, MAX_KINDS),
    reason: reasonOf(cause),
    cause,
  };
}

/** Entries behind `durable` up to `applied` are applied in memory and cannot be written. */
export function checkpointStop(bucket: BucketId, durable: Position, applied: Position, cause: unknown): BucketStop {
  return {
    bucket,
    stage: 'checkpoint',
    index: durable.index + 1,
    term: applied.term,
    upToIndex: applied.index,
    instructions: [],
    reason: reasonOf(cause),
    cause,
  };
}

export function startStop(bucket: BucketId, cause: unknown): BucketStop {
  return { bucket, stage: 'start', index: 0, term: 0, upToIndex: 0, instructions: [], reason: reasonOf(cause), cause };
}

/** One sentence for a log, a status and a refusal. */
export function describeStop(stop: StoppedReplica & { readonly bucket: BucketId }, rm: RmId): string {
  return `bucket ${stop.bucket} is stopped on rm-${rm}: ${whatOf(stop)} (${stop.reason})`;
}

function whatOf({ stage, index, term, upToIndex, instructions }: StoppedReplica): string {
  const entries = index === upToIndex ? `entry ${index} of term ${term}` : `entries ${index} to ${upToIndex}`;
  const what = instructions.length === 0 ? entries : `${entries} (${instructions.join(', ')})`;
  switch (stage) {
    case 'apply':
      return `${what} cannot be applied`;
    case 'load':
      return `the rows that ${what} would change cannot be read`;
    case 'checkpoint':
      return `${what} cannot be written to the database`;
    case 'start':
      return 'its rows cannot be read';
    default:
      return stage satisfies never;
  }
}

/** What the host hears of it; a process whose rows belong to another one stops as a whole. */
export function rejection(stop: BucketStop, rm: RmId): unknown {
  return isFenced(stop.cause) ? stop.cause : new GroupStopped(describeStop(stop, rm), { cause: stop.cause });
}

function kindsOf({ instructions }: LedgerEntry): readonly string[] {
  return [...new Set(instructions.map(({ kind }) => kind))].slice(0, MAX_KINDS);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
