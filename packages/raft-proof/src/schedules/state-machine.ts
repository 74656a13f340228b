/** The state machine under test: a running hash of everything applied, so that two histories never look equal. */
import { EMPTY_CONF_STATE, ZERO_INDEX, ZERO_TERM, type ConfState, type Entry, type LogIndex, type Snapshot, type Term } from '@mas/raft';

export interface MachineState {
  readonly applied: LogIndex;
  readonly appliedTerm: Term;
  readonly hash: number;
  /** The configuration in force at `applied`. */
  readonly confState: ConfState;
}

export const EMPTY_MACHINE: MachineState = { applied: ZERO_INDEX, appliedTerm: ZERO_TERM, hash: 0, confState: EMPTY_CONF_STATE };

export function applyToMachine(state: MachineState, entry: Entry, confState: ConfState): MachineState {
  let hash = Math.imul(state.hash ^ entry.index, 0x85ebca6b) ^ entry.term;
  for (const byte of entry.data) hash = Math.imul(hash ^ byte, 0xc2b2ae35);
  return { applied: entry.index, appliedTerm: entry.term, hash: hash >>> 0, confState };
}

export function toSnapshot(state: MachineState): Snapshot {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, state.hash);
  return { metadata: { index: state.applied, term: state.appliedTerm, confState: state.confState }, data };
}

export function fromSnapshot({ metadata, data }: Snapshot): MachineState {
  const hash = data.length < 4 ? 0 : new DataView(data.buffer, data.byteOffset).getUint32(0);
  return { applied: metadata.index, appliedTerm: metadata.term, hash, confState: metadata.confState };
}
