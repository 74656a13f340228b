/** A replica of a bucket that was retired closes without a question, and not at once; of others the group's leader is asked, twice. */
import { founderId, type MemberId } from '@mas/membership';
import { changeMap, genesisPlacement, LeaderDirectory, PlacementIndex, type MapChange, type PlacementMap } from '@mas/placement';
import { VirtualClock } from '@mas/testkit/clock';
import { madeUpCluster } from '@mas/testkit/membership';
import type { ParticipantRequest } from '@mas/two-phase-commit';
import { bucketId, rmId, silentLogger, type BucketId } from '@mas/values';
import { ReplicaKeeper, type ReplicaHolder } from './replica-keeper';

const RMS = [1, 2, 3].map(rmId);
const BUCKET_4 = bucketId(4);

function founded(): PlacementMap {
  const { clusterId, members } = madeUpCluster(RMS);
  const nodes = members.members().map((member) => ({ ...member, isLost: false }));
  const genesis = genesisPlacement(
    RMS.map((rm) => ({ rm, address: `rm-${rm}:1` })),
    3,
    2,
  );
  return { ...genesis, cluster: { clusterId, nodes, txnVersion: 2 } };
}

function after(map: PlacementMap, change: MapChange): PlacementMap {
  const changed = changeMap(map, change);
  if (!changed.ok) throw new Error(changed.error.name);
  return changed.value;
}

class Rig {
  readonly clock = new VirtualClock();
  readonly directory: LeaderDirectory;
  readonly held = new Map<BucketId, 'leader' | 'follower' | 'stopped'>();
  readonly done: string[] = [];
  readonly asked: ParticipantRequest[] = [];
  /** What is dropped fails so often first. */
  failures = 0;
  /** What the leader of a group says of who is in it; null: nobody answers. */
  voters: readonly MemberId[] | null = null;
  onAsked: () => void = () => undefined;
  private readonly keeper: ReplicaKeeper;

  constructor(private map: PlacementMap) {
    this.directory = new LeaderDirectory(new PlacementIndex(map));
    const holder: ReplicaHolder = {
      status: () => [...this.held].map(([group, role]) => ({ group, role })),
      open: (group) => this.did(`open ${group}`, () => this.held.set(group, 'follower')),
      close: (group) => this.did(`close ${group}`, () => this.held.delete(group)),
      drop: (group) => {
        this.failures -= 1;
        return this.failures >= 0 ? Promise.reject(new Error('the database is away')) : this.did(`drop ${group}`);
      },
    };
    this.keeper = new ReplicaKeeper({
      self: founderId(rmId(1)),
      directory: this.directory,
      holder,
      ask: (_, request) => {
        this.asked.push(request);
        this.onAsked();
        const { voters } = this;
        return Promise.resolve(voters === null ? { kind: 'no-replica' } : { kind: 'members', term: 1, voters, learners: [], map: null });
      },
      clock: this.clock,
      logger: silentLogger,
    });
    this.keeper.start();
  }

  change(change: MapChange): void {
    this.map = after(this.map, change);
    this.directory.adopt(new PlacementIndex(this.map));
  }

  private did(what: string, work: () => void = () => undefined): Promise<void> {
    this.done.push(what);
    work();
    return Promise.resolve();
  }
}

const ADD: MapChange = { kind: 'add-bucket', bucket: BUCKET_4, replicas: [rmId(1), rmId(2)] };
const RETIRE: MapChange = { kind: 'retire-bucket', bucket: BUCKET_4 };

test.each(['leader', 'follower'] as const)('a %s of a retired bucket stays for ten seconds, closes and is dropped, and nobody is asked', async (role) => {
  const rig = new Rig(after(founded(), ADD));
  await rig.clock.advance(1_000);
  rig.held.set(BUCKET_4, role);
  rig.change(RETIRE);
  await rig.clock.advance(10_000);
  expect(rig.held.get(BUCKET_4)).toBe(role);
  await rig.clock.advance(1_000);
  expect(rig.done.filter((what) => what.endsWith('4'))).toEqual(['open 4', 'close 4', 'drop 4']);
  expect(rig.asked.filter((request) => role === 'leader' && request.kind === 'members')).toEqual([]);
});

test('what cannot be dropped now is dropped later', async () => {
  const rig = new Rig(after(founded(), ADD));
  await rig.clock.advance(1_000);
  rig.change(RETIRE);
  rig.failures = 3;
  await rig.clock.advance(15_000);
  expect(rig.done.filter((what) => what.endsWith('4'))).toEqual(['open 4', 'close 4', 'drop 4']);
});

test('one that has stopped for its own reasons is for its operator', async () => {
  const rig = new Rig(after(founded(), ADD));
  rig.held.set(BUCKET_4, 'stopped');
  rig.change(RETIRE);
  await rig.clock.advance(60_000);
  expect(rig.held.get(BUCKET_4)).toBe('stopped');
});

test('a map that knows nothing of a bucket yet retires nothing', async () => {
  const rig = new Rig(founded());
  rig.held.set(BUCKET_4, 'leader');
  await rig.clock.advance(60_000);
  expect(rig.held.get(BUCKET_4)).toBe('leader');
});

describe('a replica that is not placed here any more', () => {
  const MOVE: MapChange = { kind: 'place', placed: [{ bucket: bucketId(1), replicas: [rmId(2), rmId(3)] }] };
  const BACK: MapChange = { kind: 'place', placed: [{ bucket: bucketId(1), replicas: [rmId(1), rmId(2)] }] };
  const OTHERS = [2, 3].map((rm) => founderId(rmId(rm)));
  const ofOne = ({ done }: Rig): readonly string[] => done.filter((what) => what.endsWith(' 1'));

  async function moved(): Promise<Rig> {
    const rig = new Rig(founded());
    rig.held.set(bucketId(1), 'follower');
    rig.voters = OTHERS;
    rig.change(MOVE);
    await Promise.resolve();
    return rig;
  }

  test('is dropped later where it cannot be dropped now', async () => {
    const rig = await moved();
    rig.failures = 3;
    await rig.clock.advance(1_500);
    expect(ofOne(rig)).toEqual(['close 1']);
    await rig.clock.advance(5_000);
    expect(ofOne(rig)).toEqual(['close 1', 'drop 1']);
  });

  test('is dropped before it is opened anew, where it is placed here again meanwhile', async () => {
    const rig = await moved();
    rig.failures = 3;
    await rig.clock.advance(1_500);
    rig.change(BACK);
    await rig.clock.advance(5_000);
    expect(ofOne(rig)).toEqual(['close 1', 'drop 1', 'open 1']);
  });

  test('takes part again where the second answer counts on it', async () => {
    const rig = await moved();
    rig.onAsked = () => (rig.voters = rig.asked.length > 1 ? [...OTHERS, founderId(rmId(1))] : OTHERS);
    await rig.clock.advance(1_500);
    expect(ofOne(rig)).toEqual(['close 1', 'open 1']);
  });
});
