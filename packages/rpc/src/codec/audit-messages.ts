/** An audit of a replica's rows: how it is asked for, and what was found. */
import { isLegSums, MOMENT_PARTS, type LegListing, type MomentLeg, type MomentReport } from '@mas/ledger';
import type { ParticipantReply, ParticipantRequest, ReplicaFindings } from '@mas/two-phase-commit';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readTotals, writeTotals } from './currency-totals';
import { LEG_EFFECTS } from './payment-messages';
import { readSlotRange, writeSlotRange } from './policy-messages';
import { readReplicaChecksum, writeReplicaChecksum } from './replica-messages';

type AuditRequest = Extract<ParticipantRequest, { readonly kind: 'audit' }>;
type AuditReply = Extract<ParticipantReply, { readonly kind: 'audit' }>;

export function writeAuditRequest(writer: WireWriter, request: AuditRequest): void {
  writer.uint(1, request.bucket);
  writer.text(2, request.id);
  writer.uint(3, request.momentUs);
  writer.uint(4, request.barrierUs);
  writer.packedUints(5, request.parts);
  writer.bool(6, request.isEnding);
  writer.uint(7, request.timesSinceUs);
  writer.optionalMessage(8, request.from, (inner, { us, laterMs }) => {
    inner.uint(1, us);
    inner.uint(2, laterMs);
  });
  writer.optionalMessage(9, request.slots, (inner, slots) => inner.messages(1, slots, writeSlotRange));
}

export function readAuditRequest(reader: WireReader): AuditRequest {
  return {
    kind: 'audit',
    bucket: reader.bucket(1),
    id: reader.text(2),
    momentUs: reader.uint(3),
    barrierUs: reader.uint(4),
    parts: reader.packedUints(5).map((part) => (part < MOMENT_PARTS ? part : reader.fail('there is no such part'))),
    isEnding: reader.bool(6),
    timesSinceUs: reader.uint(7),
    from: reader.optionalMessage(8, (inner) => ({ us: inner.uint(1), laterMs: inner.uint(2) })),
    slots: reader.optionalMessage(9, (inner) => inner.messages(1, readSlotRange)),
  };
}

export function writeAuditReply(writer: WireWriter, { rows, permille, findings }: AuditReply): void {
  writer.uint(1, rows);
  writer.optionalMessage(2, findings, writeFindings);
  writer.uint(3, permille);
}

export function readAuditReply(reader: WireReader): AuditReply {
  return { kind: 'audit', rows: reader.uint(1), findings: reader.optionalMessage(2, readFindings), permille: reader.uint(3) };
}

function writeFindings(writer: WireWriter, { checksum, moment, lacking }: ReplicaFindings): void {
  writer.message(1, checksum, writeReplicaChecksum);
  writer.optionalMessage(2, moment, writeMomentReport);
  writer.messages(3, lacking, writeSlotRange);
}

function readFindings(reader: WireReader): ReplicaFindings {
  return {
    checksum: reader.message(1, readReplicaChecksum),
    moment: reader.optionalMessage(2, readMomentReport),
    lacking: reader.messages(3, readSlotRange),
  };
}

function writeMomentReport(writer: WireWriter, report: MomentReport): void {
  writer.uint(1, report.momentUs);
  writer.uint(2, report.accounts);
  writer.uint(3, report.legs);
  writer.uint(4, report.decidedLegs);
  writeTotals(writer, 5, report.issued);
  writeTotals(writer, 6, report.balances);
  writer.text(7, report.accountSum);
  writer.bytes(8, report.legSums);
  writer.bytes(9, report.decidedSums);
  writer.optionalMessage(10, report.listing, writeListing);
  writer.uint(11, report.fromUs);
  writer.uint(12, report.laterMs);
  writeTotals(writer, 13, report.moved);
}

function readMomentReport(reader: WireReader): MomentReport {
  return {
    momentUs: reader.uint(1),
    accounts: reader.uint(2),
    legs: reader.uint(3),
    decidedLegs: reader.uint(4),
    issued: readTotals(reader, 5),
    balances: readTotals(reader, 6),
    accountSum: reader.text(7),
    legSums: readSums(reader, 8),
    decidedSums: readSums(reader, 9),
    listing: reader.optionalMessage(10, readListing),
    fromUs: reader.uint(11),
    laterMs: reader.uint(12),
    moved: readTotals(reader, 13),
  };
}

function readSums(reader: WireReader, field: number): Uint8Array {
  const bytes = reader.bytes(field);
  return isLegSums(bytes) ? bytes : reader.fail('sums of another size');
}

function writeListing(writer: WireWriter, { legs, decided, isCut }: LegListing): void {
  writer.messages(1, legs, writeMomentLeg);
  writer.messages(2, decided, writeMomentLeg);
  writer.bool(3, isCut);
}

function readListing(reader: WireReader): LegListing {
  return { legs: reader.messages(1, readMomentLeg), decided: reader.messages(2, readMomentLeg), isCut: reader.bool(3) };
}

function writeMomentLeg(writer: WireWriter, leg: MomentLeg): void {
  writer.hash(1, leg.txn);
  writer.text(2, leg.account);
  writer.enumeration(3, LEG_EFFECTS, leg.effect);
  writer.int64(4, leg.amountMinor);
  writer.optionalUint(5, leg.commitUs);
}

function readMomentLeg(reader: WireReader): MomentLeg {
  return {
    txn: reader.txn(1),
    account: reader.account(2),
    effect: reader.enumeration(3, LEG_EFFECTS),
    amountMinor: reader.int64(4),
    commitUs: reader.optionalUint(5),
  };
}
