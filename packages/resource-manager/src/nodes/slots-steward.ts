/**
 * While this process leads the meta group: it orders moves of slots until what operators want is reached (docs/adr/0032). A plan is made anew at each look, from the map and
 * from what every node says of its replicas. What it remembers is disposable: how often a pair of buckets has failed, so that slots which cannot move are not held up
 * again and again.
 */
import {
  isBalanced,
  movesOf,
  MAX_MOVES,
  nextSteps,
  placements,
  planWishes,
  wishesOf,
  type MapChange,
  type PlacementMap,
  type SlotsMove,
  type SlotsStep,
} from '@mas/placement';
import type { BucketId, Clock, Logger } from '@mas/values';
import { Attempts } from '../drivers/attempts';
import type { MetaReplica } from '../meta/meta-replica';
import { isWhole, type ClusterView } from './cluster-view';
import { isThere } from './decision';

/** After a move that was declined, before its buckets are asked for another one. */
const RETRY_MS = 10_000;
const RETRY_MAX_MS = 300_000;

type Pair = Pick<SlotsStep, 'from' | 'to'>;

export class SlotsSteward {
  private readonly declined: Attempts<string>;
  private lastMoves: readonly SlotsMove[] = [];

  constructor(
    clock: Clock,
    private readonly logger: Logger,
  ) {
    this.declined = new Attempts(clock, RETRY_MS, RETRY_MAX_MS);
  }

  /** By the map that was confirmed for this look, or a newer one. */
  async look(meta: Pick<MetaReplica, 'command'>, map: PlacementMap, view: ClusterView): Promise<void> {
    this.noticeEnds(map);
    const done = whatIsDone(map);
    if (done !== null) {
      if ((await this.command(meta, map, done)) !== null) this.logger.info({ change: done }, 'what was wanted of slots is reached');
      return;
    }
    if (wishesOf(map).isPaused) return;
    let now = map;
    for (const step of nextSteps(map, this.possible(map, view), MAX_MOVES)) {
      const after = await this.command(meta, now, { kind: 'move-slots', ...step });
      if (after === null) return;
      this.logger.info({ ...step }, 'slots are to move to another bucket');
      now = after;
    }
  }

  /** To a bucket that lacks a replica, or of which one is on its way, nothing moves. */
  private possible(map: PlacementMap, view: ClusterView): readonly SlotsStep[] {
    const steps = planWishes(map);
    this.declined.prune(new Set(steps.map(nameOfPair)));
    return steps.filter((step) => this.declined.due(nameOfPair(step)) && takes(map, view, step.to));
  }

  private noticeEnds(map: PlacementMap): void {
    const moves = movesOf(map);
    for (const last of this.lastMoves) {
      const isOver = moves.every(({ number }) => number !== last.number);
      const isAdopted = map.buckets.some(
        ({ bucket, slots }) => bucket === last.to && slots.some(({ from, to }) => from <= last.slots.from && last.slots.to <= to),
      );
      if (isOver && !isAdopted && !last.calledOff) this.declined.made(nameOfPair(last));
    }
    this.lastMoves = moves;
  }

  /** Null: on another version, or this replica could not tell; it is planned anew at the next look. */
  private async command(meta: Pick<MetaReplica, 'command'>, map: PlacementMap, change: MapChange): Promise<PlacementMap | null> {
    const after = await meta.command({ kind: 'change', onVersion: map.version, change });
    return after !== null && isThere(after, change) ? after : null;
  }
}

/** Null: nothing that was wanted has just been reached. */
function whatIsDone(map: PlacementMap): MapChange | null {
  const { retiring, isBalancing } = wishesOf(map);
  const empty = retiring.find((bucket) => hasNothing(map, bucket));
  if (empty !== undefined) return { kind: 'retire-bucket', bucket: empty };
  return isBalancing && isBalanced(map) ? { kind: 'balance-slots', isBalancing: false } : null;
}

function hasNothing(map: PlacementMap, id: BucketId): boolean {
  const isInMoves = movesOf(map).some(({ from, to }) => from === id || to === id);
  return !isInMoves && map.buckets.some(({ bucket, slots }) => bucket === id && slots.length === 0);
}

function takes(map: PlacementMap, view: ClusterView, id: BucketId): boolean {
  const placed = placements(map).find(({ bucket }) => bucket === id);
  return placed !== undefined && isWhole(map, view, placed);
}

function nameOfPair({ from, to }: Pair): string {
  return `${from} to ${to}`;
}
