/** mas/v1/participant.proto, replies. Their parts are in reading-messages.ts (accounts) and replica-messages.ts (status). */
import type { HomeDecision, ItemOutcome, ItemReply, NoMoment, ParticipantReply } from '@mas/two-phase-commit';
import { unreachable, type MissingQuorum } from '@mas/values';
import { readAuditReply, writeAuditReply } from './audit-messages';
import { readBackupReply, writeBackupReply } from './backup-messages';
import { readCondition, writeCondition } from './condition-messages';
import { exactly } from '../wire/field-reader';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { COMMITTED, DONE, readOutcome, writeOutcome } from './outcome-messages';
import { readAccountCursor, writeAccountCursor } from './participant-request-messages';
import { microseconds, milliseconds } from './clock-messages';
import { readDecision, writeDecision } from './payment-messages';
import { readPlacementMap, readSlotsStep, writePlacementMap, writeSlotsStep } from './placement-messages';
import { readAccountReading, readBucketTotals, writeAccountReading, writeBucketTotals } from './reading-messages';
import { readEstimate, readPlanStep, writeEstimate, writePlanStep } from './node-order-messages';
import {
  idOf,
  readReplicaChecksum,
  readReplicas,
  readReplicaStatus,
  readUndecidedTransaction,
  writeReplicaChecksum,
  writeReplicaStatus,
  writeUndecidedTransaction,
} from './replica-messages';
import { readLegRow, readLockRow, readOutcomeRow, writeLegRow, writeLockRow, writeOutcomeRow } from './row-messages';

type ReplyOf<Kind extends ParticipantReply['kind']> = Extract<ParticipantReply, { readonly kind: Kind }>;

/** It is kept, and passed on: half a map is none. */
const readExactMap = exactly(readPlacementMap);

const NO_MOMENTS = wireEnum<NoMoment>({ before: 1, forgotten: 2, ahead: 3 });

export function writeParticipantReply(writer: WireWriter, reply: ParticipantReply): void {
  switch (reply.kind) {
    case 'outcomes':
      return writer.message(1, reply, (inner, { outcomes, semanticsVersion }) => {
        inner.messages(1, outcomes, writeItemReply);
        inner.optionalUint(2, semanticsVersion);
      });
    case 'queried':
      return writer.message(2, reply, (inner, { outcomes }) => inner.messages(1, outcomes, (each, row) => each.optionalMessage(1, row, writeOutcomeRow)));
    case 'decisions':
      return writer.message(23, reply, (inner, { decisions }) => inner.messages(1, decisions, (each, one) => each.optionalMessage(1, one, writeHomeDecision)));
    case 'accounts':
      return writer.message(3, reply, writeAccounts);
    case 'no-moment':
      return writer.message(22, reply, (inner, { why, sinceUs }) => {
        inner.enumeration(1, NO_MOMENTS, why);
        inner.uint(2, sinceUs);
      });
    case 'legs':
      return writer.message(4, reply, writeLegs);
    case 'leg':
      return writer.message(17, reply, (inner, { leg }) => inner.optionalMessage(1, leg, writeLegRow));
    case 'account-list':
      return writer.message(5, reply, writeAccountList);
    case 'totals':
      return writer.message(6, reply.totals, writeBucketTotals);
    case 'undecided':
      return writer.message(7, reply, (inner, { transactions }) => inner.messages(1, transactions, writeUndecidedTransaction));
    case 'locks':
      return writer.message(8, reply, (inner, { locks, stampMs }) => {
        inner.messages(1, locks, writeLockRow);
        inner.uint(2, stampMs);
      });
    case 'checksum':
      return writer.message(9, reply.checksum, writeReplicaChecksum);
    case 'audit':
      return writer.message(24, reply, writeAuditReply);
    case 'backup':
      return writer.message(40, reply, writeBackupReply);
    case 'placement':
      return writer.message(10, reply, (inner, { map, agreedMs }) => {
        inner.optionalMessage(1, map, writePlacementMap);
        inner.optionalUint(2, agreedMs === null ? null : microseconds(agreedMs));
      });
    case 'status':
      return writer.message(11, reply, (inner, { replicas, condition, certificatesEndMs }) => {
        inner.messages(1, replicas, writeReplicaStatus);
        inner.optionalMessage(2, condition, writeCondition);
        inner.optionalUint(3, certificatesEndMs);
      });
    case 'home-without-quorum':
      return writer.message(19, reply, (inner, { home, missing }) => {
        inner.uint(1, home);
        inner.message(2, missing, writeMissingQuorum);
      });
    case 'leadership':
      return writer.message(20, reply, writeLeadership);
    case 'not-leader':
      return writer.message(12, reply, (inner, { leader }) => inner.optionalUint(1, leader));
    case 'no-quorum':
      return writer.message(18, reply.missing, writeMissingQuorum);
    case 'no-store':
      return writer.message(21, reply, (inner, { rm }) => inner.uint(1, rm));
    case 'unavailable':
      return writer.message(13, reply.reason, writeReasonText);
    case 'unknown':
      return writer.message(14, reply.reason, writeReasonText);
    case 'no-replica':
      return writer.empty(15);
    case 'permission-denied':
      return writer.message(16, reply.reason, writeReasonText);
    case 'members':
      return writer.message(25, reply, (inner, { term, voters, learners, map }) => {
        inner.uint(1, term);
        inner.packedUints(2, voters.map(idOf));
        inner.packedUints(3, learners.map(idOf));
        inner.optionalMessage(4, map, writePlacementMap);
      });
    case 'order-refused':
      return writer.message(26, reply, (inner, { name, message }) => {
        inner.text(1, name);
        inner.text(2, message);
      });
    case 'ordered':
      return writer.message(27, reply, (inner, { map, steps, slots, estimate }) => {
        inner.message(1, map, writePlacementMap);
        inner.messages(2, steps, writePlanStep);
        inner.messages(3, slots, writeSlotsStep);
        inner.optionalMessage(4, estimate, writeEstimate);
      });
    case 'wrong-bucket':
      return writer.message(28, reply, (inner, { slot }) => inner.uint(1, slot));
    default:
      return unreachable(reply, 'participant reply');
  }
}

export function readParticipantReply(reader: WireReader): ParticipantReply {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, (inner) => ({ kind: 'outcomes', outcomes: inner.messages(1, readItemReply), semanticsVersion: inner.optionalUint(2) }) as const);
    case 2:
      return reader.message(2, (inner) => ({ kind: 'queried', outcomes: inner.messages(1, (each) => each.optionalMessage(1, readOutcomeRow)) }) as const);
    case 3:
      return reader.message(3, readAccounts);
    case 4:
      return reader.message(4, (inner) => ({ kind: 'legs', legs: inner.messages(1, readLegRow), nextCursorSeq: inner.optionalUint(2) }) as const);
    case 5:
      return reader.message(
        5,
        (inner) => ({ kind: 'account-list', accounts: inner.messages(1, readAccountReading), next: inner.optionalMessage(2, readAccountCursor) }) as const,
      );
    case 6:
      return { kind: 'totals', totals: reader.message(6, readBucketTotals) };
    case 7:
      return reader.message(7, (inner) => ({ kind: 'undecided', transactions: inner.messages(1, readUndecidedTransaction) }) as const);
    case 8:
      return reader.message(8, (inner) => ({ kind: 'locks', locks: inner.messages(1, readLockRow), stampMs: inner.uint(2) }) as const);
    case 9:
      return { kind: 'checksum', checksum: reader.message(9, readReplicaChecksum) };
    case 10:
      return reader.message(
        10,
        (inner) => ({ kind: 'placement', map: inner.optionalMessage(1, readExactMap), agreedMs: milliseconds(inner.optionalUint(2)) }) as const,
      );
    case 11:
      return reader.message(
        11,
        (inner) =>
          ({
            kind: 'status',
            replicas: inner.messages(1, readReplicaStatus),
            condition: inner.optionalMessage(2, readCondition),
            certificatesEndMs: inner.optionalUint(3),
          }) as const,
      );
    case 17:
      return reader.message(17, (inner) => ({ kind: 'leg', leg: inner.optionalMessage(1, readLegRow) }) as const);
    case 19:
      return reader.message(19, (inner) => ({ kind: 'home-without-quorum', home: inner.bucket(1), missing: inner.message(2, readMissingQuorum) }) as const);
    case 20:
      return reader.message(20, readLeadership);
    case 23:
      return reader.message(23, (inner) => ({ kind: 'decisions', decisions: inner.messages(1, (each) => each.optionalMessage(1, readHomeDecision)) }) as const);
    case 22:
      return reader.message(22, (inner) => ({ kind: 'no-moment', why: inner.enumeration(1, NO_MOMENTS), sinceUs: inner.uint(2) }) as const);
    case 24:
      return reader.message(24, readAuditReply);
    case 40:
      return reader.message(40, readBackupReply);
    case 25:
      return reader.message(
        25,
        (inner) =>
          ({
            kind: 'members',
            term: inner.uint(1),
            voters: readReplicas(inner, 2),
            learners: readReplicas(inner, 3),
            map: inner.optionalMessage(4, readExactMap),
          }) as const,
      );
    case 26:
      return reader.message(26, (inner) => ({ kind: 'order-refused', name: inner.text(1), message: inner.text(2) }) as const);
    case 27:
      return reader.message(
        27,
        (inner) =>
          ({
            kind: 'ordered',
            map: inner.message(1, readExactMap),
            steps: inner.messages(2, readPlanStep),
            slots: inner.messages(3, readSlotsStep),
            estimate: inner.optionalMessage(4, readEstimate),
          }) as const,
      );
    case 28:
      return reader.message(28, (inner) => ({ kind: 'wrong-bucket', slot: inner.slot(1) }) as const);
    default:
      return readFailure(reader);
  }
}

function readFailure(reader: WireReader): ParticipantReply {
  switch (reader.nextField()) {
    case 12:
      return reader.message(12, (inner) => ({ kind: 'not-leader', leader: inner.optionalRm(1) }) as const);
    case 13:
      return { kind: 'unavailable', reason: reader.message(13, readReasonText) };
    case 14:
      return { kind: 'unknown', reason: reader.message(14, readReasonText) };
    case 15:
      return reader.empty(15) ? { kind: 'no-replica' } : reader.fail('not a reply');
    case 16:
      return { kind: 'permission-denied', reason: reader.message(16, readReasonText) };
    case 18:
      return { kind: 'no-quorum', missing: reader.message(18, readMissingQuorum) };
    case 21:
      return reader.message(21, (inner) => ({ kind: 'no-store', rm: inner.rm(1) }) as const);
    default:
      return reader.fail('an unknown reply');
  }
}

function writeItemReply(writer: WireWriter, reply: ItemReply): void {
  switch (reply.kind) {
    case 'outcome':
      return writer.message(1, reply.outcome, writeOutcome);
    case 'unauthenticated':
      return writer.optionalText(2, reply.reason);
    case 'permission-denied':
      return writer.optionalText(3, reply.reason);
    default:
      return unreachable(reply, 'reply to an instruction');
  }
}

function readItemReply(reader: WireReader): ItemReply {
  switch (reader.nextField()) {
    case 1:
      return replyWith(reader.message(1, readOutcome));
    case 2:
      return { kind: 'unauthenticated', reason: reader.optionalText(2) ?? '' };
    case 3:
      return { kind: 'permission-denied', reason: reader.optionalText(3) ?? '' };
    default:
      return reader.fail('an unknown reply to an instruction');
  }
}

const ALL_COMMITTED: ItemReply = { kind: 'outcome', outcome: COMMITTED };
const ALL_DONE: ItemReply = { kind: 'outcome', outcome: DONE };

function replyWith(outcome: ItemOutcome): ItemReply {
  if (outcome === COMMITTED) return ALL_COMMITTED;
  return outcome === DONE ? ALL_DONE : { kind: 'outcome', outcome };
}

function writeLegs(writer: WireWriter, reply: ReplyOf<'legs'>): void {
  writer.messages(1, reply.legs, writeLegRow);
  writer.optionalUint(2, reply.nextCursorSeq);
}

function writeAccountList(writer: WireWriter, reply: ReplyOf<'account-list'>): void {
  writer.messages(1, reply.accounts, writeAccountReading);
  writer.optionalMessage(2, reply.next, writeAccountCursor);
}

function writeReasonText(writer: WireWriter, reason: string): void {
  writer.text(1, reason);
}

function readReasonText(reader: WireReader): string {
  return reader.text(1);
}

function writeLeadership(writer: WireWriter, { leader, term, heardAgoMs }: ReplyOf<'leadership'>): void {
  writer.optionalUint(1, leader);
  writer.uint(2, term);
  writer.optionalUint(3, heardAgoMs === null ? null : Math.floor(heardAgoMs));
}

function readLeadership(reader: WireReader): ReplyOf<'leadership'> {
  return { kind: 'leadership', leader: reader.optionalRm(1), term: reader.uint(2), heardAgoMs: reader.optionalUint(3) };
}

function writeMissingQuorum(writer: WireWriter, { up, of, needed, forMs }: MissingQuorum): void {
  writer.uint(1, up);
  writer.uint(2, of);
  writer.uint(3, needed);
  writer.uint(4, Math.floor(forMs));
}

function readMissingQuorum(reader: WireReader): MissingQuorum {
  return { up: reader.uint(1), of: reader.uint(2), needed: reader.uint(3), forMs: reader.uint(4) };
}

function writeAccounts(writer: WireWriter, { readings, momentUs, asStored }: ReplyOf<'accounts'>): void {
  writer.messages(1, readings, (each, reading) => each.optionalMessage(1, reading, writeAccountReading));
  writer.optionalUint(2, momentUs);
  writer.bool(3, asStored);
}

function readAccounts(reader: WireReader): ReplyOf<'accounts'> {
  return {
    kind: 'accounts',
    readings: reader.messages(1, (each) => each.optionalMessage(1, readAccountReading)),
    momentUs: reader.optionalUint(2),
    asStored: reader.bool(3),
  };
}

function writeHomeDecision(writer: WireWriter, { txn, decision }: HomeDecision): void {
  writer.hash(1, txn);
  writer.message(2, decision, writeDecision);
}

function readHomeDecision(reader: WireReader): HomeDecision {
  return { txn: reader.txn(1), decision: reader.message(2, readDecision) };
}
