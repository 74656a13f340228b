/**
 * Payments per second, latency and reasons of aborts out of what Transaction Managers have counted since they started: differences
 * between two answers, added up over all of them. A manager that starts again begins anew, and one that did not answer is not guessed.
 */
import type { ClusterStatus } from '@mas/rpc';
import type { FiguresView, PointView } from '../api/views';
import { added, percentile, since, type Bins } from './latency';

type Counted = NonNullable<ClusterStatus['coordinator']>;

interface Interval {
  readonly atMs: number;
  readonly lastedMs: number;
  readonly committed: number;
  readonly unknown: number;
  readonly refused: number;
  readonly aborted: ReadonlyMap<string, number>;
  readonly latency: Bins;
}

const RATE_WINDOW_MS = 2_000;
const LATENCY_WINDOW_MS = 10_000;
const MINUTE_MS = 60_000;

export class Figures {
  private readonly last = new Map<string, { readonly counted: Counted; readonly atMs: number }>();
  private intervals: readonly Interval[] = [];
  private inFlight: number | null = null;

  /** @param answers of all managers that answered, each with an address that stands for it; @param atMs of the monotonic clock */
  note(answers: readonly { readonly address: string; readonly counted: Counted | null }[], atMs: number): void {
    const known = answers.flatMap(({ address, counted }) => (counted === null ? [] : [{ address, counted }]));
    this.inFlight = known.length === 0 ? null : known.reduce((sum, { counted }) => sum + counted.paymentsInFlight, 0);
    const parts = known.flatMap(({ address, counted }) => {
      const before = this.last.get(address);
      this.last.set(address, { counted, atMs });
      // The first answer of one says nothing about now.
      return before === undefined ? [] : [difference(before.counted, counted, atMs - before.atMs, atMs)];
    });
    if (parts.length > 0) this.intervals = [...this.intervals.filter((one) => one.atMs > atMs - MINUTE_MS), together(parts, atMs)];
  }

  view(atMs: number, wallMs: number): FiguresView {
    const minute = this.within(MINUTE_MS, atMs);
    const aborted = new Map<string, number>();
    for (const { aborted: some } of minute) for (const [reason, count] of some) aborted.set(reason, (aborted.get(reason) ?? 0) + count);
    return {
      now: this.point(atMs, wallMs),
      inFlight: this.inFlight,
      minute: {
        committed: sum(minute, (one) => one.committed),
        unknown: sum(minute, (one) => one.unknown),
        refused: sum(minute, (one) => one.refused),
        aborted: [...aborted].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
      },
    };
  }

  private point(atMs: number, wallMs: number): PointView {
    const rated = this.within(RATE_WINDOW_MS, atMs);
    const seconds = sum(rated, (one) => one.lastedMs) / 1000;
    const perSecond = (of: (one: Interval) => number): number | null => (seconds === 0 ? null : sum(rated, of) / seconds);
    const latency = added(this.within(LATENCY_WINDOW_MS, atMs).map((one) => one.latency));
    return {
      atMs: wallMs,
      committedPerSecond: perSecond((one) => one.committed),
      abortedPerSecond: perSecond((one) => [...one.aborted.values()].reduce((total, count) => total + count, 0)),
      p50Ms: percentile(latency, 0.5),
      p99Ms: percentile(latency, 0.99),
    };
  }

  private within(windowMs: number, atMs: number): readonly Interval[] {
    return this.intervals.filter((one) => one.atMs > atMs - windowMs);
  }
}

function difference(before: Counted, now: Counted, lastedMs: number, atMs: number): Interval {
  const hasRestarted = now.uptimeMs < before.uptimeMs || now.id !== before.id;
  const was: Counted | null = hasRestarted ? null : before;
  const aborts = new Map(was?.aborted.map(({ reason, count }) => [reason, count]));
  return {
    atMs,
    lastedMs,
    committed: now.committed - (was?.committed ?? 0),
    unknown: now.unknown - (was?.unknown ?? 0),
    refused: now.refused - (was?.refused ?? 0),
    aborted: new Map(now.aborted.map(({ reason, count }) => [reason, count - (aborts.get(reason) ?? 0)] as const).filter(([, count]) => count > 0)),
    latency: since(now.latency, was?.latency ?? []),
  };
}

/** Of several managers in the same time. */
function together(parts: readonly Interval[], atMs: number): Interval {
  const aborted = new Map<string, number>();
  for (const part of parts) for (const [reason, count] of part.aborted) aborted.set(reason, (aborted.get(reason) ?? 0) + count);
  return {
    atMs,
    lastedMs: Math.max(...parts.map((part) => part.lastedMs)),
    committed: sum(parts, (part) => part.committed),
    unknown: sum(parts, (part) => part.unknown),
    refused: sum(parts, (part) => part.refused),
    aborted,
    latency: added(parts.map((part) => part.latency)),
  };
}

function sum(some: readonly Interval[], of: (one: Interval) => number): number {
  return some.reduce((total, one) => total + of(one), 0);
}
