/**
 * Keeps the coordinator's placement map new enough: Redis publishes it, the Resource Managers have it when Redis is
 * empty, and it is published again then. Hints only: a bucket refuses what it does not own.
 */
import { PlacementIndex, txnVersionOf, type LeaderDirectory, type PlacementMap } from '@mas/placement';
import type { ParticipantClient, Placing } from '@mas/two-phase-commit';
import type { PaymentBody, TxnVersion } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { delay, every, within, type Clock, type Logger, type RmId, type Slot, type Timer } from '@mas/values';
import type { TxnCoordinatorDAO } from './txn-coordinator-dao';

export interface PlacementSource {
  readonly dao: TxnCoordinatorDAO;
  readonly participants: ParticipantClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Time for Redis to answer before the Resource Managers are asked; nobody's answer waits longer for Redis. */
const REDIS_PATIENCE_MS = 500;
/** A refresh that brought nothing new is not repeated sooner. */
const REFRESH_PAUSE_MS = 100;
const KEEP_UP_EVERY_MS = 1_000;

/**
 * The newest map to be had: from Redis, else from the first of `rms` that knows one (published again). Null: nobody has one yet. One that was
 * only configured is none: it does not say which txns are minted.
 */
export async function discoverPlacement(source: PlacementSource, rms: readonly RmId[], timeoutMs: number): Promise<PlacementMap | null> {
  const published = await fromRedis(source);
  if (published !== null && published.cluster !== null) return published;
  const replies = await Promise.all(rms.map((rm) => source.participants.send(rm, { kind: 'placement' }, timeoutMs).catch(() => null)));
  let newest: PlacementMap | null = null;
  for (const reply of replies) {
    if (reply?.kind === 'placement' && reply.map !== null && reply.map.cluster !== null && (newest === null || reply.map.version > newest.version))
      newest = reply.map;
  }
  if (newest !== null) publish(source, newest);
  return newest;
}

export class PlacementKeeper {
  private refreshing: Promise<void> | null = null;
  private timer: Timer | null = null;
  private turn = 0;

  constructor(
    private readonly source: PlacementSource,
    private readonly directory: LeaderDirectory,
    private readonly requestTimeoutMs: number,
  ) {}

  placing(homeSlot: Slot, body: PaymentBody): Placing {
    const index = this.directory.placement();
    return { homeBucket: index.bucketOf(homeSlot), legBuckets: body.legs.map((leg) => index.bucketOf(slotOfAccount(leg.account))) };
  }

  /** Of the payments that are begun here: what the cluster was founded with. */
  get txnVersion(): TxnVersion {
    return txnVersionOf(this.directory.placement().map);
  }

  /** Somebody has told it a map. One that was only configured, of version 0, does not say which txns are minted (docs/adr/0014): no payment begins by it. */
  get isTold(): boolean {
    return this.directory.placement().map.version > 0;
  }

  /** Resolves when a newer map was adopted, or after a pause when there is none; calls meanwhile share one look. */
  refresh(): Promise<void> {
    this.refreshing ??= this.lookAround().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** Nodes come and go without any payment that is refused for it: one of them is asked now and then, each in turn. */
  keepUp(): void {
    this.timer = every(this.source.clock, KEEP_UP_EVERY_MS, () => this.askNext());
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Puts the map into Redis if Redis has lost it. */
  async republish(): Promise<void> {
    if ((await fromRedis(this.source)) === null) publish(this.source, this.directory.placement().map);
  }

  private async askNext(): Promise<void> {
    const { resourceManagers, version } = this.directory.placement().map;
    this.turn += 1;
    const next = resourceManagers[this.turn % Math.max(1, resourceManagers.length)];
    if (next === undefined) return;
    const reply = await this.source.participants.send(next.rm, { kind: 'placement' }, this.requestTimeoutMs).catch(() => null);
    if (reply?.kind !== 'placement' || reply.map === null || reply.map.cluster === null || reply.map.version <= version) return;
    if (this.directory.adopt(new PlacementIndex(reply.map))) publish(this.source, reply.map);
  }

  private async lookAround(): Promise<void> {
    const before = this.directory.placement().map;
    const published = await fromRedis(this.source);
    if (published !== null && this.adopts(published)) return;
    const rms = before.resourceManagers.map((entry) => entry.rm);
    const replies = await Promise.all(rms.map((rm) => this.source.participants.send(rm, { kind: 'placement' }, this.requestTimeoutMs).catch(() => null)));
    for (const reply of replies) {
      if (reply?.kind === 'placement' && reply.map !== null) this.adopts(reply.map);
    }
    const now = this.directory.placement().map;
    if (this.isTold && (published === null || now.version > published.version)) publish(this.source, now);
    if (now.version > before.version) return;
    await delay(this.source.clock, REFRESH_PAUSE_MS);
  }

  /** The first one that is told has to say of which cluster it is. */
  private adopts(map: PlacementMap): boolean {
    return (this.isTold || map.cluster !== null) && this.directory.adopt(new PlacementIndex(map));
  }
}

function fromRedis({ dao, clock }: PlacementSource): Promise<PlacementMap | null> {
  return within(
    clock,
    REDIS_PATIENCE_MS,
    dao.placement().catch(() => null),
    null,
  );
}

function publish({ dao, logger }: PlacementSource, map: PlacementMap): void {
  dao.publishPlacement(map).catch((error: unknown) => {
    // That Redis is silent has been said where it was noticed, and this is tried again.
    const silent = error instanceof Error && 'kind' in error && error.kind === 'dao-unavailable';
    logger[silent ? 'debug' : 'warn']({ err: error }, 'the placement map could not be published to Redis');
  });
}
