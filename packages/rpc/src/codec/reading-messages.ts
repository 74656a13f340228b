/** Balances as a bucket reads them: single accounts, and sums over the bucket. */
import type { AccountReading, BucketTotals } from '@mas/two-phase-commit';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readTotals, writeTotals } from './currency-totals';
import { ACCOUNT_STATUSES } from './row-messages';
import { readHoldings, writeHoldings } from './slot-move-messages';

export function writeAccountReading(writer: WireWriter, reading: AccountReading): void {
  writer.text(1, reading.number);
  writer.text(2, reading.currency);
  writer.enumeration(3, ACCOUNT_STATUSES, reading.status);
  writer.text(4, reading.owner);
  writer.int64(5, reading.balanceMinor);
  writer.int64(6, reading.minimumMinor);
  writer.int64(7, reading.holdsMinor);
  writer.int64(8, reading.pendingCreditsMinor);
  writer.uint(9, reading.rev);
  writer.uint(10, reading.createdAtMs);
  writer.hashes(11, reading.preparedTxns);
}

export function readAccountReading(reader: WireReader): AccountReading {
  return {
    number: reader.account(1),
    currency: reader.currency(2),
    status: reader.enumeration(3, ACCOUNT_STATUSES),
    owner: reader.text(4),
    balanceMinor: reader.int64(5),
    minimumMinor: reader.int64(6),
    holdsMinor: reader.int64(7),
    pendingCreditsMinor: reader.int64(8),
    rev: reader.uint(9),
    createdAtMs: reader.uint(10),
    preparedTxns: reader.txns(11),
  };
}

export function writeBucketTotals(writer: WireWriter, totals: BucketTotals): void {
  writer.uint(1, totals.bucket);
  writer.uint(3, totals.accountCount);
  writeTotals(writer, 4, totals.issued);
  writeTotals(writer, 5, totals.balances);
  writer.uint(6, totals.undecidedLegs);
  writer.optionalUint(7, totals.momentUs);
  writer.uint(8, totals.momentsSinceUs);
  writer.optionalMessage(9, totals.holdings, writeHoldings);
}

export function readBucketTotals(reader: WireReader): BucketTotals {
  return {
    bucket: reader.bucket(1),
    accountCount: reader.uint(3),
    issued: readTotals(reader, 4),
    balances: readTotals(reader, 5),
    undecidedLegs: reader.uint(6),
    momentUs: reader.optionalUint(7),
    momentsSinceUs: reader.uint(8),
    holdings: reader.optionalMessage(9, readHoldings),
  };
}
