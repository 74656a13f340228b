/** Entries, snapshots and messages in the notation of the traces. */
import { asV2, decodeConfChange, type ConfChangeStep, type Entry, type Message, type SnapshotMetadata } from '@mas/raft';
import { traceFields, type TraceFields } from './trace-fields';

const STEP_LETTERS: Readonly<Record<ConfChangeStep['type'], string>> = {
  'add-node': 'v',
  'add-learner': 'l',
  'remove-node': 'r',
  'update-node': 'u',
};
const ENTRY_TYPES: Readonly<Record<Entry['type'], string>> = {
  normal: 'EntryNormal',
  'conf-change': 'EntryConfChange',
  'conf-change-v2': 'EntryConfChangeV2',
};

export function describeMessage(message: Message, indent = ''): string {
  const fields = traceFields(message);
  let text = `${indent}${fields.from}->${fields.to} ${fields.type} Term:${fields.term} Log:${fields.logTerm}/${fields.index}`;
  if (fields.rejectHint !== undefined) text += ` Rejected (Hint: ${fields.rejectHint})`;
  if (fields.commit !== 0) text += ` Commit:${fields.commit}`;
  if (fields.vote !== 0) text += ` Vote:${fields.vote}`;
  text += describeMessageEntries(fields, indent);
  if (fields.snapshot !== undefined && fields.snapshot.index !== 0) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(fields.snapshot)}`;
  }
  if (fields.responses.length > 0) {
    text += ` Responses:[${fields.responses.map((one) => `\n${describeMessage(one, `${indent}  `)}`).join('')}\n${indent}]`;
  }
  return text;
}

export function describeEntry(entry: Pick<Entry, 'type' | 'data' | 'term' | 'index'>): string {
  const content = entry.type === 'normal' ? quote(entry.data) : describeChanges(entry);
  return `${entry.term}/${entry.index} ${ENTRY_TYPES[entry.type]}${content === '' ? '' : ` ${content}`}`;
}

/** One line per entry, each ended. */
export function describeEntries(entries: readonly Entry[]): string {
  return entries.map((entry) => `${describeEntry(entry)}\n`).join('');
}

export function describeSnapshot({ index, term, confState }: SnapshotMetadata): string {
  const list = (ids: readonly number[]): string => `[${ids.join(' ')}]`;
  return (
    `Index:${index} Term:${term} ConfState:Voters:${list(confState.voters)} VotersOutgoing:${list(confState.votersOutgoing)} ` +
    `Learners:${list(confState.learners)} LearnersNext:${list(confState.learnersNext)} AutoLeave:${confState.autoLeave}`
  );
}

function describeMessageEntries({ entries }: TraceFields, indent: string): string {
  const [only] = entries;
  if (only === undefined) return '';
  if (entries.length === 1) return ` Entries:[${describeEntry(only)}]`;
  return ` Entries:[${entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`).join('')}\n${indent}]`;
}

function describeChanges(entry: Pick<Entry, 'type' | 'data'>): string {
  const { changes } = asV2(decodeConfChange(entry));
  return changes.map(({ type, nodeId }) => `${STEP_LETTERS[type]}${nodeId}`).join(' ');
}

/** A quoted string with the escapes of C for what is not printable ASCII. */
function quote(data: Uint8Array): string {
  const named: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' };
  const text = [...data].map((byte) => {
    const escape = named[byte];
    if (escape !== undefined) return escape;
    return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${text.join('')}"`;
}
