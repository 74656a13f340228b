/**
 * Who a node is (docs/adr/0011). A Raft id names a disk: it is made of the RM and of how many incarnations the cluster has
 * admitted before this one, so that a new disk never speaks under an id that has promised something.
 */
import { invariant, rmId, type Brand, type RmId } from '@mas/values';

/** 32 lower-case hexadecimal digits: the digest of the founding. */
export type ClusterId = Brand<string, 'ClusterId'>;
/** 32 lower-case hexadecimal digits, random: one data folder of one RM. */
export type Incarnation = Brand<string, 'Incarnation'>;
/** How many incarnations of an RM were admitted before: 0 for a founder. */
export type Ordinal = Brand<number, 'Ordinal'>;

export interface MemberIdentity {
  readonly rm: RmId;
  readonly incarnation: Incarnation;
  readonly ordinal: Ordinal;
}

/** As much of it as a Raft id says. */
export type MemberId = Pick<MemberIdentity, 'rm' | 'ordinal'>;

const HEX = /^[0-9a-f]{32}$/;
const RM_IDS = 0x1_0000;
/** Raft ids stay below 2^32. */
export const MAX_ORDINAL = 0xffff;

export function isHexId(text: string): boolean {
  return HEX.test(text);
}

/** @throws InvariantViolation */
export function clusterId(text: string): ClusterId {
  invariant(HEX.test(text), 'a cluster id has 32 hexadecimal digits', { text });
  return text as ClusterId;
}

/** @throws InvariantViolation */
export function incarnation(text: string): Incarnation {
  invariant(HEX.test(text), 'an incarnation has 32 hexadecimal digits', { text });
  return text as Incarnation;
}

/** @throws InvariantViolation */
export function ordinal(value: number): Ordinal {
  invariant(Number.isSafeInteger(value) && value >= 0 && value <= MAX_ORDINAL, 'an ordinal is 0..65535', { value });
  return value as Ordinal;
}

export const FOUNDER = ordinal(0);

export function founderId(rm: RmId): MemberId {
  return { rm, ordinal: FOUNDER };
}

/** The number under which a replica takes part in Raft. */
export function raftIdOf({ rm, ordinal: admitted }: MemberId): number {
  return admitted * RM_IDS + rm;
}

/** Whether raftIdOf makes that number of anything. */
export function isRaftId(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value % RM_IDS !== 0 && value < (MAX_ORDINAL + 1) * RM_IDS;
}

/** @throws InvariantViolation for a number that raftIdOf does not make. */
export function memberOfRaftId(raftId: number): MemberId {
  return { rm: rmId(raftId % RM_IDS), ordinal: ordinal(Math.floor(raftId / RM_IDS)) };
}

/** The first eight digits, for people. */
export function shortId(id: ClusterId | Incarnation): string {
  return id.slice(0, 8);
}
