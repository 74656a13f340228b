/** Snapshots in line: one per peer, a few at once, a failure told to Raft after a pause, the log pinned while one is under way. */
import { EMPTY_CONF_STATE, logIndex, nodeId, NO_DATA, term, type NodeId, type SnapshotMessage } from '@mas/raft';
import { bucketId, silentLogger, type RmId } from '@mas/values';
import type { Replica } from '../group/replica';
import type { PeerTransport } from '../peer-transport';
import { VirtualClock } from '@mas/testkit/clock';
import { SnapshotSender } from './snapshot-sender';

const [P, Q] = [nodeId(2), nodeId(3)];

function setUp(maxSends: number) {
  const clock = new VirtualClock();
  const sends: { readonly group: number; readonly to: RmId; readonly index: number; readonly finish: () => void; readonly fail: () => void }[] = [];
  const reports: string[] = [];
  const pins = new Map<NodeId, { readonly index: number; untilTick: number }>();
  const transport = {
    sendSnapshot: (to: RmId, header: { readonly group: number; readonly message: SnapshotMessage }) =>
      new Promise<void>((resolve, reject) => {
        sends.push({ group: header.group, to, index: header.message.snapshot.metadata.index, finish: resolve, fail: () => reject(new Error('no')) });
      }),
  } as unknown as PeerTransport;
  const replica = {
    isLeader: true,
    known: { term: term(1) },
    applies: { confIndex: 0 },
    applier: {
      snapshot: (atLeast: number) => Promise.resolve({ applied: { index: logIndex(atLeast + 5), term: term(1) }, confState: EMPTY_CONF_STATE, chunks: [] }),
    },
    node: { reportSnapshot: (peer: number, outcome: string) => reports.push(`${peer}:${outcome}`) },
    host: { tick: () => 7, schedule: () => undefined },
    pins,
  };
  const sender = new SnapshotSender<number>({
    transport,
    clock,
    logger: silentLogger,
    maxSends,
    retryMs: 500,
    graceTicks: 10,
    replica: () => replica as unknown as Replica<number>,
  });
  const enqueue = (group: number, to: NodeId, of = 1): void => {
    const metadata = { index: logIndex(10), term: term(1), confState: EMPTY_CONF_STATE };
    sender.enqueue(bucketId(group), { kind: 'snapshot', from: nodeId(1), to, term: term(of), snapshot: { metadata, data: NO_DATA } });
  };
  return { clock, sends, reports, pins, sender, enqueue };
}

describe('sending snapshots', () => {
  test('one at a time per peer, others to other peers meanwhile', async () => {
    const { clock, sends, enqueue } = setUp(5);
    for (const group of [1, 2]) for (const to of [P, Q]) enqueue(group, to);
    await clock.settle();
    expect(sends.map(({ group, to }) => `${group}>${to}`)).toEqual(['1>2', '1>3']);
    sends[0]!.finish();
    await clock.settle();
    expect(sends.map(({ group, to }) => `${group}>${to}`)).toEqual(['1>2', '1>3', '2>2']);
  });

  test('never more at once than allowed', async () => {
    const { clock, sends, enqueue, sender } = setUp(1);
    enqueue(1, P);
    enqueue(1, Q);
    await clock.settle();
    expect(sends).toHaveLength(1);
    expect(sender.inFlight).toBe(1);
    sends[0]!.finish();
    await clock.settle();
    expect(sends).toHaveLength(2);
  });

  test('the metadata is that of the snapshot that was made; the log behind it is pinned until after it', async () => {
    const { clock, sends, pins, reports, enqueue } = setUp(1);
    enqueue(1, P);
    await clock.settle();
    expect(sends[0]!.index).toBe(15);
    expect(pins.get(P)).toEqual({ index: 15, untilTick: Number.MAX_SAFE_INTEGER });
    sends[0]!.finish();
    await clock.settle();
    expect(pins.get(P)).toEqual({ index: 15, untilTick: 17 });
    expect(reports).toEqual(['2:sent']);
  });

  test('a failure reaches Raft only after a pause', async () => {
    const { clock, sends, reports, enqueue } = setUp(1);
    enqueue(1, P);
    await clock.settle();
    sends[0]!.fail();
    await clock.advance(499);
    expect(reports).toEqual([]);
    await clock.advance(1);
    expect(reports).toEqual(['2:failed']);
  });

  test('a wish of a former leadership is not carried out', async () => {
    const { clock, sends, enqueue } = setUp(1);
    enqueue(1, P, 2);
    await clock.settle();
    expect(sends).toEqual([]);
  });
});
