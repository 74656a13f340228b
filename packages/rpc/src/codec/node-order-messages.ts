/** What operators want of nodes and replicas, and what moves by it (mas/v1/participant.proto). */
import type { MovesEstimate, NodeOrder, PlanStep } from '@mas/placement';
import { unreachable } from '@mas/values';
import { readSlotsStep, writeSlotsStep } from './placement-messages';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

const REASONS = wireEnum<PlanStep['why']>({ drain: 1, fill: 2, surplus: 3, balance: 4, away: 5 });

export function writeNodeOrder(writer: WireWriter, order: NodeOrder): void {
  switch (order.kind) {
    case 'add':
      return writer.message(1, order, (inner, { rm, address }) => {
        inner.uint(1, rm);
        inner.text(2, address);
      });
    case 'drain':
      return writer.message(2, order, (inner, { rm, isDraining }) => {
        inner.uint(1, rm);
        inner.bool(2, !isDraining);
      });
    case 'remove':
      return writer.message(3, order, (inner, { rm, isDead }) => {
        inner.uint(1, rm);
        inner.bool(2, isDead);
      });
    case 'move':
      return writer.message(4, order, (inner, { bucket, from, to }) => {
        inner.uint(1, bucket);
        inner.uint(2, from);
        inner.uint(3, to);
      });
    case 'rebalance':
      // A program of before would spread replicas alone, and say that it is done.
      return writer.message(order.ofSlots ? 7 : 5, order, (inner, { replicas, isDryRun }) => {
        inner.optionalUint(1, replicas);
        inner.bool(2, isDryRun);
      });
    case 'stop-rebalance':
      return writer.empty(6);
    case 'add-bucket':
      return writer.message(8, order, (inner, { bucket, replicas, isDryRun }) => {
        inner.uint(1, bucket);
        inner.packedUints(2, replicas);
        inner.bool(3, isDryRun);
      });
    case 'move-slots':
      return writer.message(9, order, (inner, { isDryRun, ...step }) => {
        inner.message(1, step, writeSlotsStep);
        inner.bool(2, isDryRun);
      });
    case 'retire-bucket':
      return writer.message(10, order, (inner, { bucket, isDryRun }) => {
        inner.uint(1, bucket);
        inner.bool(2, isDryRun);
      });
    case 'pause-moves':
      return writer.message(11, order, (inner, { isPaused }) => inner.bool(1, !isPaused));
    case 'cancel-moves':
      return writer.empty(12);
    default:
      return unreachable(order, 'order of nodes');
  }
}

export function readNodeOrder(reader: WireReader): NodeOrder {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, (inner) => ({ kind: 'add', rm: inner.rm(1), address: inner.text(2) }) as const);
    case 2:
      return reader.message(2, (inner) => ({ kind: 'drain', rm: inner.rm(1), isDraining: !inner.bool(2) }) as const);
    case 3:
      return reader.message(3, (inner) => ({ kind: 'remove', rm: inner.rm(1), isDead: inner.bool(2) }) as const);
    case 4:
      return reader.message(4, (inner) => ({ kind: 'move', bucket: inner.bucket(1), from: inner.rm(2), to: inner.rm(3) }) as const);
    case 5:
      return reader.message(5, (inner) => ({ kind: 'rebalance', replicas: inner.optionalUint(1), ofSlots: false, isDryRun: inner.bool(2) }) as const);
    case 6:
      return reader.empty(6) ? { kind: 'stop-rebalance' } : reader.fail('not an order');
    case 7:
      return reader.message(7, (inner) => ({ kind: 'rebalance', replicas: inner.optionalUint(1), ofSlots: true, isDryRun: inner.bool(2) }) as const);
    case 8:
      return reader.message(8, (inner) => ({ kind: 'add-bucket', bucket: inner.bucket(1), replicas: inner.rms(2), isDryRun: inner.bool(3) }) as const);
    case 9:
      return reader.message(9, (inner) => ({ kind: 'move-slots', ...inner.message(1, readSlotsStep), isDryRun: inner.bool(2) }) as const);
    case 10:
      return reader.message(10, (inner) => ({ kind: 'retire-bucket', bucket: inner.bucket(1), isDryRun: inner.bool(2) }) as const);
    case 11:
      return reader.message(11, (inner) => ({ kind: 'pause-moves', isPaused: !inner.bool(1) }) as const);
    case 12:
      return reader.empty(12) ? { kind: 'cancel-moves' } : reader.fail('not an order');
    default:
      return reader.fail('an unknown order');
  }
}

export function writeEstimate(writer: WireWriter, { accounts, rows, tookMs }: MovesEstimate): void {
  writer.uint(1, accounts);
  writer.uint(2, rows);
  writer.uint(3, tookMs);
}

export function readEstimate(reader: WireReader): MovesEstimate {
  return { accounts: reader.uint(1), rows: reader.uint(2), tookMs: reader.uint(3) };
}

export function writePlanStep(writer: WireWriter, { bucket, remove, add, why }: PlanStep): void {
  writer.uint(1, bucket);
  writer.optionalUint(2, remove);
  writer.optionalUint(3, add);
  writer.enumeration(4, REASONS, why);
}

export function readPlanStep(reader: WireReader): PlanStep {
  return { bucket: reader.bucket(1), remove: reader.optionalRm(2), add: reader.optionalRm(3), why: reader.enumeration(4, REASONS) };
}
