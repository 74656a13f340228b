/** An audit as a stream: how far it has come, and its report. */
import type { AuditProgress, AuditReport } from '@mas/transaction-coordinator';
import { nearestInt64, type AmountMinor } from '@mas/values';
import { readReplicaChecksum, writeReplicaChecksum } from '../codec/replica-messages';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

export type AuditEvent = { readonly kind: 'report'; readonly report: AuditReport } | { readonly kind: 'progress'; readonly progress: AuditProgress };

export function writeAuditEvent(writer: WireWriter, event: AuditEvent): void {
  if (event.kind === 'report') writer.message(1, event.report, writeReport);
  else writer.message(2, event.progress, writeProgress);
}

export function readAuditEvent(reader: WireReader): AuditEvent {
  switch (reader.nextField()) {
    case 1:
      return { kind: 'report', report: reader.message(1, readReport) };
    case 2:
      return { kind: 'progress', progress: reader.message(2, readProgress) };
    default:
      return reader.fail('an unknown event of an audit');
  }
}

function writeReport(writer: WireWriter, report: AuditReport): void {
  writer.messages(1, report.checks, (each, check) => {
    each.text(1, check.name);
    each.uint(2, check.count);
    each.texts(3, check.differences);
  });
  writer.messages(2, report.totals, (each, total) => {
    each.text(1, total.currency);
    each.int64(2, nearestInt64(total.issuedMinor));
    each.int64(3, nearestInt64(total.balancesMinor));
    each.text(4, total.issuedMinor.toString());
    each.text(5, total.balancesMinor.toString());
  });
  writer.messages(3, report.checksums, writeReplicaChecksum);
  writer.bool(4, report.consistent);
  writer.texts(5, report.incomplete);
  writer.uint(6, report.momentUs);
  writer.optionalUint(7, report.sinceUs);
}

function readReport(reader: WireReader): AuditReport {
  return {
    checks: reader.messages(1, (each) => ({ name: each.text(1), count: each.uint(2), differences: each.texts(3) })),
    totals: reader.messages(2, readAuditTotal),
    checksums: reader.messages(3, readReplicaChecksum),
    consistent: reader.bool(4),
    incomplete: reader.texts(5),
    momentUs: reader.uint(6),
    sinceUs: reader.optionalUint(7),
  };
}

function writeProgress(writer: WireWriter, { momentUs, replicas, waitsFor }: AuditProgress): void {
  writer.uint(1, momentUs);
  writer.messages(2, replicas, (each, { bucket, rm, rows, permille }) => {
    each.uint(1, bucket);
    each.uint(2, rm);
    each.uint(3, rows);
    each.uint(4, permille);
  });
  writer.text(3, waitsFor);
}

function readProgress(reader: WireReader): AuditProgress {
  return {
    momentUs: reader.uint(1),
    replicas: reader.messages(2, (each) => ({ bucket: each.bucket(1), rm: each.rm(2), rows: each.uint(3), permille: each.uint(4) })),
    waitsFor: reader.text(3),
  };
}

function readAuditTotal(reader: WireReader): AuditReport['totals'][number] {
  const currency = reader.currency(1);
  const [issued, balances] = [reader.int64(2), reader.int64(3)];
  return { currency, issuedMinor: exactSum(reader, 4, issued), balancesMinor: exactSum(reader, 5, balances) };
}

/** A server of an earlier version writes the int64 alone. */
function exactSum(reader: WireReader, field: number, rounded: AmountMinor): AmountMinor {
  const digits = reader.text(field);
  if (digits === '') return rounded;
  return /^-?[0-9]{1,40}$/.test(digits) ? BigInt(digits) : reader.fail('a sum is decimal digits');
}
