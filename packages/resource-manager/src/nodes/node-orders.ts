/**
 * What operators want of nodes, replicas (docs/adr/0022), buckets and slots (docs/adr/0032), at the meta group's leader: refused by name before anything changes, or made
 * changes of the map that it was decided on. Repeating an order changes nothing.
 */
import {
  changeMap,
  changeNodes,
  estimateMoves,
  nameOf,
  placements,
  planReplicas,
  replicasAfter,
  rosterOf,
  type MapChange,
  type MovesEstimate,
  type NodeChange,
  type NodeOrder,
  type Placed,
  type PlacementMap,
  type PlanStep,
  type SlotsStep,
} from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { ok, unreachable, type BucketId, type Logger, type RmId } from '@mas/values';
import type { MetaReplica } from '../meta/meta-replica';
import type { TokenVerifier } from '../token-verifier';
import type { ClusterView } from './cluster-view';
import { decided, isThere, refused, type Decision } from './decision';
import { decideOnSlots, slotsOfBalance } from './slot-orders';
import type { Steward } from './steward';

/** Somebody else has changed the map in between: it is decided again. */
const MAX_DECISIONS = 5;
/** One change may be overtaken by others' so often. */
const MAX_TRIES = 20;
/** They say what shall be, and nothing that was worked out from the map: what is refused of them is asked again on each map. */
const OF_NO_PLAN: readonly MapChange['kind'][] = [
  'expect',
  'drain',
  'balance',
  'balance-slots',
  'want-slots',
  'empty-bucket',
  'retire-bucket',
  'add-bucket',
  'pause-moves',
  'cancel-moves',
];

type Unreached = 'unknown' | 'overtaken';

export interface NodeOrdersPorts {
  /** Null: this process does not lead the meta group, or a quorum has not confirmed it. */
  readonly confirmedMeta: () => Promise<MetaReplica | null>;
  readonly notLeader: () => ParticipantReply;
  readonly steward: Pick<Steward, 'view'>;
  readonly ask: (bucket: BucketId, request: ParticipantRequest) => Promise<ParticipantReply>;
  readonly tokens: TokenVerifier;
  /** That the leader of a bucket copies. */
  readonly moveRowsPerSecond: number;
  readonly logger: Logger;
}

export class NodeOrders {
  constructor(private readonly ports: NodeOrdersPorts) {}

  async carryOut(order: NodeOrder, token: string): Promise<ParticipantReply> {
    const verified = this.ports.tokens.verify(token);
    if (!verified.ok) return { kind: 'permission-denied', reason: verified.error.reason };
    if (verified.value.kind !== 'operator') return { kind: 'permission-denied', reason: 'OPERATORS_ONLY' };
    for (let decided = 0; decided < MAX_DECISIONS; decided += 1) {
      const meta = await this.ports.confirmedMeta();
      const map = meta?.applier.placement() ?? null;
      if (meta === null || map === null) return this.ports.notLeader();
      const decision = await this.decide(map, order);
      if (!decision.ok) return { kind: 'order-refused', ...decision.error };
      const { changes, steps, slots } = decision.value;
      const wanted = afterAll(map, changes);
      if (!wanted.ok) return { kind: 'order-refused', ...wanted.error };
      const estimate = await this.estimate(map, slots);
      if (wanted.value === map) return { kind: 'ordered', map, steps, slots, estimate };
      const after = await broughtAbout(meta, map, changes);
      if (after === 'unknown') return { kind: 'unknown', reason: 'the meta group has no leader here any more' };
      if (after !== 'overtaken') {
        this.ports.logger.warn({ order, version: after.version, subject: verified.value }, 'an operator changes nodes, replicas, buckets or slots');
        return { kind: 'ordered', map: after, steps, slots, estimate };
      }
    }
    return { kind: 'order-refused', name: 'NODES_CHANGING', message: 'Others have changed nodes, replicas or slots again and again meanwhile. Ask again.' };
  }

  /** By what the leaders of the buckets say that they have. */
  private async estimate(map: PlacementMap, slots: readonly SlotsStep[]): Promise<MovesEstimate | null> {
    if (slots.length === 0) return null;
    const { replicas } = await this.ports.steward.view(map);
    const sizes = new Map(replicas.filter(({ role }) => role === 'leader').map(({ bucket, accounts, rows }) => [bucket, { accounts, rows }]));
    return estimateMoves(map, slots, sizes, this.ports.moveRowsPerSecond);
  }

  private async decide(map: PlacementMap, order: NodeOrder): Promise<Decision> {
    switch (order.kind) {
      case 'add':
        return decided([{ kind: 'expect', rm: order.rm, address: order.address }]);
      case 'drain':
        return this.drain(map, { kind: 'drain', rm: order.rm, isDraining: order.isDraining });
      case 'remove':
        return order.isDead ? this.removeDead(map, order.rm) : this.removeEmpty(map, order.rm);
      case 'move':
        return this.move(map, order.bucket, order.from, order.to);
      case 'rebalance':
        return this.rebalance(map, order.replicas ?? rosterOf(map).replicas, order.ofSlots, order.isDryRun);
      case 'stop-rebalance':
        return decided([
          { kind: 'balance', isBalancing: false, replicas: rosterOf(map).replicas },
          { kind: 'balance-slots', isBalancing: false },
        ]);
      case 'add-bucket':
      case 'move-slots':
      case 'retire-bucket':
      case 'pause-moves':
      case 'cancel-moves':
        return decideOnSlots(map, order, await this.ports.steward.view(map));
      default:
        return unreachable(order, 'order of nodes');
    }
  }

  private async drain(map: PlacementMap, change: NodeChange): Promise<Decision> {
    const changed = changeNodes(map, change);
    if (!changed.ok) return changed;
    const { up } = await this.ports.steward.view(map);
    return decided(
      [change],
      planReplicas(changed.value, (rm) => up.has(rm)),
    );
  }

  private async move(map: PlacementMap, bucket: BucketId, from: RmId, to: RmId): Promise<Decision> {
    const placed = placements(map).find((one) => one.bucket === bucket);
    if (placed === undefined) return refused('UNKNOWN_BUCKET', `There is no bucket ${bucket}.`);
    const { replicas } = placed;
    const step: PlanStep = { bucket, remove: from, add: to, why: 'balance' };
    // As it is after the word was carried out.
    if (!replicas.includes(from) && replicas.includes(to)) return decided([]);
    if (!replicas.includes(from))
      return refused('NO_REPLICA_THERE', `${nameOf(placed)} shall have no replica on rm-${from}: it shall have them on ${list(replicas)}.`);
    if (replicas.includes(to)) return refused('REPLICA_THERE_ALREADY', `${nameOf(placed)} shall have a replica on rm-${to} already.`);
    const { up } = await this.ports.steward.view(map);
    if (map.resourceManagers.some(({ rm }) => rm === to) && !up.has(to)) return refused('NODE_SILENT', `rm-${to} does not answer: nothing can be moved there.`);
    return decided([{ kind: 'place', placed: [{ bucket, replicas: replicasAfter(replicas, step) }] }], [step]);
  }

  private async rebalance(map: PlacementMap, replicas: number, ofSlots: boolean, isDryRun: boolean): Promise<Decision> {
    const change: NodeChange = { kind: 'balance', isBalancing: true, replicas };
    const changed = changeNodes(map, change);
    if (!changed.ok) return changed;
    const view = await this.ports.steward.view(map);
    const steps = planReplicas(changed.value, (rm) => view.up.has(rm));
    const slots = ofSlots ? slotsOfBalance(map, view) : decided([]);
    if (!slots.ok) return slots;
    return decided(isDryRun ? [] : [change, ...slots.value.changes], steps, slots.value.slots);
  }

  private members(map: PlacementMap): Promise<readonly { readonly placed: Placed; readonly reply: ParticipantReply }[]> {
    const { ask } = this.ports;
    return Promise.all(placements(map).map(async (placed) => ({ placed, reply: await ask(placed.bucket, { kind: 'members', bucket: placed.bucket }) })));
  }

  /** Nobody may count on it any more: not the map, and no group by its leader's word. */
  private async removeEmpty(map: PlacementMap, rm: RmId): Promise<Decision> {
    const change: NodeChange = { kind: 'remove', rm, placed: [] };
    const changed = changeNodes(map, change);
    if (!changed.ok || changed.value === map) return changed.ok ? decided([]) : changed;
    for (const { placed, reply } of await this.members(map)) {
      if (reply.kind !== 'members')
        return refused('GROUP_SILENT', `The leader of ${nameOf(placed)} does not answer, so nobody knows that it can do without rm-${rm}.`);
      if ([...reply.voters, ...reply.learners].some((replica) => replica.rm === rm))
        return refused('NODE_HOLDS_REPLICAS', `rm-${rm} still has a part in ${nameOf(placed)}: it is being moved. Ask again.`);
    }
    return decided([change]);
  }

  /** The rest has to have a quorum in every group, and be asked for it. */
  private async removeDead(map: PlacementMap, rm: RmId): Promise<Decision> {
    const known = changeNodes(map, { kind: 'remove', rm, placed: [] });
    if (!known.ok && known.error.name !== 'NODE_HOLDS_REPLICAS') return known;
    if (known.ok && known.value === map) return decided([]);
    const view = await this.ports.steward.view(map);
    if (view.up.has(rm)) return refused('RESOURCE_MANAGER_ANSWERS', `rm-${rm} answers, so it is not dead: drain it, then remove it without --dead.`);
    for (const { placed, reply } of await this.members(map)) {
      if (reply.kind !== 'members' || !restHasQuorum(reply.voters, rm, view))
        return refused('LAST_QUORUM', `${nameOf(placed)} would have no quorum without rm-${rm}: bring its other replicas back first. Nothing was changed.`);
    }
    const placed = withoutDead(map, rm, view);
    if (placed === null) return refused('LAST_QUORUM', `rm-${rm} has the only replica of a bucket. Nothing was changed.`);
    return decided([{ kind: 'remove', rm, placed }]);
  }
}

/** One after the other, each on the map that the one before has made. */
async function broughtAbout(meta: MetaReplica, map: PlacementMap, changes: readonly MapChange[]): Promise<PlacementMap | Unreached> {
  let now = map;
  for (const change of changes) {
    const after = OF_NO_PLAN.includes(change.kind) ? await onNewest(meta, change) : await onceOn(meta, now, change);
    if (typeof after === 'string') return after;
    now = after;
  }
  return now;
}

/** While slots move the map changes several times a second: whoever asks all nodes before he decides would always come too late. */
async function onNewest(meta: MetaReplica, change: MapChange): Promise<PlacementMap | Unreached> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const map = meta.applier.placement();
    const after = map === null ? 'unknown' : await onceOn(meta, map, change);
    if (after !== 'overtaken') return after;
  }
  return 'overtaken';
}

async function onceOn(meta: MetaReplica, map: PlacementMap, change: MapChange): Promise<PlacementMap | Unreached> {
  const changed = changeMap(map, change);
  if (!changed.ok) return 'overtaken';
  if (changed.value === map) return map;
  const after = await meta.command({ kind: 'change', onVersion: map.version, change });
  if (after === null) return 'unknown';
  return isThere(after, change) ? after : 'overtaken';
}

function afterAll(map: PlacementMap, changes: readonly MapChange[]): ReturnType<typeof changeMap> {
  return changes.reduce<ReturnType<typeof changeMap>>((now, change) => (now.ok ? changeMap(now.value, change) : now), ok(map));
}

/** Of the voters that are left, as many answer as all of them need. */
function restHasQuorum(voters: readonly { readonly rm: RmId }[], rm: RmId, { up }: ClusterView): boolean {
  const ids = [...new Set(voters.map((voter) => voter.rm))];
  return ids.filter((each) => each !== rm && up.has(each)).length > ids.length / 2;
}

/** Each of its replicas goes to another node, or, where there is none, nowhere. Null: it has the only one of a bucket. */
function withoutDead(map: PlacementMap, rm: RmId, { up }: ClusterView): readonly Placed[] | null {
  const roster = rosterOf(map);
  if (map.cluster === null) return null;
  const leaving: PlacementMap = {
    ...map,
    cluster: { ...map.cluster, roster: { ...roster, draining: [...new Set([...roster.draining, rm])], isBalancing: false } },
  };
  const steps = planReplicas(leaving, (each) => up.has(each)).filter(({ remove }) => remove === rm);
  const placed: Placed[] = [];
  for (const { bucket, replicas } of placements(map)) {
    if (!replicas.includes(rm)) continue;
    const step = steps.find((one) => one.bucket === bucket);
    const after = replicasAfter(replicas, step ?? { remove: rm, add: null });
    if (after.length === 0) return null;
    placed.push({ bucket, replicas: after });
  }
  return placed;
}

function list(rms: readonly RmId[]): string {
  return rms.map((rm) => `rm-${rm}`).join(', ');
}
