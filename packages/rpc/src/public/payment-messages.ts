/** Answers about payments: results, views with their timeline, and lists. */
import type { LegRow } from '@mas/ledger';
import type { PaymentResult, PaymentView, Reply, TimelineStep, TransactionState } from '@mas/transaction-coordinator';
import { txnId, unreachable, type TxnId } from '@mas/values';
import { readBody, readOptionalBody, writeBody } from '../codec/body-messages';
import { readAbortReason, writeReason } from '../codec/payment-messages';
import { readLegRow, readOutcomeRow, writeLegRow, writeOutcomeRow } from '../codec/row-messages';
import { fromRpcStatus, toRpcStatus } from '../errors/status-details';
import { Status } from '../generated/google/rpc/status';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readCursor } from './account-messages';

export interface LegPage {
  readonly legs: readonly LegRow[];
  readonly nextCursor: string | null;
}

const RESULT_STATES = wireEnum<PaymentResult['kind']>({ committed: 2, aborted: 3, unknown: 4 });
const STATES = wireEnum<TransactionState>({ PENDING: 1, COMMITTED: 2, ABORTED: 3 });

type Balance = Extract<PaymentResult, { readonly kind: 'committed' }>['balances'][number];

export function writePaymentResult(writer: WireWriter, result: PaymentResult): void {
  writer.enumeration(1, RESULT_STATES, result.kind);
  writer.text(2, result.txn);
  switch (result.kind) {
    case 'committed':
      writer.uint(3, result.atMs);
      writeBody(writer, 4, result.body);
      return writer.messages(5, result.balances, writeBalance);
    case 'aborted':
      writer.uint(3, result.atMs);
      writeBody(writer, 4, result.body);
      return writer.message(6, result.reason, writeReason);
    case 'unknown':
      return writer.text(7, result.message);
    default:
      return unreachable(result, 'payment result');
  }
}

export function readPaymentResult(reader: WireReader): PaymentResult {
  const kind = reader.enumeration(1, RESULT_STATES);
  const txn = readTxnText(reader, 2);
  switch (kind) {
    case 'committed':
      return { kind, txn, atMs: reader.uint(3), body: readBody(reader, 4, txn), balances: reader.messages(5, readBalance) };
    case 'aborted':
      return { kind, txn, atMs: reader.uint(3), body: readBody(reader, 4, txn), reason: reader.message(6, readAbortReason) };
    case 'unknown':
      return { kind, txn, message: reader.text(7) };
    default:
      return unreachable(kind, 'payment result');
  }
}

/** CreatePaymentResponse and ResolveTransactionResponse. */
export function writeOnePayment(writer: WireWriter, result: PaymentResult): void {
  writer.message(1, result, writePaymentResult);
}

export function readOnePayment(reader: WireReader): PaymentResult {
  return reader.message(1, readPaymentResult);
}

/** CreatePaymentsResponse. */
export function writePaymentReplies(writer: WireWriter, replies: readonly Reply<PaymentResult>[]): void {
  writer.messages(1, replies, writePaymentReply);
}

export function readPaymentReplies(reader: WireReader): readonly Reply<PaymentResult>[] {
  return reader.messages(1, readPaymentReply);
}

export interface StreamedReplies {
  readonly sequence: number;
  readonly replies: readonly Reply<PaymentResult>[];
}

export function writeStreamedReplies(writer: WireWriter, streamed: StreamedReplies): void {
  writer.uint(1, streamed.sequence);
  writer.messages(2, streamed.replies, writePaymentReply);
}

export function readStreamedReplies(reader: WireReader): StreamedReplies {
  return { sequence: reader.uint(1), replies: reader.messages(2, readPaymentReply) };
}

function writePaymentReply(writer: WireWriter, reply: Reply<PaymentResult>): void {
  if (reply.ok) writer.message(1, reply.value, writePaymentResult);
  else writer.encoded(2, Status.encode(toRpcStatus(reply.error)).finish());
}

function readPaymentReply(reader: WireReader): Reply<PaymentResult> {
  if (reader.nextField() === 1) return { ok: true, value: reader.message(1, readPaymentResult) };
  return { ok: false, error: fromRpcStatus(Status.decode(reader.bytes(2))) };
}

function writeBalance(writer: WireWriter, balance: Balance): void {
  writer.text(1, balance.account);
  writer.int64(2, balance.balanceMinor);
}

function readBalance(reader: WireReader): Balance {
  return { account: reader.account(1), balanceMinor: reader.int64(2) };
}

export function writeOneView(writer: WireWriter, view: PaymentView): void {
  writer.message(1, view, writePaymentView);
}

export function readOneView(reader: WireReader): PaymentView {
  return reader.message(1, readPaymentView);
}

function writePaymentView(writer: WireWriter, view: PaymentView): void {
  writer.text(1, view.id);
  writer.text(2, view.scope);
  writer.text(3, view.txn);
  writer.enumeration(4, STATES, view.state);
  writeBody(writer, 5, view.body);
  writer.optionalMessage(6, view.reason, writeReason);
  writer.optionalUint(7, view.createdAtMs);
  writer.optionalUint(8, view.endedAtMs);
  writer.messages(9, view.timeline, writeStep);
  writer.optionalMessage(10, view.outcome, writeOutcomeRow);
  writer.optionalUint(11, view.commitUs);
}

function readPaymentView(reader: WireReader): PaymentView {
  const id = reader.text(1);
  const scope = reader.text(2);
  const txn = readTxnText(reader, 3);
  return {
    id,
    scope,
    txn,
    state: reader.enumeration(4, STATES),
    body: readOptionalBody(reader, 5, txn),
    reason: reader.optionalMessage(6, readAbortReason),
    createdAtMs: reader.optionalUint(7),
    endedAtMs: reader.optionalUint(8),
    timeline: reader.messages(9, readStep),
    outcome: reader.optionalMessage(10, readOutcomeRow),
    commitUs: reader.optionalUint(11),
  };
}

function writeStep(writer: WireWriter, step: TimelineStep): void {
  writer.uint(1, Math.max(0, Math.round(step.atMs)));
  writer.text(2, step.step);
  writer.optionalUint(3, step.bucket);
  writer.optionalText(4, step.detail);
}

function readStep(reader: WireReader): TimelineStep {
  return { atMs: reader.uint(1), step: reader.text(2), bucket: reader.optionalBucket(3), detail: reader.optionalText(4) };
}

export function writeLegPage(writer: WireWriter, page: LegPage): void {
  writer.messages(1, page.legs, writeLegRow);
  writer.text(2, page.nextCursor ?? '');
}

export function readLegPage(reader: WireReader): LegPage {
  return { legs: reader.messages(1, readLegRow), nextCursor: readCursor(reader, 2) };
}

/** On the public interface a txn is text, for people. */
export function readTxnText(reader: WireReader, field: number): TxnId {
  const text = reader.text(field);
  return /^[0-9a-f]{64}$/.test(text) ? txnId(text) : reader.fail('not a transaction id');
}
