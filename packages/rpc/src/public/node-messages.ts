/** Answers to operators: cluster status, transactions in doubt. And locks. */
import type { EffectiveLock, LockList, LockMode, LockReport, LockReportHolder } from '@mas/global-lock';
import type { PlacementMap } from '@mas/placement';
import type { CoordinatorStatus, NodeStatus, OrderedNodes, UndecidedReport } from '@mas/transaction-coordinator';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import type { RmId } from '@mas/values';
import { readCondition, writeCondition } from '../codec/condition-messages';
import { readEstimate, readPlanStep, writeEstimate, writePlanStep } from '../codec/node-order-messages';
import { readPlacementMap, readSlotsStep, writePlacementMap, writeSlotsStep } from '../codec/placement-messages';
import { readReplicaStatus, readUndecidedTransaction, writeReplicaStatus, writeUndecidedTransaction } from '../codec/replica-messages';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readTxnText } from './payment-messages';

export interface ClusterStatus {
  readonly placement: PlacementMap;
  readonly replicas: readonly ReplicaStatus[];
  readonly unreachable: readonly RmId[];
  /** How those that answered are, by their own judgement. */
  readonly nodes: readonly NodeStatus[];
  /** The Transaction Manager that has answered; null: one of an earlier version. */
  readonly coordinator: CoordinatorStatus | null;
}

export type { OrderedNodes };

export interface AcquiredLocks {
  readonly handle: string;
  readonly locks: readonly EffectiveLock[];
  readonly timeoutMs: number;
}

const LOCK_MODES = wireEnum<LockMode>({ shared: 1, exclusive: 2 });

export function writeClusterStatus(writer: WireWriter, status: ClusterStatus): void {
  writer.message(1, status.placement, writePlacementMap);
  writer.messages(2, status.replicas, writeReplicaStatus);
  writer.packedUints(3, status.unreachable);
  writer.messages(4, status.nodes, (inner, { rm, condition, certificatesEndMs }) => {
    inner.uint(1, rm);
    inner.message(2, condition, writeCondition);
    inner.optionalUint(3, certificatesEndMs ?? null);
  });
  writer.optionalMessage(5, status.coordinator, writeCoordinator);
}

export function readClusterStatus(reader: WireReader): ClusterStatus {
  return {
    placement: reader.message(1, readPlacementMap),
    replicas: reader.messages(2, readReplicaStatus),
    unreachable: reader.rms(3),
    nodes: reader.messages(4, (inner) => ({ rm: inner.rm(1), condition: inner.message(2, readCondition), certificatesEndMs: inner.optionalUint(3) })),
    coordinator: reader.optionalMessage(5, readCoordinator),
  };
}

function writeCoordinator(writer: WireWriter, status: CoordinatorStatus): void {
  writer.text(1, status.id);
  writer.uint(2, Math.round(status.uptimeMs));
  writer.uint(3, status.paymentsInFlight);
  writer.uint(4, status.committed);
  writer.messages(5, status.aborted, (inner, { reason, count }) => {
    inner.text(1, reason);
    inner.uint(2, count);
  });
  writer.uint(6, status.unknown);
  writer.uint(7, status.refused);
  writer.messages(8, status.latency, (inner, { upToMs, count }) => {
    inner.optionalUint(1, upToMs);
    inner.uint(2, count);
  });
  writer.optionalUint(9, status.certificatesEndMs ?? null);
}

function readCoordinator(reader: WireReader): CoordinatorStatus {
  return {
    id: reader.text(1),
    uptimeMs: reader.uint(2),
    paymentsInFlight: reader.uint(3),
    committed: reader.uint(4),
    aborted: reader.messages(5, (inner) => ({ reason: inner.text(1), count: inner.uint(2) })),
    unknown: reader.uint(6),
    refused: reader.uint(7),
    latency: reader.messages(8, (inner) => ({ upToMs: inner.optionalUint(1), count: inner.uint(2) })),
    certificatesEndMs: reader.optionalUint(9),
  };
}

export function writeOrderedNodes(writer: WireWriter, { placement, steps, slots, estimate }: OrderedNodes): void {
  writer.message(1, placement, writePlacementMap);
  writer.messages(2, steps, writePlanStep);
  writer.messages(3, slots, writeSlotsStep);
  writer.optionalMessage(4, estimate, writeEstimate);
}

export function readOrderedNodes(reader: WireReader): OrderedNodes {
  return {
    placement: reader.message(1, readPlacementMap),
    steps: reader.messages(2, readPlanStep),
    slots: reader.messages(3, readSlotsStep),
    estimate: reader.optionalMessage(4, readEstimate),
  };
}

export function writeUndecided(writer: WireWriter, { transactions, silent, payments }: UndecidedReport): void {
  writer.messages(1, transactions, (inner, entry) => {
    inner.uint(1, entry.bucket);
    inner.message(2, entry.transaction, writeUndecidedTransaction);
    inner.text(3, entry.home);
  });
  writer.packedUints(2, silent);
  writer.messages(3, payments, (inner, payment) => {
    inner.text(1, payment.id);
    inner.text(2, payment.scope);
    inner.text(3, payment.txn);
    inner.text(4, payment.coordinator);
    inner.uint(5, payment.homeBucket);
    inner.uint(6, payment.ageMs);
    inner.text(7, payment.home);
  });
}

export function readUndecided(reader: WireReader): UndecidedReport {
  const transactions = reader.messages(1, (inner) => ({
    bucket: inner.bucket(1),
    transaction: inner.message(2, readUndecidedTransaction),
    home: inner.text(3),
  }));
  // In the order of the fields.
  const silent = reader.buckets(2);
  const payments = reader.messages(3, (inner) => ({
    id: inner.text(1),
    scope: inner.text(2),
    txn: readTxnText(inner, 3),
    coordinator: inner.text(4),
    homeBucket: inner.bucket(5),
    ageMs: inner.uint(6),
    home: inner.text(7),
  }));
  return { transactions, silent, payments };
}

export function writeAcquiredLocks(writer: WireWriter, acquired: AcquiredLocks): void {
  writer.text(1, acquired.handle);
  writer.messages(2, acquired.locks, writeEffectiveLock);
  writer.uint(3, acquired.timeoutMs);
}

export function readAcquiredLocks(reader: WireReader): AcquiredLocks {
  return { handle: reader.text(1), locks: reader.messages(2, readEffectiveLock), timeoutMs: reader.uint(3) };
}

/** ReleaseLockResponse and RefreshLockResponse; a release has no time-out (0, which is not written). */
export function writeLocks(writer: WireWriter, acquired: Pick<AcquiredLocks, 'locks' | 'timeoutMs'>): void {
  writer.messages(1, acquired.locks, writeEffectiveLock);
  writer.uint(2, acquired.timeoutMs);
}

export function readLocks(reader: WireReader): Pick<AcquiredLocks, 'locks' | 'timeoutMs'> {
  return { locks: reader.messages(1, readEffectiveLock), timeoutMs: reader.uint(2) };
}

function writeEffectiveLock(writer: WireWriter, lock: EffectiveLock): void {
  writer.text(1, lock.lockId);
  writer.optionalUint(2, lock.token);
}

function readEffectiveLock(reader: WireReader): EffectiveLock {
  return { lockId: reader.text(1), token: reader.optionalUint(2) };
}

/** GetLockResponse. Field 1 repeats what fits into the form that it had first. */
export function writeLockReport(writer: WireWriter, report: LockReport): void {
  const { mode, holders } = report;
  if (mode !== null) {
    writer.message(1, mode, (inner) => {
      inner.text(1, report.lockId);
      inner.enumeration(2, LOCK_MODES, mode);
      inner.uint(3, holders.length);
      inner.uint(4, Math.max(0, ...holders.map((holder) => Math.round(holder.remainingMs))));
      inner.optionalUint(5, mode === 'exclusive' ? (holders[0]?.token ?? null) : null);
    });
  }
  writer.messages(2, holders, writeLockOwner);
  writer.optionalUint(3, report.waiting);
  writer.optionalMessage(4, report.lastBreak, (inner, { by, atMs, upToToken }) => {
    inner.text(1, by);
    inner.uint(2, atMs);
    inner.uint(3, upToToken);
  });
  writer.text(5, report.lockId);
}

export function readLockReport(reader: WireReader): LockReport {
  const mode = reader.optionalMessage(1, (inner) => {
    inner.text(1);
    return inner.enumeration(2, LOCK_MODES);
  });
  return {
    mode,
    holders: reader.messages(2, readLockOwner),
    waiting: reader.optionalUint(3),
    lastBreak: reader.optionalMessage(4, (inner) => ({ by: inner.text(1), atMs: inner.uint(2), upToToken: inner.uint(3) })),
    lockId: reader.text(5),
  };
}

/** BreakLockResponse. */
export function writeBrokenLock(writer: WireWriter, was: LockReport): void {
  writer.message(1, was, writeLockReport);
}

export function readBrokenLock(reader: WireReader): LockReport {
  return reader.message(1, readLockReport);
}

/** ListLocksResponse. */
export function writeLockList(writer: WireWriter, { locks, silent, more }: LockList): void {
  writer.messages(1, locks, writeLockReport);
  writer.packedUints(2, silent);
  writer.uint(3, more);
}

export function readLockList(reader: WireReader): LockList {
  return { locks: reader.messages(1, readLockReport), silent: reader.buckets(2), more: reader.uint(3) };
}

function writeLockOwner(writer: WireWriter, holder: LockReportHolder): void {
  writer.text(1, holder.heldBy);
  writer.uint(2, Math.max(0, Math.round(holder.remainingMs)));
  writer.optionalUint(3, holder.token);
}

function readLockOwner(reader: WireReader): LockReportHolder {
  return { heldBy: reader.text(1), remainingMs: reader.uint(2), token: reader.optionalUint(3) };
}
