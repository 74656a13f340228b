/** A new bucket stands when its leader says that its voters are those of the map, by incarnation, and that nothing is under way (docs/adr/0031). */
import { ordinal } from '@mas/membership';
import { changeMap, genesisPlacement, type PlacementMap } from '@mas/placement';
import { madeUpCluster } from '@mas/testkit/membership';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import { bucketId, rmId } from '@mas/values';
import { foundedIn } from './steward';

const RMS = [1, 2, 3].map(rmId);
const BUCKET_4 = bucketId(4);
const { clusterId, members } = madeUpCluster(RMS);
const nodes = members.members().map((member) => ({ ...member, isLost: false }));
const genesis = genesisPlacement(
  RMS.map((rm) => ({ rm, address: `rm-${rm}:1` })),
  3,
  3,
);
const added = changeMap({ ...genesis, cluster: { clusterId, nodes, txnVersion: 2 } }, { kind: 'add-bucket', bucket: BUCKET_4, replicas: RMS });

function map(): PlacementMap {
  if (!added.ok) throw new Error(added.error.name);
  return added.value;
}

function leader(more: Partial<ReplicaStatus>): ReplicaStatus {
  return {
    bucket: BUCKET_4,
    rm: rmId(1),
    role: 'leader',
    leader: rmId(1),
    term: 2,
    commitIndex: 5,
    appliedIndex: 5,
    durableIndex: 5,
    voters: RMS.map((rm) => ({ rm, ordinal: ordinal(0) })),
    learners: [],
    quiescent: false,
    fsyncP50Ms: null,
    applyP50Ms: null,
    queuedProposals: 0,
    preparedLegs: 0,
    stopped: null,
    knownSemantics: 9,
    accounts: 0,
    rows: 0,
    moves: [],
    ...more,
  };
}

const [one, two, three] = RMS.map((rm) => ({ rm, ordinal: ordinal(0) }));

test.each<[string, readonly ReplicaStatus[], number | null]>([
  ['its leader has all voters', [leader({})], 4],
  ['nobody leads', [leader({ role: 'follower' })], null],
  ['nobody answers', [], null],
  ['the founder is alone', [leader({ voters: [one!] })], null],
  ['one is still filled', [leader({ voters: [one!, two!], learners: [three!] })], null],
  ['a voter is on an older disk', [leader({ voters: [one!, two!, { rm: rmId(3), ordinal: ordinal(1) }] })], null],
  ['a later leader says otherwise', [leader({}), leader({ rm: rmId(2), term: 3, voters: [one!, two!] })], null],
  ['another bucket stands', [leader({ bucket: bucketId(1) })], null],
])('%s', (_, replicas, expected) => {
  expect(foundedIn(map(), { replicas })).toBe(expected);
});

test('a bucket that stands already is not told of again', () => {
  const stands = changeMap(map(), { kind: 'founded', bucket: BUCKET_4 });
  expect(stands.ok && foundedIn(stands.value, { replicas: [leader({})] })).toBeNull();
});
