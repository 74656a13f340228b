/**
 * The map of another member, in turn: who has no replica of the meta group, or one that its group has left behind, hears of changes so. Sooner where somebody
 * came whom a newer map may know, or a bucket says that a slot is not its own.
 */
import type { LeaderDirectory, PlacementMap } from '@mas/placement';
import type { ParticipantClient } from '@mas/two-phase-commit';
import { every, type Clock, type RmId, type Timer } from '@mas/values';

const POLL_EVERY_MS = 2_000;
const ANSWER_MS = 1_000;
const SOON_EVERY_MS = 100;

export interface PlacementPollPorts {
  readonly rm: RmId;
  readonly participants: ParticipantClient;
  readonly directory: LeaderDirectory;
  readonly onMap: (map: PlacementMap) => void;
  readonly clock: Clock;
}

export class PlacementPoll {
  private timer: Timer | null = null;
  private turn = 0;
  private isAsking = false;
  private askedAllMs = Number.NEGATIVE_INFINITY;
  private stopped = false;

  constructor(private readonly ports: PlacementPollPorts) {}

  start(): void {
    this.timer = every(this.ports.clock, POLL_EVERY_MS, () => this.askNext());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Everybody is asked at once, but not again at once. */
  soon(): void {
    const nowMs = this.ports.clock.monotonicMs();
    if (this.isAsking || this.stopped || nowMs - this.askedAllMs < SOON_EVERY_MS) return;
    this.askedAllMs = nowMs;
    void this.askAll(this.others());
  }

  private askNext(): Promise<void> {
    const others = this.others();
    this.turn += 1;
    const next = others[this.turn % Math.max(1, others.length)];
    return this.askAll(next === undefined ? [] : [next]);
  }

  private async askAll(rms: readonly RmId[]): Promise<void> {
    this.isAsking = true;
    await Promise.all(
      rms.map(async (rm) => {
        const reply = await this.ports.participants.send(rm, { kind: 'placement' }, ANSWER_MS);
        if (!this.stopped && reply.kind === 'placement' && reply.map !== null) this.ports.onMap(reply.map);
      }),
    );
    this.isAsking = false;
  }

  private others(): readonly RmId[] {
    return this.ports.directory.placement().map.resourceManagers.flatMap(({ rm }) => (rm === this.ports.rm ? [] : [rm]));
  }
}
