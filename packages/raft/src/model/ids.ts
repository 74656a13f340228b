/**
 * Raft's three numbers. They are branded so that a term never passes for an index, and minted by the
 * functions here only. All are safe integers: at a million entries a second an index lasts 285 years.
 */
import { invariant, type Brand } from '@mas/values';

/** A replica of one group, 1 … 2^53−1; unique in the group for good (a removed id is not used again). */
export type NodeId = Brand<number, 'NodeId'>;
/** Raft's logical time, 0 before the first election. */
export type Term = Brand<number, 'Term'>;
/** A position in the log. Real entries start at 1; 0 is the position before the first. */
export type LogIndex = Brand<number, 'LogIndex'>;

/** "No limit" for every size and count of the configuration; also the commit index of an empty quorum. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;
export const ZERO_TERM = 0 as Term;
export const ZERO_INDEX = 0 as LogIndex;

/** @throws InvariantViolation for anything but a positive safe integer. */
export function nodeId(value: number): NodeId {
  invariant(Number.isSafeInteger(value) && value > 0, 'node id is a positive safe integer', { value });
  return value as NodeId;
}

/** @throws InvariantViolation for anything but a safe integer ≥ 0. */
export function term(value: number): Term {
  invariant(Number.isSafeInteger(value) && value >= 0, 'term is a safe integer ≥ 0', { value });
  return value as Term;
}

/** @throws InvariantViolation for anything but a safe integer ≥ 0. */
export function logIndex(value: number): LogIndex {
  invariant(Number.isSafeInteger(value) && value >= 0, 'log index is a safe integer ≥ 0', { value });
  return value as LogIndex;
}

export function nextTerm(current: Term): Term {
  return (current + 1) as Term;
}

/** The index `distance` entries further on (or back, when negative); never below 0. */
export function indexPlus(base: LogIndex, distance: number): LogIndex {
  const sum = base + distance;
  return (sum < 0 ? 0 : sum) as LogIndex;
}

export function minIndex(left: LogIndex, right: LogIndex): LogIndex {
  return left < right ? left : right;
}

export function maxIndex(left: LogIndex, right: LogIndex): LogIndex {
  return left > right ? left : right;
}
