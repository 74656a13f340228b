/**
 * Configuration changes as entry data: own compact form, one byte sequence per value.
 *   v1: type byte, id, context to the end
 *   v2: transition byte, number of steps, (type byte, id) per step, context to the end
 * Numbers are LEB128. A v2 change that says nothing (leave joint, no context) is zero bytes, so that the
 * limit of uncommitted bytes can never refuse it. The entry type tells v1 from v2.
 */
import { invariant } from '@mas/values';
import {
  confChangeV2,
  SKIPPED_NODE,
  type ConfChange,
  type ConfChangeStep,
  type ConfChangeTransition,
  type ConfChangeType,
  type ConfChangeV1,
  type ConfChangeV2,
} from './conf-change';
import { NO_DATA, type Entry, type EntryType } from './entry';
import { nodeId } from './ids';

const TYPES: readonly ConfChangeType[] = ['add-node', 'remove-node', 'update-node', 'add-learner'];
const TRANSITIONS: readonly ConfChangeTransition[] = ['auto', 'joint-implicit', 'joint-explicit'];
/** A configuration has a handful of members; more steps than this are damage, not a wish. */
const MAX_STEPS = 4096;

export function encodeConfChange(change: ConfChange): { readonly type: EntryType; readonly data: Uint8Array } {
  return change.kind === 'v1' ? { type: 'conf-change', data: encodeV1(change) } : { type: 'conf-change-v2', data: encodeV2(change) };
}

/** @throws InvariantViolation when the entry is no configuration change or its bytes are damaged. */
export function decodeConfChange(entry: Pick<Entry, 'type' | 'data'>): ConfChange {
  invariant(entry.type !== 'normal', 'only configuration entries hold a configuration change');
  const reader = new Reader(entry.data);
  return entry.type === 'conf-change' ? decodeV1(reader) : decodeV2(reader);
}

function encodeV1(change: ConfChangeV1): Uint8Array {
  const bytes: number[] = [];
  writeStep(bytes, change.change);
  return withContext(bytes, change.context);
}

function encodeV2(change: ConfChangeV2): Uint8Array {
  if (change.transition === 'auto' && change.changes.length === 0 && change.context.length === 0) return NO_DATA;
  invariant(change.changes.length <= MAX_STEPS, 'configuration change has too many steps', { steps: change.changes.length });
  const bytes: number[] = [TRANSITIONS.indexOf(change.transition)];
  writeNumber(bytes, change.changes.length);
  for (const step of change.changes) writeStep(bytes, step);
  return withContext(bytes, change.context);
}

function decodeV1(reader: Reader): ConfChangeV1 {
  const change = reader.step();
  return { kind: 'v1', change, context: reader.rest() };
}

function decodeV2(reader: Reader): ConfChangeV2 {
  if (reader.atEnd()) return confChangeV2([]);
  const transition = TRANSITIONS[reader.byte()];
  invariant(transition !== undefined, 'configuration change names an unknown transition');
  const count = reader.number();
  invariant(count <= MAX_STEPS, 'configuration change has too many steps', { count });
  const changes: ConfChangeStep[] = [];
  for (let at = 0; at < count; at += 1) changes.push(reader.step());
  return confChangeV2(changes, transition, reader.rest());
}

function writeStep(bytes: number[], step: ConfChangeStep): void {
  bytes.push(TYPES.indexOf(step.type));
  writeNumber(bytes, step.nodeId);
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

function withContext(bytes: readonly number[], context: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + context.length);
  all.set(bytes);
  all.set(context, bytes.length);
  return all;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at];
    invariant(value !== undefined, 'configuration change is cut short');
    this.at += 1;
    return value;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      invariant(Number.isSafeInteger(value), 'configuration change holds a number beyond 2^53');
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  step(): ConfChangeStep {
    const type = TYPES[this.byte()];
    invariant(type !== undefined, 'configuration change names an unknown step');
    const id = this.number();
    return { type, nodeId: id === SKIPPED_NODE ? SKIPPED_NODE : nodeId(id) };
  }

  rest(): Uint8Array {
    return this.atEnd() ? NO_DATA : this.bytes.slice(this.at);
  }
}
