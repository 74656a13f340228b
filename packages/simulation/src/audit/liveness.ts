/**
 * Whether buckets serve as soon as they can. When the faults are over: within 2 s of the moment from which a majority of their voters is up.
 * And then, once all are back, while one more link breaks, of one leader to a coordinator or to its followers, both ways or one way:
 * everybody else reaches everybody else, so every bucket serves through every coordinator.
 */
import type { Findings, History } from '@mas/auditor';
import { present, type BucketId, type RmId, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { oneWayCut, singleLink } from '../faults/links';
import type { Operator } from '../operator/operator';
import { hasSlotsOfItsOwn, Prober } from '../workload/prober';

const SERVES_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 50;
/**
 * Until a broken link is found out: where a machine has stalled within the last minute, silence counts after up to 1.5 s (capMs, packages/health);
 * then the coordinator goes through a follower, after 1.7 s, or followers elect somebody, who needs a second campaign if two stand at once
 * (AFTER_VOTE_MS, multi-raft/src/group/succession.ts). On quiet machines it is 0.4 s.
 */
const FOUND_OUT_MS = 2_500;
/** A payment that begins when it is known: two hops more, or a group that is handed over meanwhile. Nobody waits for silence again. */
const KNOWN_MS = 500;

export class LivenessJudge {
  private readonly probers: readonly Prober[];
  private readonly healedMs: number;
  /** Since when it could serve without interruption; null: it cannot now. */
  private readonly ableSinceMs = new Map<Prober, number | null>();

  constructor(
    private readonly cluster: Cluster,
    private readonly operator: Operator,
    history: History,
    private readonly random: SeededRandom,
    private readonly findings: Findings,
  ) {
    this.healedMs = cluster.world.time.nowMs();
    const asked = cluster.buckets.filter((bucket) => hasSlotsOfItsOwn(cluster, bucket));
    this.probers = asked.flatMap((bucket) => cluster.tmNames.map((tm) => new Prober(cluster, history, bucket, tm)));
  }

  /** The faults have just ended. */
  begin(): void {
    for (const prober of this.probers) prober.open();
    this.look();
  }

  /** Some time later. */
  expectServed(): void {
    const { time, trace } = this.cluster.world;
    for (const prober of this.probers) {
      const ableMs = this.ableSinceMs.get(prober) ?? null;
      if (ableMs === null) continue;
      const takesMs = (prober.servedMs ?? time.nowMs()) - ableMs;
      trace.note(`bucket ${prober.bucket} through ${prober.tm}: able after ${(ableMs - this.healedMs).toFixed(0)} ms, serves ${takesMs.toFixed(0)} ms later`);
      this.findings.expect(
        takesMs <= SERVES_WITHIN_MS,
        'serves within 2 s',
        () =>
          `bucket ${prober.bucket} had a majority again at ${ableMs.toFixed(0)} and ${prober.servedMs === null ? 'has not answered' : `answered at ${prober.servedMs.toFixed(0)}`} through ${prober.tm}`,
      );
    }
  }

  async breakLink(forMs: number): Promise<void> {
    const { cluster, random } = this;
    const { network, world } = cluster;
    const pick = <Item>(items: readonly Item[]): Item => present(items[random.below(items.length)], 'item');
    const link = (random.chance(0.5) ? singleLink : oneWayCut)(cluster, pick(cluster.buckets), pick);
    if (!this.isWhole() || link === null) {
      world.counters.add('last links not broken');
      return;
    }
    world.trace.note(`the last link: ${link.text}`);
    world.counters.add('last links broken');
    for (const [from, to] of link.ways) network.block(from, to, 'messages on last links lost');
    const brokenMs = world.time.nowMs();
    for (const prober of this.probers) prober.payWhile(() => world.time.nowMs() < brokenMs + forMs);
    await world.time.runUntil(brokenMs + forMs);
    for (const prober of this.probers) this.judge(prober, brokenMs);
    for (const [from, to] of link.ways) network.unblock(from, to);
  }

  private judge({ bucket, tm, probes }: Prober, brokenMs: number): void {
    const { time, trace } = this.cluster.world;
    const firstMs = Math.min(...probes.map((probe) => probe.endMs ?? Infinity)) - brokenMs;
    const later = probes.filter((probe) => probe.startMs - brokenMs > FOUND_OUT_MS).map((probe) => (probe.endMs ?? time.nowMs()) - probe.startMs);
    const longestMs = Math.max(0, ...later);
    trace.note(`the last link: bucket ${bucket} serves through ${tm} after ${firstMs.toFixed(0)} ms, later on within ${longestMs.toFixed(0)} ms`);
    this.findings.expect(
      firstMs <= FOUND_OUT_MS,
      'one broken link stops nobody',
      () => `bucket ${bucket} served nobody through ${tm} for ${Math.min(firstMs, time.nowMs() - brokenMs).toFixed(0)} ms`,
    );
    this.findings.expect(
      longestMs <= KNOWN_MS,
      'one broken link stops nobody',
      () => `a payment on bucket ${bucket} through ${tm} took ${longestMs.toFixed(0)} ms when the link had long been broken`,
    );
  }

  private isWhole(): boolean {
    const { cluster, operator, probers } = this;
    return (
      cluster.isReady() &&
      operator.lost === null &&
      !operator.isMoving &&
      cluster.rmIds.every((rm) => cluster.rms.get(rm)?.hasStarted === true) &&
      probers.every((prober) => prober.isReady)
    );
  }

  private look(): void {
    const { time } = this.cluster.world;
    const nowMs = time.nowMs();
    for (const prober of this.probers) {
      if (prober.servedMs !== null) continue;
      if (nowMs < this.cluster.world.slowUntilMs || !this.isAble(prober)) this.ableSinceMs.set(prober, null);
      else if ((this.ableSinceMs.get(prober) ?? null) === null) this.ableSinceMs.set(prober, nowMs);
    }
    if (this.probers.some((prober) => prober.servedMs === null)) time.at(LOOK_EVERY_MS, () => this.look());
  }

  private isAble({ bucket, tm }: Prober): boolean {
    return this.cluster.tms.get(tm)?.isServing === true && this.hasMajority(bucket);
  }

  private hasMajority(bucket: BucketId): boolean {
    const { cluster } = this;
    const all = [...cluster.rms.values()].flatMap((process) =>
      process.hasStarted ? (process.host?.status().filter((one) => one.group === bucket) ?? []) : [],
    );
    const [newest] = all.sort((a, b) => b.appliedIndex - a.appliedIndex);
    const isUp = ({ rm, ordinal }: { readonly rm: RmId; readonly ordinal: number }): boolean =>
      cluster.rms.get(rm)?.hasStarted === true && cluster.memberOf(rm).ordinal === ordinal && cluster.host(rm)?.groups().includes(bucket) === true;
    return newest !== undefined && [newest.voters, newest.outgoing].every((voters) => voters.length === 0 || voters.filter(isUp).length * 2 > voters.length);
  }
}
