/**
 * Looks at the cluster twice a second while somebody watches, with his token: asks every Transaction Manager, each for what all know and for
 * what it has done itself. Keeps five minutes for the charts. Never more than one question under way to each.
 */
import type { MasClient } from '@mas/client';
import type { ClusterStatus } from '@mas/rpc';
import type { Clock, Logger, Timer } from '@mas/values';
import type { DoubtCountView, LeaderChangeView, LiveView, ManagerView, PointView } from '../api/views';
import { bucketName, bucketViews, nodeViews, rmName } from './cluster-view';
import { Figures } from './figures';
import type { Judge } from './judge';
import { problemsOf } from './problems';

export interface SamplerOptions {
  readonly managers: readonly { readonly address: string; readonly client: Pick<MasClient, 'clusterStatus' | 'undecided'> & { close(): void } }[];
  readonly judge: Judge;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

export interface Watcher {
  readonly onSample: (view: LiveView) => void;
  /** The session is over. */
  readonly onEnd: () => void;
}

export const PERIOD_MS = 500;
const KEPT_POINTS = 600;
const KEPT_CHANGES = 50;
/** Undecided for less than this is a payment under way: buckets ask after those that are longer so. */
const IN_DOUBT_AFTER_MS = 3_000;
/** Asking what is in doubt reads every bucket. */
const DOUBTS_PERIOD_MS = 3_000;

export class Sampler {
  private readonly watchers = new Set<Watcher>();
  private readonly figures = new Figures();
  private points: readonly PointView[] = [];
  private changes: readonly LeaderChangeView[] = [];
  private leaders: ReadonlyMap<number, number> = new Map();
  private status: ClusterStatus | null = null;
  private doubts: DoubtCountView | null = null;
  private doubtsAskedAtMs = -Infinity;
  private latest: LiveView | null = null;
  private timer: Timer | null = null;
  private isSampling = false;
  private isClosed = false;

  constructor(private readonly options: SamplerOptions) {}

  isWatched(): boolean {
    return this.watchers.size > 0;
  }

  watcherCount(): number {
    return this.watchers.size;
  }

  history(): readonly PointView[] {
    return this.points;
  }

  /** @returns ends it */
  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    if (this.latest !== null) watcher.onSample(this.latest);
    this.begin();
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) this.pause();
    };
  }

  /** Something was done whose effect somebody wants to see. */
  soon(): void {
    if (!this.isWatched() || this.isSampling) return;
    this.pause();
    this.begin();
  }

  close(): void {
    this.isClosed = true;
    this.pause();
    for (const watcher of [...this.watchers]) watcher.onEnd();
    this.watchers.clear();
  }

  private begin(): void {
    if (this.isSampling || this.timer !== null || this.isClosed) return;
    void this.sample();
  }

  private pause(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private async sample(): Promise<void> {
    const { clock, managers } = this.options;
    const startedMs = clock.monotonicMs();
    this.isSampling = true;
    try {
      const answers = await Promise.all(managers.map(({ client }) => client.clusterStatus().catch(() => null)));
      if (this.isClosed) return;
      this.take(answers);
      this.askDoubts(answers.findIndex((answer) => answer !== null));
    } catch (error) {
      // Whoever watches sees no news; the next look may do better.
      this.options.logger.error({ err: error }, 'a look at the cluster failed');
    } finally {
      this.isSampling = false;
    }
    if (!this.isWatched() || this.isClosed) return;
    this.timer = clock.schedule(Math.max(PERIOD_MS / 5, PERIOD_MS - (clock.monotonicMs() - startedMs)), () => {
      this.timer = null;
      this.begin();
    });
  }

  private take(answers: readonly (ClusterStatus | null)[]): void {
    const { clock, managers, judge } = this.options;
    const [nowMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
    const current = newest(answers);
    if (current !== null) this.status = current;
    this.figures.note(
      answers.flatMap((answer, at) => (answer === null ? [] : [{ address: managers[at]?.address ?? '', counted: answer.coordinator }])),
      nowMs,
    );
    const { status } = this;
    const verdicts = status === null ? [] : judge.verdicts(status);
    if (current !== null) this.noteLeaders(verdicts, wallMs);
    const managerViews = managers.map(({ address }, at): ManagerView => {
      const answer = answers[at] ?? null;
      const { id = null, uptimeMs = null, paymentsInFlight: inFlight = null } = answer?.coordinator ?? {};
      return { address, isUp: answer !== null, id, uptimeMs, inFlight };
    });
    const figures = this.figures.view(nowMs, wallMs);
    this.points = [...this.points.slice(-(KEPT_POINTS - 1)), figures.now];
    this.latest = {
      atMs: wallMs,
      isCurrent: current !== null,
      problems: problemsOf({ status: current, verdicts, managers: managerViews, doubts: this.doubts, judge }),
      managers: managerViews,
      nodes: status === null ? [] : nodeViews(status, verdicts, judge),
      buckets: status === null ? [] : bucketViews(status, verdicts),
      figures,
      leaderChanges: this.changes,
      doubts: this.doubts,
      placementVersion: status?.placement.version ?? null,
    };
    for (const watcher of [...this.watchers]) watcher.onSample(this.latest);
  }

  /** One leader after another; in between there may be none. */
  private noteLeaders(verdicts: ReturnType<Judge['verdicts']>, atMs: number): void {
    const leaders = new Map(this.leaders);
    for (const { bucket, leader } of verdicts) {
      if (leader === null) continue;
      const before = leaders.get(bucket);
      leaders.set(bucket, leader);
      if (before === undefined || before === leader) continue;
      const change = { atMs, bucket: bucketName(bucket), from: rmName(before), to: rmName(leader) };
      this.changes = [change, ...this.changes].slice(0, KEPT_CHANGES);
    }
    this.leaders = leaders;
  }

  private askDoubts(at: number): void {
    const { clock, managers } = this.options;
    const client = managers[at]?.client;
    if (client === undefined || clock.monotonicMs() - this.doubtsAskedAtMs < DOUBTS_PERIOD_MS) return;
    this.doubtsAskedAtMs = clock.monotonicMs();
    client.undecided().then(
      ({ transactions, payments }) => {
        const txns = new Map(transactions.map(({ transaction }) => [transaction.txn, transaction.ageMs]));
        for (const { txn, ageMs } of payments) txns.set(txn, Math.max(ageMs, txns.get(txn) ?? 0));
        const ages = [...txns.values()].filter((ageMs) => ageMs >= IN_DOUBT_AFTER_MS);
        this.doubts = { count: ages.length, oldestMs: ages.reduce((oldest, ageMs) => Math.max(oldest, ageMs), 0) };
      },
      () => {
        this.doubts = null;
      },
    );
  }
}

/** Of several answers to the same question: the one with the newest map, and among those the one that has heard most Resource Managers. */
function newest(answers: readonly (ClusterStatus | null)[]): ClusterStatus | null {
  const [first = null] = answers
    .flatMap((answer) => answer ?? [])
    .sort((a, b) => b.placement.version - a.placement.version || a.unreachable.length - b.unreachable.length);
  return first;
}
