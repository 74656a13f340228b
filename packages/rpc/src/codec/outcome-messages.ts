/**
 * mas/v1/outcome.proto: what applying one instruction answers, as far as its sender reads it. What nearly every payment is answered
 * is one object for all, on both ways.
 */
import type { Alarm, MemberOutcome, UndecidedLeg } from '@mas/ledger';
import type { HomeRecord, ItemOutcome } from '@mas/two-phase-commit';
import { unreachable } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readAbortReason, readDecision, readRefusal, writeDecision, writeReason } from './payment-messages';
import { readAlarmName } from './reason-names';
import {
  LEG_STATES,
  readAccountRow,
  readBalanceAfter,
  readLockRow,
  readOutcomeRow,
  writeAccountRow,
  writeBalanceAfter,
  writeLockRow,
  writeOutcomeRow,
} from './row-messages';
import { readMoveStage, writeMoveStage } from './slot-move-messages';

type OutcomeOf<Kind extends ItemOutcome['kind']> = Extract<ItemOutcome, { readonly kind: Kind }>;

export function writeOutcome(writer: WireWriter, outcome: ItemOutcome): void {
  switch (outcome.kind) {
    case 'prepared':
      return writer.message(1, outcome.leg, (inner, { preparedUs }) => inner.optionalUint(1, preparedUs));
    case 'leg-ended':
      return writer.message(2, outcome, writeLegEnded);
    case 'decided':
      return writer.message(3, outcome, writeDecided);
    case 'conflict':
      return writer.message(4, outcome, (inner, { bound }) => inner.message(1, bound, writeOutcomeRow));
    case 'refused':
      return writer.message(5, outcome, (inner, { refusal }) => inner.message(1, refusal, writeReason));
    case 'locked':
      return writer.message(6, outcome, (inner, { lock }) => inner.message(1, lock, writeLockRow));
    case 'wait':
      return writer.message(7, outcome, (inner, { undecided }) => inner.messages(1, undecided, writeUndecidedLeg));
    case 'wrong-bucket':
      return writer.message(8, outcome, writeWrongBucket);
    case 'account':
      return writer.message(9, outcome, writeAccount);
    case 'lock':
      return writer.message(10, outcome, writeLock);
    case 'lock-released':
      return writer.message(11, outcome, (inner, { lockId }) => inner.text(1, lockId));
    case 'done':
      return writer.empty(12);
    case 'alarm':
      return writer.message(13, outcome.alarm, writeAlarm);
    case 'each':
      return writer.message(14, outcome, (inner, { outcomes }) => inner.messages(1, outcomes, writeOutcome));
    case 'move':
      return writer.message(15, outcome, (inner, { move, stage }) => {
        inner.uint(1, move);
        writeMoveStage(inner, stage);
      });
    default:
      return unreachable(outcome, 'outcome');
  }
}

export function readOutcome(reader: WireReader): ItemOutcome {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, (inner) => ({ kind: 'prepared', leg: { preparedUs: inner.optionalUint(1) } }) as const);
    case 2:
      return reader.message(2, readLegEnded);
    case 3:
      return reader.message(3, readDecided);
    case 4:
      return reader.message(4, (inner) => ({ kind: 'conflict', bound: inner.message(1, readOutcomeRow) }) as const);
    case 5:
      return reader.message(5, (inner) => ({ kind: 'refused', refusal: inner.message(1, readRefusal) }) as const);
    case 6:
      return reader.message(6, (inner) => ({ kind: 'locked', lock: inner.message(1, readLockRow) }) as const);
    case 7:
      return reader.message(7, (inner) => ({ kind: 'wait', undecided: inner.messages(1, readUndecidedLeg) }) as const);
    case 8:
      return reader.message(8, readWrongBucket);
    case 9:
      return reader.message(9, (inner) => ({ kind: 'account', account: inner.message(1, readAccountRow), fresh: inner.bool(2) }) as const);
    case 10:
      return reader.message(10, (inner) => ({ kind: 'lock', lock: inner.message(1, readLockRow), preparedLegs: inner.uint(2) }) as const);
    case 11:
      return reader.message(11, (inner) => ({ kind: 'lock-released', lockId: inner.text(1) }) as const);
    case 12:
      return reader.empty(12) ? DONE : reader.fail('not an outcome');
    case 13:
      return { kind: 'alarm', alarm: reader.message(13, readAlarm) };
    case 14:
      return reader.message(14, (inner) => ({ kind: 'each', outcomes: inner.messages(1, readMemberOutcome) }) as const);
    case 15:
      return reader.message(15, (inner) => ({ kind: 'move', move: inner.uint(1), stage: readMoveStage(inner) }) as const);
    default:
      return reader.fail('an unknown outcome');
  }
}

/** What one of many can come to. */
function readMemberOutcome(reader: WireReader): MemberOutcome {
  switch (reader.nextField()) {
    case 8:
      return reader.message(8, readWrongBucket);
    case 12:
      return reader.empty(12) ? DONE : reader.fail('not an outcome');
    case 13:
      return { kind: 'alarm', alarm: reader.message(13, readAlarm) };
    default:
      return reader.fail('not an outcome of one of many');
  }
}

export const DONE: OutcomeOf<'done'> = { kind: 'done' };
export const COMMITTED: OutcomeOf<'leg-ended'> = { kind: 'leg-ended', leg: { state: 'committed', reason: null } };

function writeLegEnded(writer: WireWriter, { leg }: OutcomeOf<'leg-ended'>): void {
  writer.enumeration(1, LEG_STATES, leg.state);
  writer.optionalMessage(2, leg.reason, writeReason);
}

function readLegEnded(reader: WireReader): OutcomeOf<'leg-ended'> {
  const state = reader.enumeration(1, LEG_STATES);
  const reason = reader.optionalMessage(2, readAbortReason);
  return state === 'committed' && reason === null ? COMMITTED : { kind: 'leg-ended', leg: { state, reason } };
}

function writeDecided(writer: WireWriter, { outcome, fresh }: OutcomeOf<'decided'>): void {
  writer.message(1, outcome, writeHomeRecord);
  writer.bool(2, fresh);
}

function readDecided(reader: WireReader): OutcomeOf<'decided'> {
  return { kind: 'decided', outcome: reader.message(1, readHomeRecord), fresh: reader.bool(2) };
}

function writeHomeRecord(writer: WireWriter, { decision, balances, untold }: HomeRecord): void {
  writer.message(1, decision, writeDecision);
  writer.messages(2, balances, writeBalanceAfter);
  for (const leg of untold) writer.text(3, leg.account);
}

function readHomeRecord(reader: WireReader): HomeRecord {
  return {
    decision: reader.message(1, readDecision),
    balances: reader.messages(2, readBalanceAfter),
    untold: reader.accounts(3).map((account) => ({ account })),
  };
}

function writeUndecidedLeg(writer: WireWriter, leg: UndecidedLeg): void {
  writer.hash(1, leg.txn);
  writer.text(2, leg.key);
  writer.uint(3, leg.homeSlot);
  writer.text(4, leg.account);
}

function readUndecidedLeg(reader: WireReader): UndecidedLeg {
  return { txn: reader.txn(1), key: reader.key(2), homeSlot: reader.slot(3), account: reader.account(4) };
}

function writeWrongBucket(writer: WireWriter, outcome: OutcomeOf<'wrong-bucket'>): void {
  writer.uint(1, outcome.slot);
  writer.uint(2, outcome.epoch);
}

function readWrongBucket(reader: WireReader): OutcomeOf<'wrong-bucket'> {
  return { kind: 'wrong-bucket', slot: reader.slot(1), epoch: reader.uint(2) };
}

function writeAccount(writer: WireWriter, outcome: OutcomeOf<'account'>): void {
  writer.message(1, outcome.account, writeAccountRow);
  writer.bool(2, outcome.fresh);
}

function writeLock(writer: WireWriter, outcome: OutcomeOf<'lock'>): void {
  writer.message(1, outcome.lock, writeLockRow);
  writer.uint(2, outcome.preparedLegs);
}

function writeAlarm(writer: WireWriter, alarm: Alarm): void {
  writer.text(1, alarm.name);
  writer.hash(2, alarm.txn);
  writer.text(3, alarm.account);
}

function readAlarm(reader: WireReader): Alarm {
  return { name: readAlarmName(reader, reader.text(1)), txn: reader.txn(2), account: reader.account(3) };
}
