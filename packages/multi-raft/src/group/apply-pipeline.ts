/**
 * Committed entries on their way into the applied state: one call of the applier at a time, everything that arrived
 * meanwhile in the next one. Raft bounds the bytes that are here at once. Owner of the applied position while the
 * replica runs. Configuration entries take effect in Raft when their turn comes, so that the applier always gets the
 * configuration that belongs to the last entry of its call.
 * Entries that the applied state already holds (after a restart, or behind an installed snapshot) are skipped.
 */
import type { ConfState, Entry, EntryId, StorageApplyMessage, StorageApplyResponseMessage } from '@mas/raft';
import { invariant, type Clock } from '@mas/values';
import type { Applier } from '../applier';
import { RecentTimes } from '../recent-times';

export interface ApplyEvents<Result> {
  /** Puts a configuration entry in force in Raft. */
  applyConfChange(entry: Entry): ConfState;
  /** The applied state holds these now. */
  applied(entries: readonly Entry[], results: readonly Result[]): void;
  failed(cause: unknown): void;
}

interface Acknowledgement {
  readonly lastIndex: number;
  readonly responses: readonly StorageApplyResponseMessage[];
}

export class ApplyPipeline<Result> {
  readonly applyTimes = new RecentTimes();
  private queue: Entry[] = [];
  private acknowledgements: Acknowledgement[] = [];
  private responses: StorageApplyResponseMessage[] = [];
  private isApplying = false;
  private isPaused = false;
  private confChangedAt = 0;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly applier: Applier<Result>,
    private readonly clock: Clock,
    private readonly maxEntries: number,
    private at: EntryId,
    private configuration: ConfState,
    private readonly events: ApplyEvents<Result>,
  ) {}

  get applied(): EntryId {
    return this.at;
  }

  /** As of the applied index. */
  get confState(): ConfState {
    return this.configuration;
  }

  /** Index of the newest configuration entry that was applied since the start; 0: none. */
  get confIndex(): number {
    return this.confChangedAt;
  }

  get isIdle(): boolean {
    return !this.isApplying && this.queue.length === 0 && this.responses.length === 0;
  }

  get hasResponses(): boolean {
    return this.responses.length > 0;
  }

  submit(message: StorageApplyMessage): void {
    for (const entry of message.entries) this.queue.push(entry);
    const last = message.entries[message.entries.length - 1];
    invariant(last !== undefined, 'there is something to apply');
    this.acknowledgements.push({ lastIndex: last.index, responses: message.responses });
    this.applyNext();
  }

  takeResponses(): readonly StorageApplyResponseMessage[] {
    const taken = this.responses;
    if (taken.length > 0) this.responses = [];
    return taken;
  }

  /** Resolves once no call is under way; none begins before resume(). */
  pause(): Promise<void> {
    this.isPaused = true;
    if (!this.isApplying) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle = resolve;
    });
  }

  /** The applied state was replaced; entries up to `at` are skipped from now on. */
  installed(at: EntryId, confState: ConfState): void {
    invariant(this.isPaused && at.index >= this.at.index, 'applied state is replaced by newer one, while nothing is applied');
    this.at = at;
    this.configuration = confState;
  }

  resume(): void {
    this.isPaused = false;
    this.applyNext();
  }

  private applyNext(): void {
    if (this.isApplying || this.isPaused || this.queue.length === 0) return;
    this.skipKnown();
    const entries = this.nextCall();
    if (entries.length === 0) return;
    this.isApplying = true;
    const startedMs = this.clock.monotonicMs();
    this.applier
      .apply(entries, this.configuration)
      .then((results) => this.finish(entries, results, startedMs))
      .catch((cause: unknown) => this.events.failed(cause));
  }

  private finish(entries: readonly Entry[], results: readonly Result[], startedMs: number): void {
    this.applyTimes.add(this.clock.monotonicMs() - startedMs);
    this.isApplying = false;
    const last = entries[entries.length - 1];
    if (results.length !== entries.length || last === undefined) {
      this.events.failed(new Error(`the applier gave ${results.length} results for ${entries.length} entries`));
      return;
    }
    this.at = { index: last.index, term: last.term };
    this.acknowledge(last.index);
    this.events.applied(entries, results);
    const { onIdle } = this;
    this.onIdle = undefined;
    onIdle?.();
    this.applyNext();
  }

  private skipKnown(): void {
    const { index } = this.at;
    const known = this.queue.findIndex((entry) => entry.index > index);
    const count = known < 0 ? this.queue.length : known;
    if (count === 0) return;
    const skipped = this.queue.splice(0, count);
    // Raft itself has not seen their configuration changes; the applied state's configuration includes them.
    for (const entry of skipped) if (entry.type !== 'normal') this.events.applyConfChange(entry);
    this.acknowledge(index);
  }

  /** Ends with a configuration entry, if there is one, for the configuration after it belongs to the call. */
  private nextCall(): readonly Entry[] {
    const end = Math.min(this.queue.length, this.maxEntries);
    for (let at = 0; at < end; at += 1) {
      const entry = this.queue[at];
      if (entry === undefined || entry.type === 'normal') continue;
      const call = this.queue.splice(0, at + 1);
      this.configuration = this.events.applyConfChange(entry);
      this.confChangedAt = entry.index;
      return call;
    }
    if (end < this.queue.length) return this.queue.splice(0, end);
    const all = this.queue;
    this.queue = [];
    return all;
  }

  private acknowledge(upTo: number): void {
    let count = 0;
    for (const one of this.acknowledgements) {
      if (one.lastIndex > upTo) break;
      count += 1;
      this.responses.push(...one.responses);
    }
    this.acknowledgements.splice(0, count);
  }
}
