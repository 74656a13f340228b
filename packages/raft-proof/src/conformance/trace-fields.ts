/**
 * Our messages, a union with the fields of each kind, as the one flat record that the traces print. Append and
 * apply threads are what the traces call the two sides of the storage.
 */
import { ZERO_INDEX, ZERO_TERM, type Entry, type Message, type NodeId, type SnapshotMetadata } from '@mas/raft';
import { unreachable } from '@mas/values';

export interface TraceFields {
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly term: number;
  readonly logTerm: number;
  readonly index: number;
  /** Set when the message rejects. */
  readonly rejectHint: number | undefined;
  readonly commit: number;
  readonly vote: number;
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotMetadata | undefined;
  readonly responses: readonly Message[];
}

const APPEND_THREAD = 'AppendThread';
const APPLY_THREAD = 'ApplyThread';
const NOTHING: TraceFields = {
  type: '',
  from: '',
  to: '',
  term: 0,
  logTerm: 0,
  index: 0,
  rejectHint: undefined,
  commit: 0,
  vote: 0,
  entries: [],
  snapshot: undefined,
  responses: [],
};

export function traceFields(message: Message): TraceFields {
  const base = { ...NOTHING, type: traceType(message), ...ends(message), term: 'term' in message ? message.term : 0 };
  switch (message.kind) {
    case 'append':
      return { ...base, logTerm: message.prevTerm, index: message.prevIndex, entries: message.entries, commit: message.commit };
    case 'append-accepted':
      return { ...base, index: message.index };
    case 'append-rejected':
      return { ...base, index: message.index, rejectHint: message.hintIndex, logTerm: message.hintTerm };
    case 'vote':
    case 'pre-vote':
      return { ...base, index: message.lastIndex, logTerm: message.lastTerm };
    case 'vote-response':
    case 'pre-vote-response':
      return { ...base, rejectHint: message.granted ? undefined : 0 };
    case 'heartbeat':
      return { ...base, commit: message.commit };
    case 'snapshot':
      return { ...base, snapshot: message.snapshot.metadata };
    case 'propose':
      return { ...base, entries: message.entries.map((entry) => ({ ...entry, term: ZERO_TERM, index: ZERO_INDEX })) };
    case 'read-index':
      return { ...base, entries: [readEntry(message.context)] };
    case 'read-index-response':
      return { ...base, index: message.index, entries: [readEntry(message.context)] };
    case 'storage-append': {
      const { hardState, entries, snapshot, responses } = message;
      const state = hardState === undefined ? {} : { term: hardState.term, vote: hardState.vote ?? 0, commit: hardState.commit };
      return { ...base, ...state, entries, snapshot: snapshot?.metadata, responses };
    }
    case 'storage-append-response':
      return { ...base, index: message.stable?.index ?? 0, logTerm: message.stable?.term ?? 0, snapshot: message.snapshot };
    case 'storage-apply':
      return { ...base, entries: message.entries, responses: message.responses };
    case 'storage-apply-response':
      return { ...base, entries: message.entries };
    case 'heartbeat-response':
    case 'timeout-now':
    case 'transfer-leader':
      return base;
    default:
      return unreachable(message, 'message');
  }
}

const TYPES: Readonly<Record<Message['kind'], string>> = {
  append: 'MsgApp',
  'append-accepted': 'MsgAppResp',
  'append-rejected': 'MsgAppResp',
  vote: 'MsgVote',
  'vote-response': 'MsgVoteResp',
  'pre-vote': 'MsgPreVote',
  'pre-vote-response': 'MsgPreVoteResp',
  heartbeat: 'MsgHeartbeat',
  'heartbeat-response': 'MsgHeartbeatResp',
  snapshot: 'MsgSnap',
  'timeout-now': 'MsgTimeoutNow',
  'transfer-leader': 'MsgTransferLeader',
  propose: 'MsgProp',
  'read-index': 'MsgReadIndex',
  'read-index-response': 'MsgReadIndexResp',
  'storage-append': 'MsgStorageAppend',
  'storage-append-response': 'MsgStorageAppendResp',
  'storage-apply': 'MsgStorageApply',
  'storage-apply-response': 'MsgStorageApplyResp',
};

export function traceType(message: Message): string {
  return TYPES[message.kind];
}

function ends(message: Message): Pick<TraceFields, 'from' | 'to'> {
  switch (message.kind) {
    case 'storage-append':
      return { from: hex(message.from), to: APPEND_THREAD };
    case 'storage-apply':
      return { from: hex(message.from), to: APPLY_THREAD };
    case 'storage-append-response':
      return { from: APPEND_THREAD, to: hex(message.to) };
    case 'storage-apply-response':
      return { from: APPLY_THREAD, to: hex(message.to) };
    case 'transfer-leader':
      return { from: hex(message.transferee), to: hex(message.to) };
    default:
      return { from: hex(message.from), to: hex(message.to) };
  }
}

function readEntry(context: Uint8Array): Entry {
  return { type: 'normal', data: context, term: ZERO_TERM, index: ZERO_INDEX };
}

function hex(id: NodeId): string {
  return id.toString(16);
}
