/** The state of one replica, for operators: status, checksum, and what it holds undecided. */
import { ordinal, raftIdOf } from '@mas/membership';
import type { MoveStatus, ReplicaChecksum, ReplicaId, ReplicaStatus, StoppedReplica, UndecidedTransaction } from '@mas/two-phase-commit';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { memberOfId } from './conf-state-messages';
import { readSlotRange, writeSlotRange } from './policy-messages';
import { readLegRow, writeLegRow } from './row-messages';

const ROLES = wireEnum<ReplicaStatus['role']>({ leader: 1, follower: 2, candidate: 3, 'pre-candidate': 4, learner: 5, stopped: 6 });
const MOVE_STAGES = wireEnum<MoveStatus['stage']>({ waiting: 1, copying: 2, 'catching-up': 3, released: 4 });
const STAGES = wireEnum<StoppedReplica['stage']>({ apply: 1, load: 2, checkpoint: 3, start: 4 });

export function writeReplicaStatus(writer: WireWriter, status: ReplicaStatus): void {
  writer.uint(1, status.bucket);
  writer.uint(2, status.rm);
  writer.enumeration(3, ROLES, status.role);
  writer.optionalUint(4, status.leader);
  writer.uint(5, status.term);
  writer.uint(6, status.commitIndex);
  writer.uint(7, status.appliedIndex);
  writer.uint(8, status.durableIndex);
  writer.packedUints(9, status.voters.map(idOf));
  writer.bool(10, status.quiescent);
  writer.optionalDouble(11, status.fsyncP50Ms);
  writer.optionalDouble(12, status.applyP50Ms);
  writer.uint(13, status.queuedProposals);
  writer.uint(14, status.preparedLegs);
  writer.packedUints(15, status.learners.map(idOf));
  writer.optionalMessage(16, status.stopped, writeStoppedReplica);
  writer.uint(17, status.knownSemantics);
  writer.messages(18, status.moves, writeMoveStatus);
  writer.uint(19, status.accounts);
  writer.uint(20, status.rows);
}

export function readReplicaStatus(reader: WireReader): ReplicaStatus {
  return {
    bucket: reader.bucket(1),
    rm: reader.rm(2),
    role: reader.enumeration(3, ROLES),
    leader: reader.optionalRm(4),
    term: reader.uint(5),
    commitIndex: reader.uint(6),
    appliedIndex: reader.uint(7),
    durableIndex: reader.uint(8),
    voters: readReplicas(reader, 9),
    quiescent: reader.bool(10),
    fsyncP50Ms: reader.optionalDouble(11),
    applyP50Ms: reader.optionalDouble(12),
    queuedProposals: reader.uint(13),
    preparedLegs: reader.uint(14),
    learners: readReplicas(reader, 15),
    stopped: reader.optionalMessage(16, readStoppedReplica),
    knownSemantics: reader.uint(17),
    moves: reader.messages(18, readMoveStatus),
    accounts: reader.uint(19),
    rows: reader.uint(20),
  };
}

function writeMoveStatus(writer: WireWriter, status: MoveStatus): void {
  writer.uint(1, status.move);
  writer.message(2, status.slots, writeSlotRange);
  writer.uint(3, status.to);
  writer.enumeration(4, MOVE_STAGES, status.stage);
  writer.uint(5, status.attempts);
  writer.uint(6, status.rowsSent);
  writer.optionalUint(7, status.rowsCopied);
  writer.uint(8, Math.round(status.elapsedMs));
  writer.optionalUint(9, status.blockedMs === null ? null : Math.round(status.blockedMs));
  writer.optionalMessage(10, status.stalled, (inner, { forMs, why }) => {
    inner.uint(1, Math.round(forMs));
    inner.text(2, why);
  });
}

function readMoveStatus(reader: WireReader): MoveStatus {
  return {
    move: reader.uint(1),
    slots: reader.message(2, readSlotRange),
    to: reader.bucket(3),
    stage: reader.enumeration(4, MOVE_STAGES),
    attempts: reader.uint(5),
    rowsSent: reader.uint(6),
    rowsCopied: reader.optionalUint(7),
    elapsedMs: reader.uint(8),
    blockedMs: reader.optionalUint(9),
    stalled: reader.optionalMessage(10, (inner) => ({ forMs: inner.uint(1), why: inner.text(2) })),
  };
}

function writeStoppedReplica(writer: WireWriter, stopped: StoppedReplica): void {
  writer.enumeration(1, STAGES, stopped.stage);
  writer.uint(2, stopped.index);
  writer.uint(3, stopped.term);
  writer.uint(4, stopped.upToIndex);
  writer.texts(5, stopped.instructions);
  writer.text(6, stopped.reason);
}

function readStoppedReplica(reader: WireReader): StoppedReplica {
  return {
    stage: reader.enumeration(1, STAGES),
    index: reader.uint(2),
    term: reader.uint(3),
    upToIndex: reader.uint(4),
    instructions: reader.texts(5),
    reason: reader.text(6),
  };
}

export function idOf({ rm, ordinal: admitted }: ReplicaId): number {
  return raftIdOf({ rm, ordinal: ordinal(admitted) });
}

export function readReplicas(reader: WireReader, field: number): ReplicaId[] {
  return reader.packedUints(field).map((id) => memberOfId(reader, id));
}

export function writeReplicaChecksum(writer: WireWriter, checksum: ReplicaChecksum): void {
  writer.uint(1, checksum.bucket);
  writer.uint(2, checksum.rm);
  writer.uint(3, checksum.appliedIndex);
  writer.text(4, checksum.sha256);
  writer.texts(5, checksum.differences);
  writer.uint(6, checksum.accounts);
  writer.uint(7, checksum.legs);
}

export function readReplicaChecksum(reader: WireReader): ReplicaChecksum {
  return {
    bucket: reader.bucket(1),
    rm: reader.rm(2),
    appliedIndex: reader.uint(3),
    sha256: reader.text(4),
    differences: reader.texts(5),
    accounts: reader.uint(6),
    legs: reader.uint(7),
  };
}

export function writeUndecidedTransaction(writer: WireWriter, transaction: UndecidedTransaction): void {
  writer.hash(1, transaction.txn);
  writer.text(2, transaction.key);
  writer.uint(3, transaction.homeSlot);
  writer.message(4, transaction.leg, writeLegRow);
  writer.uint(5, transaction.ageMs);
}

export function readUndecidedTransaction(reader: WireReader): UndecidedTransaction {
  return { txn: reader.txn(1), key: reader.key(2), homeSlot: reader.slot(3), leg: reader.message(4, readLegRow), ageMs: reader.uint(5) };
}
