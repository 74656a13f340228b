/**
 * An applier for tests: its state is the list of everything applied, so that any entry applied twice, left out or
 * in another order on another replica is seen. Durable up to the last checkpoint, like SQL: a new one over the same
 * store goes on from there.
 */
import { EMPTY_CONF_STATE, ZERO_INDEX, ZERO_TERM, type ConfState, type Entry, type EntryId } from '@mas/raft';
import type { Applier } from '@mas/multi-raft';
import { invariant, type Clock } from '@mas/values';

export interface JournalState {
  readonly applied: EntryId;
  readonly confState: ConfState | null;
  /** `index:text` of every entry with data. */
  readonly lines: readonly string[];
}

const EMPTY: JournalState = { applied: { index: ZERO_INDEX, term: ZERO_TERM }, confState: null, lines: [] };

/** What survives a crash. */
export class JournalStore {
  durable: JournalState = EMPTY;
}

export interface JournalOptions {
  /** How long one call of apply takes. */
  readonly applyMs?: number;
  /** A checkpoint follows every so many entries; 0: only when asked. */
  readonly checkpointEntries?: number;
  readonly linesPerChunk?: number;
}

/** The result of an entry is its line number: replicas and repeated runs must agree on it. */
export class JournalApplier implements Applier<number> {
  isHealthy = true;
  /** The next call of apply is rejected with it. */
  failure: Error | undefined;
  /** Nothing is applied until release() (a slow store). */
  private gate: Promise<void> | undefined;
  private openGate: (() => void) | undefined;
  private state: JournalState;
  private lines: string[];
  readonly roles: string[] = [];
  checkpointsAsked = 0;
  installs = 0;
  isStopped = false;

  constructor(
    private readonly store: JournalStore,
    private readonly clock: Clock,
    private readonly options: JournalOptions = {},
  ) {
    this.state = store.durable;
    this.lines = [...store.durable.lines];
  }

  /** Applied here, durable or not. */
  get appliedLines(): readonly string[] {
    return this.lines;
  }

  start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }> {
    return Promise.resolve({ applied: this.state.applied, confState: this.state.confState });
  }

  async apply(entries: readonly Entry[], confState: ConfState): Promise<readonly number[]> {
    const { failure } = this;
    if (failure !== undefined) throw failure;
    const { applyMs = 0 } = this.options;
    if (applyMs > 0) await new Promise<void>((resolve) => this.clock.schedule(applyMs, resolve));
    if (this.gate !== undefined) await this.gate;
    const first = entries[0];
    const previous = this.state.applied.index;
    // A founding log begins behind index 1, which no applier ever sees.
    invariant(first !== undefined && (first.index === previous + 1 || (previous === 0 && first.index === 2)), 'entries arrive without gap or repetition', {
      previous,
      first: first?.index,
    });
    const results = entries.map((entry) => {
      if (entry.type === 'normal' && entry.data.length > 0) this.lines.push(`${entry.index}:${new TextDecoder().decode(entry.data)}`);
      return this.lines.length;
    });
    const last = entries[entries.length - 1];
    invariant(last !== undefined, 'an apply has entries');
    this.state = { applied: { index: last.index, term: last.term }, confState, lines: [] };
    const { checkpointEntries = 0 } = this.options;
    if (checkpointEntries > 0 && last.index - this.store.durable.applied.index >= checkpointEntries) this.checkpoint();
    return results;
  }

  durable(): EntryId {
    return this.store.durable.applied;
  }

  requestCheckpoint(): void {
    this.checkpointsAsked += 1;
    this.checkpoint();
  }

  checkpoint(): void {
    if (!this.isStopped) this.store.durable = { ...this.state, lines: [...this.lines] };
  }

  snapshot(atLeast: number): Promise<{ readonly applied: EntryId; readonly confState: ConfState; readonly chunks: AsyncIterable<Uint8Array> }> {
    if (this.store.durable.applied.index < atLeast) this.checkpoint();
    const { applied, confState, lines } = this.store.durable;
    if (applied.index < atLeast) return Promise.reject(new Error(`nothing is applied at ${atLeast} yet, only at ${applied.index}`));
    return Promise.resolve({ applied, confState: confState ?? EMPTY_CONF_STATE, chunks: chunksOf(lines, this.options.linesPerChunk ?? 100) });
  }

  async install(at: EntryId, confState: ConfState, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const lines: string[] = [];
    for await (const chunk of chunks) lines.push(...(JSON.parse(new TextDecoder().decode(chunk)) as string[]));
    this.installs += 1;
    this.lines = lines;
    this.state = { applied: at, confState, lines: [] };
    this.checkpoint();
  }

  healthy(): boolean {
    return this.isHealthy;
  }

  onRole(role: 'leader' | 'follower', term: number): void {
    this.roles.push(`${role}@${term}`);
  }

  stop(): Promise<void> {
    this.checkpoint();
    this.isStopped = true;
    return Promise.resolve();
  }

  /** The process dies: nothing is made durable any more. */
  crash(): void {
    this.isStopped = true;
  }

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.openGate = resolve;
    });
  }

  release(): void {
    this.openGate?.();
    this.gate = undefined;
  }
}

async function* chunksOf(lines: readonly string[], perChunk: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < lines.length; at += perChunk) yield new TextEncoder().encode(JSON.stringify(lines.slice(at, at + perChunk)));
}
