/**
 * The placement map is written in three forms: in the meta group's log and snapshots, on the wire, and in Redis. Whatever a map may say has to survive each of them: one
 * sample for every part that came with a later version, alone and together.
 */
import { ordinal } from '@mas/membership';
import { genesisPlacement, type ClusterRecord, type LaterBuckets, type PlacementMap, type Roster, type SlotsMove, type SlotsWishes } from '@mas/placement';
import { bucketId, rmId, slot } from '@mas/values';
import { madeUpCluster, madeUpIncarnation } from '../membership';

export interface PlacementCodec<Bytes> {
  encode(map: PlacementMap): Bytes;
  /** Null, or an error: it is not read. */
  decode(bytes: Bytes): PlacementMap | null;
}

const RMS = [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:500${id}` }));
const CONFIGURED: PlacementMap = { ...genesisPlacement(RMS, 3, 2), version: 7 };
const CLUSTER: ClusterRecord = {
  clusterId: madeUpCluster([]).clusterId,
  nodes: [0, 2].map((admitted, at) => {
    const member = { rm: rmId(at + 1), ordinal: ordinal(admitted) };
    return { ...member, incarnation: madeUpIncarnation(member), isLost: admitted > 0 };
  }),
  txnVersion: 2,
};
const ROSTER: Roster = {
  expected: [{ rm: rmId(4), address: 'localhost:5004' }],
  draining: [rmId(3)],
  removed: [rmId(5)],
  meta: [rmId(1), rmId(2)],
  replicas: 2,
  isBalancing: true,
};
const MOVES: readonly SlotsMove[] = [
  { number: 5, slots: { from: slot(0), to: slot(255) }, from: bucketId(1), to: bucketId(4), calledOff: false },
  { number: 6, slots: { from: slot(1400), to: slot(1400) }, from: bucketId(2), to: bucketId(1), calledOff: true },
];
const LATER: LaterBuckets = { lastId: bucketId(65535), founding: [{ bucket: bucketId(4), founder: { rm: rmId(2), ordinal: ordinal(2) } }] };
const WISHES: SlotsWishes = {
  isPaused: false,
  isBalancing: true,
  retiring: [bucketId(2), bucketId(65535)],
  wanted: [{ slots: range(0, 1364), from: bucketId(1), to: bucketId(4) }],
};
const SCATTERED: PlacementMap['buckets'] = [
  { bucket: bucketId(1), slots: [range(0, 99), range(300, 1364), range(4095, 4095)], replicas: [rmId(1), rmId(2)] },
  { bucket: bucketId(2), slots: [range(100, 299), range(1365, 4094)], replicas: [rmId(2), rmId(3)] },
  { bucket: bucketId(4), slots: [], replicas: [rmId(3)] },
];

const founded = (part: Partial<ClusterRecord>): PlacementMap => ({ ...CONFIGURED, cluster: { ...CLUSTER, ...part } });

/** By what they say that others do not. */
export const SAMPLE_MAPS: Readonly<Record<string, PlacementMap>> = {
  'only configured': CONFIGURED,
  'the first txns': founded({ txnVersion: 1 }),
  'a founded cluster': founded({}),
  'nodes that come and go': founded({ roster: ROSTER }),
  'slots that move': founded({ moves: MOVES }),
  'buckets that came later': founded({ laterBuckets: LATER }),
  'buckets with many ranges, and with none': { ...founded({}), buckets: SCATTERED },
  'slots that are wanted elsewhere': founded({ wishes: WISHES }),
  'moves that are paused': founded({ wishes: { isPaused: true, isBalancing: false, retiring: [], wanted: [] } }),
  everything: { ...founded({ roster: ROSTER, moves: MOVES, laterBuckets: LATER, wishes: WISHES }), buckets: SCATTERED },
  'everything of a cluster with the first txns': {
    ...founded({ txnVersion: 1, roster: ROSTER, moves: MOVES, laterBuckets: LATER, wishes: WISHES }),
    buckets: SCATTERED,
  },
};

export function placementCodecConformance<Bytes>(name: string, { encode, decode }: PlacementCodec<Bytes>): void {
  test.each(Object.entries(SAMPLE_MAPS))(`${name}: a map of %s comes back as it was`, (_, map) => {
    expect(decode(encode(map))).toEqual(map);
  });
}

function range(from: number, to: number): SlotsMove['slots'] {
  return { from: slot(from), to: slot(to) };
}
