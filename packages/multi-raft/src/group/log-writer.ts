/**
 * One group's writes to the log, strictly in order, and what waits for them: votes and acknowledgements are released
 * when their write and all before it are durable. Messages to other replicas' logs do not pass here; they left before.
 * Invariant: after a snapshot, first the applied state is installed (snapshot-receiving.ts), then the log's reset is
 * durable, then the acknowledgement is released.
 */
import type { HardState, PeerMessage, Snapshot, StorageAppendMessage, StorageAppendResponseMessage } from '@mas/raft';
import type { BucketId, Clock } from '@mas/values';
import type { LogStore } from '../log-store';
import { RecentTimes } from '../recent-times';

export type Released = PeerMessage | StorageAppendResponseMessage;

export interface LogWriterEvents {
  /** Something may be taken by takeReleased(). */
  released(): void;
  /** The log starts behind this snapshot now, durably. */
  resetDone(snapshot: Snapshot): void;
  failed(cause: unknown): void;
}

interface Write {
  readonly message: StorageAppendMessage;
  readonly mustSync: boolean;
  readonly responses: readonly Released[];
  isDone: boolean;
}

const NOTHING: readonly Released[] = [];

export class LogWriter {
  readonly syncTimes = new RecentTimes();
  /** Handed in and not yet durable, oldest first; the first `handedOver` of them are with the log store. */
  private writes: Write[] = [];
  private handedOver = 0;
  private isResetting = false;
  /** A commit index that is not worth a write of its own: it goes along with the next one. */
  private deferredHardState: HardState | undefined;
  private ready: Released[] = [];

  constructor(
    private readonly group: BucketId,
    private readonly log: LogStore,
    private readonly clock: Clock,
    private readonly events: LogWriterEvents,
  ) {}

  get isIdle(): boolean {
    return this.writes.length === 0 && this.ready.length === 0;
  }

  /** A snapshot's marker is not durable yet. */
  get isResettingLog(): boolean {
    return this.writes.some((write) => write.message.snapshot !== undefined);
  }

  get hasReleased(): boolean {
    return this.ready.length > 0;
  }

  /**
   * @param afterAppend further messages that must not leave before this write is durable.
   * @param mustSync false where losing the write breaks no promise.
   */
  submit(message: StorageAppendMessage, afterAppend: readonly PeerMessage[], mustSync: boolean): void {
    const responses = afterAppend.length === 0 ? message.responses : [...afterAppend, ...message.responses];
    this.writes.push({ message, mustSync, responses, isDone: false });
    this.handOver();
  }

  takeReleased(): readonly Released[] {
    if (this.ready.length === 0) return NOTHING;
    const taken = this.ready;
    this.ready = [];
    return taken;
  }

  private handOver(): void {
    while (!this.isResetting) {
      const write = this.writes[this.handedOver];
      if (write === undefined) return;
      this.handedOver += 1;
      const { snapshot } = write.message;
      if (snapshot === undefined) this.append(write);
      else this.reset(write, snapshot);
    }
  }

  private reset(write: Write, snapshot: Snapshot): void {
    this.isResetting = true;
    const { index, term, confState } = snapshot.metadata;
    this.log
      .reset(this.group, { at: { index, term }, confState })
      .then(() => {
        this.isResetting = false;
        this.events.resetDone(snapshot);
        this.append(write);
        this.handOver();
      })
      .catch((cause: unknown) => this.events.failed(cause));
  }

  private append(write: Write): void {
    const { message, mustSync } = write;
    const hardState = message.hardState ?? this.deferredHardState;
    if (message.entries.length === 0 && !mustSync) {
      // Losing a commit index costs a restarted replica a message from its leader; where it ended a change of members, see former-voters.ts.
      this.deferredHardState = hardState;
      this.finish(write);
      return;
    }
    this.deferredHardState = undefined;
    const startedMs = this.clock.monotonicMs();
    this.log.append(this.group, { hardState, entries: message.entries, mustSync }, () => {
      this.syncTimes.add(this.clock.monotonicMs() - startedMs);
      this.finish(write);
    });
  }

  private finish(write: Write): void {
    write.isDone = true;
    let finished = 0;
    for (const first of this.writes) {
      if (!first.isDone) break;
      finished += 1;
      for (const response of first.responses) this.ready.push(response);
    }
    if (finished === 0) return;
    this.writes.splice(0, finished);
    this.handedOver -= finished;
    if (this.ready.length > 0) this.events.released();
  }
}
