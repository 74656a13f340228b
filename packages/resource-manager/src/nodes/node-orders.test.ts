/** An operator is heard also while the map changes all the time, because slots move: what he says is decided on the newest map, and refused by it. */
import { changeMap, genesisPlacement, wishesOf, type MapChange, type NodeOrder, type PlacementMap } from '@mas/placement';
import { madeUpCluster } from '@mas/testkit/membership';
import type { ParticipantReply } from '@mas/two-phase-commit';
import { bucketId, ok, present, rmId, silentLogger, slot } from '@mas/values';
import { applyMetaCommand } from '../meta/meta-command';
import type { MetaReplica } from '../meta/meta-replica';
import { NodeOrders } from './node-orders';

const RMS = [1, 2, 3].map(rmId);
const [ONE, TWO] = [1, 2].map(bucketId) as [ReturnType<typeof bucketId>, ReturnType<typeof bucketId>];

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

/** Whenever the nodes are asked, a move is ordered or ends meanwhile. */
class Busy {
  map = founded();
  private readonly orders: NodeOrders;

  constructor() {
    const meta: Pick<MetaReplica, 'command'> & { readonly applier: Pick<MetaReplica['applier'], 'placement'> } = {
      applier: { placement: () => this.map },
      command: (command) => Promise.resolve((this.map = present(applyMetaCommand(this.map, command), 'map'))),
    };
    this.orders = new NodeOrders({
      confirmedMeta: () => Promise.resolve(meta as MetaReplica),
      notLeader: () => ({ kind: 'not-leader', leader: null }),
      steward: { view: () => Promise.resolve(this.moved()) },
      ask: () => Promise.resolve({ kind: 'no-replica' }),
      tokens: { verify: () => ok({ kind: 'operator', name: 'tester' }) },
      moveRowsPerSecond: 1_000,
      logger: silentLogger,
    });
  }

  carryOut(order: NodeOrder): Promise<ParticipantReply> {
    return this.orders.carryOut(order, 'token');
  }

  private moved(): { readonly up: ReadonlySet<(typeof RMS)[number]>; readonly replicas: [] } {
    const [move] = this.map.cluster?.moves ?? [];
    const change: MapChange =
      move === undefined
        ? { kind: 'move-slots', slots: { from: slot(2_000), to: slot(2_000) }, from: TWO, to: bucketId(3) }
        : { kind: 'end-move', move: move.number, isAdopted: false };
    const changed = changeMap(this.map, change);
    if (changed.ok) this.map = changed.value;
    return { up: new Set(RMS), replicas: [] };
  }
}

test.each<[NodeOrder, (map: PlacementMap) => unknown]>([
  [{ kind: 'pause-moves', isPaused: true }, (map) => wishesOf(map).isPaused],
  [{ kind: 'retire-bucket', bucket: TWO, isDryRun: false }, (map) => wishesOf(map).retiring.includes(TWO)],
  [{ kind: 'move-slots', slots: { from: slot(0), to: slot(9) }, from: ONE, to: TWO, isDryRun: false }, (map) => wishesOf(map).wanted.length === 1],
  [{ kind: 'add-bucket', bucket: bucketId(4), replicas: [], isDryRun: false }, (map) => map.buckets.length === 4],
  [{ kind: 'drain', rm: rmId(3), isDraining: false }, () => true],
])('%j is carried out', async (order, isReached) => {
  const busy = new Busy();
  expect(await busy.carryOut(order)).toMatchObject({ kind: 'ordered' });
  expect(isReached(busy.map)).toBe(true);
});

test('what was worked out from a map that is no more is not done on another one', async () => {
  const busy = new Busy();
  const order: NodeOrder = { kind: 'move', bucket: ONE, from: rmId(1), to: rmId(3) };
  expect(await busy.carryOut(order)).toMatchObject({ kind: 'order-refused', name: 'NODES_CHANGING' });
  expect(busy.map.buckets[0]?.replicas).toEqual(founded().buckets[0]?.replicas);
});
