/** Commands of the meta group: each does what it says on the view that it names, and nothing on any other. */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import { genesisPlacement, movesOf, type ClusterRecord, type MapChange, type NodeChange, type PlacementMap } from '@mas/placement';
import { placementCodecConformance, SAMPLE_MAPS } from '@mas/testkit/placement';
import { bucketId, rmId, slot } from '@mas/values';
import { applyMetaCommand, decodeMetaCommand, encodeMetaCommand, type MetaCommand } from './meta-command';
import { decodePlacement, encodePlacement } from './placement-codec';

const id = (digit: string): ReturnType<typeof incarnation> => incarnation(digit.repeat(32));
const RM_3 = rmId(3);
const cluster: ClusterRecord = {
  clusterId: clusterId('c'.repeat(32)),
  nodes: [1, 2, 3].map((rm) => ({ rm: rmId(rm), incarnation: id(String(rm)), ordinal: ordinal(0), isLost: false })),
  txnVersion: 2,
};
const configured = genesisPlacement(
  [1, 2, 3].map((rm) => ({ rm: rmId(rm), address: `rm-${rm}:1` })),
  3,
  3,
);
const FOUND: MetaCommand = { kind: 'found', map: configured, cluster };
const LOSE: MetaCommand = { kind: 'lose', rm: RM_3, incarnation: id('3') };
const admit = (digit: string): MetaCommand => ({ kind: 'admit', rm: RM_3, incarnation: id(digit), replaces: id('3') });
const run = (...commands: readonly MetaCommand[]): PlacementMap | null => commands.reduce<PlacementMap | null>(applyMetaCommand, null);
const node3 = (map: PlacementMap | null): unknown => map?.cluster?.nodes.find(({ rm }) => rm === RM_3);

test('the first founding counts, a second one changes nothing', () => {
  const other: MetaCommand = { kind: 'found', map: configured, cluster: { ...cluster, clusterId: clusterId('d'.repeat(32)) } };
  expect(run(FOUND)).toEqual({ ...configured, version: 2, cluster });
  expect(run(FOUND, other)).toEqual(run(FOUND));
});

test('a map of a version without clusters keeps its buckets when it is founded, and the txns that it has paid with', () => {
  const old: PlacementMap = { ...configured, version: 7, buckets: configured.buckets.map((bucket) => ({ ...bucket, replicas: [rmId(1)] })) };
  expect(run({ kind: 'map', map: old }, FOUND)).toEqual({ ...old, version: 8, cluster: { ...cluster, txnVersion: 1 } });
});

test('a disk is lost by its own name only, and one new incarnation takes its place', () => {
  expect(node3(run(FOUND, { ...LOSE, incarnation: id('9') } as MetaCommand))).toMatchObject({ isLost: false });
  expect(node3(run(FOUND, LOSE))).toMatchObject({ incarnation: id('3'), ordinal: 0, isLost: true });
  expect(node3(run(FOUND, LOSE, admit('a'), admit('b')))).toEqual({ rm: RM_3, incarnation: id('a'), ordinal: 1, isLost: false });
});

test('nobody is admitted whose place is not free', () => {
  expect(run(FOUND, admit('a'))).toEqual(run(FOUND));
});

test('a repetition changes nothing, not even the version', () => {
  const once = run(FOUND, LOSE, admit('a'));
  expect(run(FOUND, LOSE, LOSE, admit('a'), admit('a'), LOSE)).toEqual(once);
  expect(once?.version).toBe(4);
});

test('a newer map leaves the nodes as they are', () => {
  const newer: PlacementMap = { ...configured, version: 9, cluster: null };
  expect(run(FOUND, { kind: 'map', map: newer })).toEqual({ ...newer, cluster });
});

const change = (onVersion: number | null, one: MapChange): MetaCommand => ({ kind: 'change', onVersion, change: one });
const EXPECT: NodeChange = { kind: 'expect', rm: rmId(4), address: 'rm-4:1' };
const TAKE_IN: NodeChange = { kind: 'take-in', rm: rmId(4), incarnation: id('4') };
const PLACED = [{ bucket: bucketId(1), replicas: [rmId(1), rmId(2), rmId(4)] }];

test('a change of nodes counts on the map that it was decided on, and on no other', () => {
  const grown = run(FOUND, change(2, EXPECT), change(3, TAKE_IN));
  expect(grown?.cluster?.nodes.at(-1)).toEqual({ rm: 4, incarnation: id('4'), ordinal: 0, isLost: false });
  expect(run(FOUND, change(1, EXPECT))).toEqual(run(FOUND));
  expect(run(FOUND, change(2, EXPECT), change(2, TAKE_IN))).toEqual(run(FOUND, change(2, EXPECT)));
});

test('a change that the map refuses changes nothing', () => {
  expect(run(FOUND, change(2, TAKE_IN))).toEqual(run(FOUND));
});

const MOVE: MapChange = { kind: 'move-slots', slots: { from: slot(0), to: slot(99) }, from: bucketId(1), to: bucketId(2) };
const END: MapChange = { kind: 'end-move', move: 3, isAdopted: true };
const ADD: MapChange = { kind: 'add-bucket', bucket: bucketId(4), replicas: [rmId(1), rmId(2), rmId(3)] };

test('a move is numbered by the version that it makes, and two that are decided on one map are not both ordered', () => {
  const other: MapChange = { kind: 'move-slots', slots: { from: slot(200), to: slot(299) }, from: bucketId(1), to: bucketId(3) };
  expect(movesOf(run(FOUND, change(2, MOVE), change(2, other))!)).toMatchObject([{ number: 3, to: 2 }]);
  expect(movesOf(run(FOUND, change(2, MOVE), change(3, other))!).map(({ number }) => number)).toEqual([3, 4]);
});

test('the end of a move, and its calling off, count on any map, and once', () => {
  const adopted = run(FOUND, change(2, MOVE), change(3, ADD), change(null, END));
  expect(adopted).toMatchObject({
    version: 5,
    buckets: [
      { slots: [{ from: 100, to: 1364 }] },
      {
        slots: [
          { from: 0, to: 99 },
          { from: 1365, to: 2729 },
        ],
      },
      {},
      { slots: [] },
    ],
  });
  const late: readonly MapChange[] = [END, { kind: 'end-move', move: 3, isAdopted: false }, { kind: 'call-off', move: 3 }];
  for (const one of late) expect(applyMetaCommand(adopted, change(null, one))).toBe(adopted);
  const calledOff = run(FOUND, change(2, MOVE), change(3, ADD), change(null, { kind: 'call-off', move: 3 }));
  expect(movesOf(calledOff!)).toMatchObject([{ number: 3, calledOff: true }]);
});

test('a founding after nodes have come finds the record', () => {
  const grown = run(FOUND, change(2, EXPECT));
  expect(applyMetaCommand(grown, FOUND)).toBe(grown);
});

test('a map in which nodes have come and gone survives its bytes, and is written in a format that earlier programs refuse by name', () => {
  const grown = run(FOUND, change(2, EXPECT), change(3, TAKE_IN), change(4, { kind: 'drain', rm: rmId(1), isDraining: true }), change(5, EXPECT));
  if (grown === null) throw new Error('no map');
  expect(decodePlacement(encodePlacement(grown))).toEqual(grown);
  expect(formatOf(grown)).toBe(4);
});

placementCodecConformance('in the meta group', { encode: encodePlacement, decode: decodePlacement });

test('a map is written in the oldest format that says all of it, which earlier programs read, or refuse by name', () => {
  expect(Object.fromEntries(Object.entries(SAMPLE_MAPS).map(([name, map]) => [name, formatOf(map)]))).toEqual({
    'only configured': 2,
    'the first txns': 2,
    'a founded cluster': 3,
    'nodes that come and go': 4,
    'slots that move': 5,
    'buckets that came later': 5,
    'buckets with many ranges, and with none': 3,
    'slots that are wanted elsewhere': 6,
    'moves that are paused': 6,
    everything: 6,
    'everything of a cluster with the first txns': 6,
  });
});

test.each<[string, RegExp, (map: Record<string, unknown>) => void]>([
  ['of a later format', /known format/, (map) => (map['format'] = 7)],
  ['with a move of too many slots', /so many slots move together/, (map) => (movesIn(map)[0]![2] = 256)],
  ['with a move without a number', /a move has a number/, (map) => (movesIn(map)[0]![0] = 0)],
  ['with a range that ends before it starts', /ends where it starts/, (map) => (movesIn(map)[0]![1] = 4000)],
])('a map %s is refused by name', (_, message, damage) => {
  const map = JSON.parse(Buffer.from(encodePlacement(SAMPLE_MAPS['everything']!)).toString('utf8')) as Record<string, unknown>;
  damage(map);
  expect(() => decodePlacement(Buffer.from(JSON.stringify(map)))).toThrow(message);
});

test('a map before any node has come or gone is written in the format before, for programs that know no other', () => {
  const founded = run(FOUND);
  if (founded === null) throw new Error('no map');
  expect(formatOf(founded)).toBe(3);
  expect(formatOf({ ...founded, cluster: { ...cluster, txnVersion: 1 } })).toBe(2);
});

test.each([
  FOUND,
  LOSE,
  admit('a'),
  { kind: 'map', map: configured } satisfies MetaCommand,
  change(2, EXPECT),
  change(2, TAKE_IN),
  change(2, { kind: 'drain', rm: RM_3, isDraining: false }),
  change(2, { kind: 'remove', rm: RM_3, placed: PLACED }),
  change(2, { kind: 'place', placed: PLACED }),
  change(2, { kind: 'balance', isBalancing: true, replicas: 3 }),
  change(2, MOVE),
  change(null, END),
  change(null, { kind: 'end-move', move: 3, isAdopted: false }),
  change(null, { kind: 'call-off', move: 3 }),
  change(2, ADD),
  change(2, { kind: 'founded', bucket: bucketId(4) }),
  change(2, { kind: 'retire-bucket', bucket: bucketId(4) }),
])('$kind survives its bytes', (command) => {
  expect(decodeMetaCommand(encodeMetaCommand(command))).toEqual(command);
});

test('a change that this version does not know is refused by name', () => {
  const text = JSON.stringify({ command: 'change', onVersion: 2, change: { kind: 'split-bucket' } });
  expect(() => decodeMetaCommand(Buffer.from(text))).toThrow(/the change of the map is known/);
});

test('entries of a version before commands are maps', () => {
  const text = JSON.stringify({ format: 1, version: 3, resourceManagers: [[1, 'rm-1:1']], buckets: [[1, [[0, 4095]], [1]]] });
  expect(decodeMetaCommand(Buffer.from(text))).toMatchObject({ kind: 'map', map: { version: 3, cluster: null } });
});

function movesIn(map: Record<string, unknown>): unknown[][] {
  return (map['cluster'] as unknown[])[4] as unknown[][];
}

function formatOf(map: PlacementMap): unknown {
  return (JSON.parse(Buffer.from(encodePlacement(map)).toString('utf8')) as Record<string, unknown>)['format'];
}
