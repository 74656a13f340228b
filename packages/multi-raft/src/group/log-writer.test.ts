/** What waits for the disk leaves in order, after its own write and all before it; and snapshots hold everything behind them back. */
import {
  EMPTY_CONF_STATE,
  logIndex,
  nodeId,
  NO_DATA,
  term,
  type Entry,
  type HardState,
  type PeerMessage,
  type Snapshot,
  type StorageAppendMessage,
} from '@mas/raft';
import { bucketId } from '@mas/values';
import type { LogStore, LogWrite } from '../log-store';
import { VirtualClock } from '@mas/testkit/clock';
import { LogWriter } from './log-writer';

class ManualLog {
  readonly writes: (LogWrite & { readonly done: () => void })[] = [];
  readonly resets: (() => void)[] = [];

  append(_group: number, write: LogWrite, done: () => void): void {
    this.writes.push({ ...write, done });
  }

  reset(): Promise<void> {
    return new Promise((resolve) => this.resets.push(resolve));
  }
}

const SELF = nodeId(1);
const ENTRY: Entry = { term: term(1), index: logIndex(5), type: 'normal', data: NO_DATA };
const SNAPSHOT: Snapshot = { metadata: { index: logIndex(9), term: term(1), confState: EMPTY_CONF_STATE }, data: NO_DATA };

function setUp() {
  const log = new ManualLog();
  const events: string[] = [];
  const writer = new LogWriter(bucketId(1), log as unknown as LogStore, new VirtualClock(), {
    released: () => events.push('released'),
    resetDone: () => events.push('reset'),
    failed: (cause) => events.push(String(cause)),
  });
  return { log, events, writer };
}

function message(parts: Partial<StorageAppendMessage>): StorageAppendMessage {
  return { kind: 'storage-append', from: SELF, hardState: undefined, entries: [], snapshot: undefined, responses: [], ...parts };
}

function accepted(index: number): PeerMessage {
  return { kind: 'append-accepted', from: SELF, to: nodeId(2), term: term(1), index: logIndex(index) };
}

function hardState(commit: number): HardState {
  return { term: term(1), vote: SELF, commit: logIndex(commit) };
}

describe('log writer', () => {
  test('acknowledgements follow their write, in order, even if a later write is done first', () => {
    const { log, writer } = setUp();
    writer.submit(message({ entries: [ENTRY], responses: [accepted(1)] }), [], true);
    writer.submit(message({ entries: [ENTRY], responses: [accepted(2)] }), [], true);
    log.writes[1]!.done();
    expect(writer.takeReleased()).toEqual([]);
    log.writes[0]!.done();
    expect(writer.takeReleased()).toEqual([accepted(1), accepted(2)]);
    expect(writer.isIdle).toBe(true);
  });

  test('vote requests wait for the write of their term, and go before answers', () => {
    const { log, writer } = setUp();
    const vote: PeerMessage = { kind: 'vote', from: SELF, to: nodeId(2), term: term(2), lastIndex: logIndex(4), lastTerm: term(1), transfer: false };
    writer.submit(message({ hardState: hardState(4), responses: [accepted(1)] }), [vote], true);
    expect(writer.takeReleased()).toEqual([]);
    log.writes[0]!.done();
    expect(writer.takeReleased()).toEqual([vote, accepted(1)]);
  });

  test('a commit index alone is not written, but goes along with the next write', () => {
    const { log, writer } = setUp();
    writer.submit(message({ hardState: hardState(4) }), [], false);
    expect(log.writes).toHaveLength(0);
    expect(writer.isIdle).toBe(true);
    writer.submit(message({ entries: [ENTRY] }), [], true);
    expect(log.writes[0]).toMatchObject({ hardState: hardState(4), entries: [ENTRY], mustSync: true });
  });

  test('an answer without a write of its own still waits for the writes before it', () => {
    const { log, writer } = setUp();
    writer.submit(message({ entries: [ENTRY] }), [], true);
    writer.submit(message({ responses: [accepted(4)] }), [], false);
    expect(writer.takeReleased()).toEqual([]);
    expect(log.writes).toHaveLength(1);
    log.writes[0]!.done();
    expect(writer.takeReleased()).toEqual([accepted(4)]);
    writer.submit(message({ responses: [accepted(5)] }), [], false);
    expect(writer.takeReleased()).toEqual([accepted(5)]);
  });

  test('a snapshot resets the log first; what comes after it is written after it', async () => {
    const { log, events, writer } = setUp();
    writer.submit(message({ snapshot: SNAPSHOT, hardState: hardState(9), responses: [accepted(9)] }), [], true);
    writer.submit(message({ entries: [ENTRY], responses: [accepted(10)] }), [], true);
    expect(writer.isResettingLog).toBe(true);
    expect(log.writes).toHaveLength(0);
    log.resets[0]!();
    await Promise.resolve();
    await Promise.resolve();
    expect(events).toEqual(['reset']);
    expect(log.writes.map((write) => write.entries.length)).toEqual([0, 1]);
    log.writes[0]!.done();
    expect(writer.takeReleased()).toEqual([accepted(9)]);
    expect(writer.isResettingLog).toBe(false);
  });
});
