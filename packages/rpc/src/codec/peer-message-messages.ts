/**
 * mas/v1/raft_service.proto: messages between replicas. Entries of an append carry no index: they count up from
 * prevIndex + 1. Their data is a view of the received bytes, not a copy. What goes into logs is read exactly, whatever is skipped around it.
 */
import {
  NO_DATA,
  type AppendMessage,
  type Entry,
  type EntryType,
  type LogIndex,
  type NodeId,
  type PeerMessage,
  type ProposedEntry,
  type SnapshotMessage,
  type Term,
} from '@mas/raft';
import { invariant, unreachable } from '@mas/values';
import { exactly } from '../wire/field-reader';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readConfState, readNodeId, writeConfState } from './conf-state-messages';

const ENTRY_TYPES = wireEnum<EntryType>({ normal: 1, 'conf-change': 2, 'conf-change-v2': 3 });

type MessageOf<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { readonly kind: Kind }>;
type Route = Pick<PeerMessage, 'from' | 'to'>;

/** The oneof of GroupMessage; its other fields are the caller's. */
export function writePeerMessage(writer: WireWriter, message: PeerMessage): void {
  switch (message.kind) {
    case 'append':
      return writer.message(4, message, writeAppend);
    case 'append-accepted':
      return writer.message(5, message, writeAppendAccepted);
    case 'append-rejected':
      return writer.message(6, message, writeAppendRejected);
    case 'vote':
      return writer.message(7, message, writeVote);
    case 'pre-vote':
      return writer.message(8, message, writeVote);
    case 'vote-response':
      return writer.message(9, message, writeVoteResponse);
    case 'pre-vote-response':
      return writer.message(10, message, writeVoteResponse);
    case 'heartbeat':
      return writer.message(11, message, writeHeartbeat);
    case 'heartbeat-response':
      return writer.message(12, message, writeHeartbeatResponse);
    case 'snapshot':
      return writer.message(13, message, writeSnapshot);
    case 'timeout-now':
      return writer.message(14, message, (inner, { term }) => inner.uint(1, term));
    case 'transfer-leader':
      return writer.message(15, message, writeTransferLeader);
    case 'propose':
      return writer.message(16, message, (inner, { entries }) => inner.messages(1, entries, writeProposedEntry));
    case 'read-index':
      return writer.message(17, message, (inner, { context }) => inner.bytes(1, context));
    case 'read-index-response':
      return writer.message(18, message, writeReadIndexResponse);
    default:
      return unreachable(message, 'raft message');
  }
}

export function readPeerMessage(reader: WireReader, from: NodeId, to: NodeId): PeerMessage {
  switch (reader.nextField()) {
    case 4:
      return reader.message(4, (inner) => readAppend(inner, from, to));
    case 5:
      return reader.message(5, (inner) => ({ kind: 'append-accepted', from, to, term: readTerm(inner, 1), index: readIndex(inner, 2) }) as const);
    case 6:
      return reader.message(
        6,
        (inner) =>
          ({
            kind: 'append-rejected',
            from,
            to,
            term: readTerm(inner, 1),
            index: readIndex(inner, 2),
            hintIndex: readIndex(inner, 3),
            hintTerm: readTerm(inner, 4),
          }) as const,
      );
    case 7:
      return reader.message(7, (inner) => readVote(inner, 'vote', { from, to }));
    case 8:
      return reader.message(8, (inner) => readVote(inner, 'pre-vote', { from, to }));
    case 9:
      return reader.message(9, (inner) => ({ kind: 'vote-response', from, to, term: readTerm(inner, 1), granted: inner.bool(2) }) as const);
    case 10:
      return reader.message(10, (inner) => ({ kind: 'pre-vote-response', from, to, term: readTerm(inner, 1), granted: inner.bool(2) }) as const);
    case 11:
      return reader.message(
        11,
        (inner) => ({ kind: 'heartbeat', from, to, term: readTerm(inner, 1), commit: readIndex(inner, 2), readSequence: inner.uint(3) }) as const,
      );
    case 12:
      return reader.message(12, (inner) => ({ kind: 'heartbeat-response', from, to, term: readTerm(inner, 1), readSequence: inner.uint(2) }) as const);
    default:
      return readRareMessage(reader, { from, to });
  }
}

function readRareMessage(reader: WireReader, route: Route): PeerMessage {
  switch (reader.nextField()) {
    case 13:
      return reader.message(13, (inner) => readSnapshot(inner, route));
    case 14:
      return reader.message(14, (inner) => ({ kind: 'timeout-now', ...route, term: readTerm(inner, 1) }) as const);
    case 15:
      return reader.message(15, (inner) => ({ kind: 'transfer-leader', ...route, term: readTerm(inner, 1), transferee: readNodeId(inner, 2) }) as const);
    case 16:
      return reader.message(16, (inner) => ({ kind: 'propose', ...route, entries: inner.messages(1, exactly(readProposedEntry)) }) as const);
    case 17:
      return reader.message(17, (inner) => ({ kind: 'read-index', ...route, context: inner.bytes(1) }) as const);
    case 18:
      return reader.message(
        18,
        (inner) => ({ kind: 'read-index-response', ...route, term: readTerm(inner, 1), index: readIndex(inner, 2), context: inner.bytes(3) }) as const,
      );
    default:
      return reader.fail('an unknown raft message');
  }
}

function writeAppend(writer: WireWriter, message: AppendMessage): void {
  writer.uint(1, message.term);
  writer.uint(2, message.prevIndex);
  writer.uint(3, message.prevTerm);
  writer.uint(4, message.commit);
  const { entries, prevIndex } = message;
  invariant(
    entries.every((entry, at) => entry.index === prevIndex + 1 + at),
    'entries of an append follow its prevIndex without a gap',
    { prevIndex },
  );
  writer.messages(5, entries, writeEntry);
}

function readAppend(reader: WireReader, from: NodeId, to: NodeId): AppendMessage {
  const term = readTerm(reader, 1);
  const prevIndex = readIndex(reader, 2);
  const prevTerm = readTerm(reader, 3);
  const commit = readIndex(reader, 4);
  let index: number = prevIndex;
  const entries = reader.messages(
    5,
    exactly((inner: WireReader): Entry => {
      index += 1;
      return { term: readTerm(inner, 1), index: index as LogIndex, type: inner.enumeration(2, ENTRY_TYPES), data: readData(inner, 3) };
    }),
  );
  if (!Number.isSafeInteger(index)) reader.fail('an index beyond 2^53');
  return { kind: 'append', from, to, term, prevIndex, prevTerm, entries, commit };
}

function writeEntry(writer: WireWriter, entry: Entry): void {
  writer.uint(1, entry.term);
  writer.enumeration(2, ENTRY_TYPES, entry.type);
  writer.bytes(3, entry.data);
}

function writeProposedEntry(writer: WireWriter, entry: ProposedEntry): void {
  writer.enumeration(1, ENTRY_TYPES, entry.type);
  writer.bytes(2, entry.data);
}

function readProposedEntry(reader: WireReader): ProposedEntry {
  return { type: reader.enumeration(1, ENTRY_TYPES), data: readData(reader, 2) };
}

function writeAppendAccepted(writer: WireWriter, message: MessageOf<'append-accepted'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.index);
}

function writeAppendRejected(writer: WireWriter, message: MessageOf<'append-rejected'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.index);
  writer.uint(3, message.hintIndex);
  writer.uint(4, message.hintTerm);
}

function writeVote(writer: WireWriter, message: MessageOf<'vote' | 'pre-vote'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.lastIndex);
  writer.uint(3, message.lastTerm);
  writer.bool(4, message.transfer);
}

function readVote(reader: WireReader, kind: 'vote' | 'pre-vote', route: Route): PeerMessage {
  return { kind, ...route, term: readTerm(reader, 1), lastIndex: readIndex(reader, 2), lastTerm: readTerm(reader, 3), transfer: reader.bool(4) };
}

function writeVoteResponse(writer: WireWriter, message: MessageOf<'vote-response' | 'pre-vote-response'>): void {
  writer.uint(1, message.term);
  writer.bool(2, message.granted);
}

function writeHeartbeat(writer: WireWriter, message: MessageOf<'heartbeat'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.commit);
  writer.uint(3, message.readSequence);
}

function writeHeartbeatResponse(writer: WireWriter, message: MessageOf<'heartbeat-response'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.readSequence);
}

function writeSnapshot(writer: WireWriter, message: SnapshotMessage): void {
  const { metadata, data } = message.snapshot;
  writer.uint(1, message.term);
  writer.uint(2, metadata.index);
  writer.uint(3, metadata.term);
  writer.message(4, metadata.confState, writeConfState);
  writer.bytes(5, data);
}

function readSnapshot(reader: WireReader, route: Route): SnapshotMessage {
  const term = readTerm(reader, 1);
  const metadata = { index: readIndex(reader, 2), term: readTerm(reader, 3), confState: reader.message(4, exactly(readConfState)) };
  return { kind: 'snapshot', ...route, term, snapshot: { metadata, data: readData(reader, 5) } };
}

function writeTransferLeader(writer: WireWriter, message: MessageOf<'transfer-leader'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.transferee);
}

function writeReadIndexResponse(writer: WireWriter, message: MessageOf<'read-index-response'>): void {
  writer.uint(1, message.term);
  writer.uint(2, message.index);
  writer.bytes(3, message.context);
}

function readData(reader: WireReader, field: number): Uint8Array {
  const data = reader.bytes(field);
  return data.length === 0 ? NO_DATA : data;
}

function readTerm(reader: WireReader, field: number): Term {
  return reader.uint(field) as Term;
}

function readIndex(reader: WireReader, field: number): LogIndex {
  return reader.uint(field) as LogIndex;
}
