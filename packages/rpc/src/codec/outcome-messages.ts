/** mas/v1/outcome.proto: what applying one instruction answers. */
import type { Alarm, Outcome, UndecidedLeg } from '@mas/ledger';
import { unreachable } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readRefusal, writeReason } from './payment-messages';
import { readAlarmName } from './reason-names';
import { readAccountRow, readLegRow, readLockRow, readOutcomeRow, writeAccountRow, writeLegRow, writeLockRow, writeOutcomeRow } from './row-messages';

type OutcomeOf<Kind extends Outcome['kind']> = Extract<Outcome, { readonly kind: Kind }>;

export function writeOutcome(writer: WireWriter, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'prepared':
      return writer.message(1, outcome, writePrepared);
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
    default:
      return unreachable(outcome, 'outcome');
  }
}

export function readOutcome(reader: WireReader): Outcome {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, readPrepared);
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
      return reader.message(8, (inner) => ({ kind: 'wrong-bucket', slot: inner.slot(1), epoch: inner.uint(2) }) as const);
    case 9:
      return reader.message(9, (inner) => ({ kind: 'account', account: inner.message(1, readAccountRow), fresh: inner.bool(2) }) as const);
    case 10:
      return reader.message(10, (inner) => ({ kind: 'lock', lock: inner.message(1, readLockRow), preparedLegs: inner.uint(2) }) as const);
    case 11:
      return reader.message(11, (inner) => ({ kind: 'lock-released', lockId: inner.text(1) }) as const);
    case 12:
      return reader.empty(12) ? { kind: 'done' } : reader.fail('not an outcome');
    case 13:
      return { kind: 'alarm', alarm: reader.message(13, readAlarm) };
    default:
      return reader.fail('an unknown outcome');
  }
}

function writePrepared(writer: WireWriter, outcome: OutcomeOf<'prepared'>): void {
  writer.message(1, outcome.leg, writeLegRow);
}

function readPrepared(reader: WireReader): OutcomeOf<'prepared'> {
  return { kind: 'prepared', leg: reader.message(1, readLegRow) };
}

function writeLegEnded(writer: WireWriter, outcome: OutcomeOf<'leg-ended'>): void {
  writer.message(1, outcome.leg, writeLegRow);
  writer.optionalUint(2, outcome.balanceRev);
}

function readLegEnded(reader: WireReader): OutcomeOf<'leg-ended'> {
  return { kind: 'leg-ended', leg: reader.message(1, readLegRow), balanceRev: reader.optionalUint(2) };
}

function writeDecided(writer: WireWriter, outcome: OutcomeOf<'decided'>): void {
  writer.message(1, outcome.outcome, writeOutcomeRow);
  writer.bool(2, outcome.fresh);
}

function readDecided(reader: WireReader): OutcomeOf<'decided'> {
  return { kind: 'decided', outcome: reader.message(1, readOutcomeRow), fresh: reader.bool(2) };
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
