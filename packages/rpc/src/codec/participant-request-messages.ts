/** mas/v1/participant.proto, requests. Those of instructions are in instructions-request-messages.ts. */
import type { LegQuery, ParticipantRequest, Passage, ReadLevel, ReadMoment } from '@mas/two-phase-commit';
import { unreachable, type AccountNumber, type PaymentKey, type Slot } from '@mas/values';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readAuditRequest, writeAuditRequest } from './audit-messages';
import { readBackupRequest, writeBackupRequest } from './backup-messages';
import { readNodeOrder, writeNodeOrder } from './node-order-messages';
import { instructionsReader, writeInstructions, type InstructionsRequest } from './instructions-request-messages';
import type { EncodedInstructions } from './ledger-codec';
import { readIncarnation } from './placement-messages';
import { readSlotRange, writeSlotRange } from './policy-messages';
import { LEG_STATES } from './row-messages';

export const READ_LEVELS = wireEnum<ReadLevel | 'cached'>({ committed: 1, uncommitted: 2, cached: 3 });
const PARTICIPANT_READ_LEVELS = wireEnum<ReadLevel>({ committed: 1, uncommitted: 2 });
export const LIST_DIRECTIONS = wireEnum<LegQuery['direction']>({ 'newest-first': 1, 'oldest-first': 2 });

/** Fields of requests that stand before the passage. */
const LAST_EARLY = 14;
const CALLERS = wireEnum<'tm' | 'rm'>({ tm: 1, rm: 2 });

/** A request and how it travels; null: straight from who asks. */
export interface Envelope {
  readonly request: ParticipantRequest;
  readonly passage: Passage | null;
}

type RequestOf<Kind extends ParticipantRequest['kind']> = Extract<ParticipantRequest, { readonly kind: Kind }>;
type AccountCursor = { readonly slot: Slot; readonly number: AccountNumber };
type QueryKey = { readonly key: PaymentKey; readonly homeSlot: Slot };

export function writeEnvelope(writer: WireWriter, { request, passage }: Envelope): void {
  if (!isLater(request)) writeParticipantRequest(writer, request);
  if (passage?.kind === 'relay') writer.message(15, passage.forMs, (inner, forMs) => inner.uint(1, forMs));
  else if (passage !== null) writer.message(16, passage.caller, (inner, caller) => inner.enumeration(1, CALLERS, caller));
  if (isLater(request)) writeLaterRequest(writer, request);
}

/** Fields ascend: kinds that came after the passage stand behind it. */
type LaterRequest = RequestOf<'audit' | 'node-order' | 'take-in' | 'members' | 'end-move' | 'backup'>;

function isLater(request: ParticipantRequest): request is LaterRequest {
  const { kind } = request;
  return kind === 'audit' || kind === 'node-order' || kind === 'take-in' || kind === 'members' || kind === 'end-move' || kind === 'backup';
}

function writeLaterRequest(writer: WireWriter, request: LaterRequest): void {
  switch (request.kind) {
    case 'audit':
      return writer.message(17, request, writeAuditRequest);
    case 'node-order':
      return writer.message(18, request, (inner, { order, token }) => {
        writeNodeOrder(inner, order);
        inner.text(15, token);
      });
    case 'take-in':
      return writer.message(19, request, (inner, { rm, incarnation }) => {
        inner.uint(1, rm);
        inner.text(2, incarnation);
      });
    case 'members':
      return writer.message(20, request, writeBucketOnly);
    case 'end-move':
      return writer.message(21, request, (inner, { move, isAdopted }) => {
        inner.uint(1, move);
        inner.bool(2, isAdopted);
      });
    case 'backup':
      return writer.message(30, request, writeBackupRequest);
    default:
      return unreachable(request, 'participant request');
  }
}

function readLaterRequest(reader: WireReader): LaterRequest {
  switch (reader.nextField()) {
    case 17:
      return reader.message(17, readAuditRequest);
    case 18:
      return reader.message(18, (inner) => ({ kind: 'node-order', order: readNodeOrder(inner), token: inner.text(15) }) as const);
    case 19:
      return reader.message(19, (inner) => ({ kind: 'take-in', rm: inner.rm(1), incarnation: readIncarnation(inner, 2) }) as const);
    case 20:
      return reader.message(20, (inner) => ({ kind: 'members', bucket: inner.bucket(1) }) as const);
    case 21:
      return reader.message(21, (inner) => ({ kind: 'end-move', move: inner.uint(1), isAdopted: inner.bool(2) }) as const);
    case 30:
      return reader.message(30, readBackupRequest);
    default:
      return reader.fail('an unknown request');
  }
}

function writeParticipantRequest(writer: WireWriter, request: Exclude<ParticipantRequest, LaterRequest>): void {
  switch (request.kind) {
    case 'instructions':
      return writer.message(1, request, writeInstructions);
    case 'query':
      return writer.message(2, request, writeQuery);
    case 'read-accounts':
      return writer.message(3, request, writeReadAccounts);
    case 'list-legs':
      return writer.message(4, request, writeListLegs);
    case 'list-accounts':
      return writer.message(5, request, writeListAccounts);
    case 'totals':
      return writer.message(6, request, writeTotalsRequest);
    case 'undecided':
      return writer.message(7, request, writeBucketOnly);
    case 'locks':
      return writer.message(8, request, writeLocksRequest);
    case 'checksum':
      return writer.message(9, request, writeChecksum);
    case 'placement':
      return writer.empty(10);
    case 'status':
      return writer.empty(11);
    case 'leg':
      return writer.message(12, request, writeLegRequest);
    case 'replace-node':
      return writer.message(13, request, writeReplaceNode);
    case 'who-leads':
      return writer.message(14, request, writeBucketOnly);
    default:
      return unreachable(request, 'participant request');
  }
}

/** @param encoded remembers the bytes of instructions, so that proposing them costs no second encoding. */
export function envelopeReader(encoded: EncodedInstructions): (reader: WireReader) => Envelope {
  const readInstructions = instructionsReader(encoded);
  return (reader) => {
    const field = reader.nextField();
    const early = field > 0 && field <= LAST_EARLY ? readRequest(reader, readInstructions) : null;
    const passage = readPassage(reader);
    return { request: early ?? readLaterRequest(reader), passage };
  };
}

function readPassage(reader: WireReader): Passage | null {
  const forMs = reader.optionalMessage(15, (inner) => inner.uint(1));
  if (forMs !== null) return { kind: 'relay', forMs };
  const caller = reader.optionalMessage(16, (inner) => inner.enumeration(1, CALLERS));
  return caller === null ? null : { kind: 'relayed', caller };
}

function readRequest(reader: WireReader, readInstructions: (reader: WireReader) => InstructionsRequest): ParticipantRequest {
  switch (reader.nextField()) {
    case 1:
      return reader.message(1, readInstructions);
    case 2:
      return reader.message(2, readQuery);
    case 3:
      return reader.message(3, readReadAccounts);
    case 4:
      return reader.message(4, readListLegs);
    case 5:
      return reader.message(5, readListAccounts);
    case 6:
      return reader.message(6, (inner) => ({ kind: 'totals', bucket: inner.bucket(1), atUs: inner.optionalUint(3) }) as const);
    case 7:
      return reader.message(7, (inner) => ({ kind: 'undecided', bucket: inner.bucket(1) }) as const);
    case 8:
      return reader.message(8, (inner) => ({ kind: 'locks', bucket: inner.bucket(1), lockId: inner.optionalText(2) }) as const);
    case 9:
      return reader.message(9, (inner) => ({ kind: 'checksum', bucket: inner.bucket(1), atUs: inner.optionalUint(3) }) as const);
    case 10:
      return reader.empty(10) ? { kind: 'placement' } : reader.fail('not a request');
    case 11:
      return reader.empty(11) ? { kind: 'status' } : reader.fail('not a request');
    case 12:
      return reader.message(12, readLegRequest);
    case 13:
      return reader.message(13, (inner) => ({ kind: 'replace-node', rm: inner.rm(1), token: inner.text(2), ordinal: inner.optionalUint(3) }) as const);
    case 14:
      return reader.message(14, (inner) => ({ kind: 'who-leads', bucket: inner.bucket(1) }) as const);
    default:
      return reader.fail('an unknown request');
  }
}

function writeQuery(writer: WireWriter, request: RequestOf<'query'>): void {
  writer.uint(1, request.bucket);
  writer.messages(2, request.keys, writeQueryKey);
  writer.optionalUint(3, request.closedAtUs);
  writer.bool(4, request.decisionsOnly);
  writer.bool(5, request.isPast);
}

function readQuery(reader: WireReader): RequestOf<'query'> {
  return {
    kind: 'query',
    bucket: reader.bucket(1),
    keys: reader.messages(2, readQueryKey),
    closedAtUs: reader.optionalUint(3),
    decisionsOnly: reader.bool(4),
    isPast: reader.bool(5),
  };
}

function writeQueryKey(writer: WireWriter, query: QueryKey): void {
  writer.text(1, query.key);
  writer.uint(2, query.homeSlot);
}

function readQueryKey(reader: WireReader): QueryKey {
  return { key: reader.key(1), homeSlot: reader.slot(2) };
}

function writeReadAccounts(writer: WireWriter, request: RequestOf<'read-accounts'>): void {
  writer.uint(1, request.bucket);
  writer.enumeration(2, PARTICIPANT_READ_LEVELS, request.level);
  writer.texts(3, request.numbers);
  writer.optionalText(4, request.token);
  // Unset: now.
  if (typeof request.at === 'number') writer.optionalUint(6, request.at);
  if (typeof request.at !== 'object') return;
  writer.bool(7, true);
  if ('choose' in request.at) writer.messages(9, request.at.choose, writeSlotRange);
  else writer.packedUints(10, request.at.ofHomes);
}

function readReadAccounts(reader: WireReader): RequestOf<'read-accounts'> {
  return {
    kind: 'read-accounts',
    bucket: reader.bucket(1),
    level: reader.enumeration(2, PARTICIPANT_READ_LEVELS),
    numbers: reader.accounts(3),
    token: reader.optionalText(4),
    at: readMoment(reader),
  };
}

function readMoment(reader: WireReader): ReadMoment {
  const us = reader.optionalUint(6);
  const isChoosing = reader.bool(7);
  const leftOut = reader.messages(9, readSlotRange);
  const ofHomes = reader.slots(10);
  if (us !== null && isChoosing) return reader.fail('a moment to be chosen that is given');
  if (!isChoosing && leftOut.length + ofHomes.length > 0) return reader.fail('slots of a moment that is not chosen');
  if (leftOut.length > 0 && ofHomes.length > 0) return reader.fail('a moment of homes that leaves some out');
  if (ofHomes.length > 0) return { ofHomes };
  return isChoosing ? { choose: leftOut } : (us ?? 'now');
}

function writeListLegs(writer: WireWriter, request: RequestOf<'list-legs'>): void {
  writer.uint(1, request.bucket);
  writer.message(2, request.query, writeLegQuery);
  writer.optionalText(3, request.token);
  writer.optionalUint(4, request.sinceUs);
}

function readListLegs(reader: WireReader): RequestOf<'list-legs'> {
  return {
    kind: 'list-legs',
    bucket: reader.bucket(1),
    query: reader.message(2, readLegQuery),
    token: reader.optionalText(3),
    sinceUs: reader.optionalUint(4),
  };
}

function writeLegRequest(writer: WireWriter, request: RequestOf<'leg'>): void {
  writer.uint(1, request.bucket);
  writer.text(2, request.account);
  writer.hash(3, request.txn);
  writer.optionalText(4, request.token);
}

function readLegRequest(reader: WireReader): RequestOf<'leg'> {
  return { kind: 'leg', bucket: reader.bucket(1), account: reader.account(2), txn: reader.txn(3), token: reader.optionalText(4) };
}

function writeReplaceNode(writer: WireWriter, request: RequestOf<'replace-node'>): void {
  writer.uint(1, request.rm);
  writer.text(2, request.token);
  writer.optionalUint(3, request.ordinal);
}

function writeLegQuery(writer: WireWriter, query: LegQuery): void {
  writer.text(1, query.account);
  writer.enumeration(2, LIST_DIRECTIONS, query.direction);
  writer.optionalUint(3, query.cursorSeq);
  writer.uint(4, query.limit);
  writer.optionalEnumeration(5, LEG_STATES, query.state);
  writer.optionalUint(6, query.fromMs);
  writer.optionalUint(7, query.untilMs);
}

function readLegQuery(reader: WireReader): LegQuery {
  return {
    account: reader.account(1),
    direction: reader.enumeration(2, LIST_DIRECTIONS),
    cursorSeq: reader.optionalUint(3),
    limit: reader.uint(4),
    state: reader.optionalEnumeration(5, LEG_STATES),
    fromMs: reader.optionalUint(6),
    untilMs: reader.optionalUint(7),
  };
}

function writeListAccounts(writer: WireWriter, request: RequestOf<'list-accounts'>): void {
  writer.uint(1, request.bucket);
  writer.optionalMessage(2, request.after, writeAccountCursor);
  writer.uint(3, request.limit);
  writer.optionalMessage(4, request.slots, writeSlotRange);
}

function readListAccounts(reader: WireReader): RequestOf<'list-accounts'> {
  return {
    kind: 'list-accounts',
    bucket: reader.bucket(1),
    after: reader.optionalMessage(2, readAccountCursor),
    limit: reader.uint(3),
    slots: reader.optionalMessage(4, readSlotRange),
  };
}

export function writeAccountCursor(writer: WireWriter, cursor: AccountCursor): void {
  writer.uint(1, cursor.slot);
  writer.text(2, cursor.number);
}

export function readAccountCursor(reader: WireReader): AccountCursor {
  return { slot: reader.slot(1), number: reader.account(2) };
}

function writeTotalsRequest(writer: WireWriter, request: RequestOf<'totals'>): void {
  writer.uint(1, request.bucket);
  writer.optionalUint(3, request.atUs);
}

function writeBucketOnly(writer: WireWriter, request: RequestOf<'undecided' | 'who-leads' | 'members'>): void {
  writer.uint(1, request.bucket);
}

function writeLocksRequest(writer: WireWriter, request: RequestOf<'locks'>): void {
  writer.uint(1, request.bucket);
  writer.optionalText(2, request.lockId);
}

function writeChecksum(writer: WireWriter, request: RequestOf<'checksum'>): void {
  writer.uint(1, request.bucket);
  writer.optionalUint(3, request.atUs);
}
