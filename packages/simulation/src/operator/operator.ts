/**
 * The operator of a simulated cluster, and what is known of its disks. He allows that a lost one is replaced, starts its Resource
 * Manager with a new one, in either order, and looks until the cluster is whole. He also keeps to what the design promises: one disk
 * is lost at a time, none while a replica is being moved, and no replica is moved while a disk is lost.
 */
import type { Ordinal } from '@mas/membership';
import type { ReplicaChange } from '@mas/multi-raft';
import { META_GROUP } from '@mas/placement';
import { present, type BucketId, type RmId, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/cluster-parts';
import { OPERATOR } from '../cluster/tokens';
import { EMPTY_FOLDER } from '../world/sim-disk';
import { callTm } from '../workload/tm-call';

const LOOK_EVERY_MS = 200;
const CALL_MS = 1_500;
/** So long he waits for the word of the refused process before he goes ahead without it. */
const REFUSED_MS = 4_000;
const MAX_PAUSE_MS = 3_000;
/** No moves for so long, and at least as long again before the next time. */
const QUIET_MS = 4_000;
const REPAIR_EVERY_MS = 700;

/** How a loss is dealt with. */
export interface WayBack {
  /** The process starts on what is left, as supervisors do, and says what is wrong; else the operator is there first. */
  readonly waitsForRefusal: boolean;
  readonly order: 'word first' | 'disk first';
  readonly pauseMs: number;
  /** What is left in the folder goes; a database that is there stays, and is taken over. */
  readonly emptiesFolder: boolean;
}

interface Loss {
  readonly rm: RmId;
  /** The way back is over once an incarnation after this one counts everywhere; null: the process only has to be back. */
  readonly beyond: Ordinal | null;
}

export class Operator {
  private loss: Loss | null = null;
  /** Moves of replicas under way, by what still drives them. */
  private readonly moves = new Map<symbol, () => boolean>();
  /** Of this run, whether or not one has been moved yet. */
  movesReplicas = false;
  private quietUntilMs = 0;

  constructor(
    readonly cluster: Cluster,
    private readonly random: SeededRandom,
  ) {}

  /** A disk is lost, and the cluster is not whole yet. */
  get lost(): RmId | null {
    return this.loss?.rm ?? null;
  }

  /** Whether the design promises that this loss does no harm; where moves are in the way, there are none for a while. */
  mayLose(rm: RmId): boolean {
    if (this.loss !== null && this.loss.rm !== rm) return false;
    const identity = this.machine(rm).disk.identity();
    // Until it has named its database nothing was promised by it.
    if (identity?.hasGroups !== true || !identity.hasDatabase || this.awaitsMove()) return false;
    const may = !this.isMoving && this.groups().every((group) => this.isSettled(group));
    const nowMs = this.cluster.world.time.nowMs();
    if (!may && nowMs > this.quietUntilMs + QUIET_MS) {
      this.quietUntilMs = nowMs + QUIET_MS;
      this.repairUntil(this.quietUntilMs);
    }
    return may;
  }

  /** Groups that are short of a voter get one again, and what a deposed leader left half done is taken back. */
  repairUntil(untilMs: number): void {
    const { cluster } = this;
    cluster.world.time.at(REPAIR_EVERY_MS, () => {
      for (const bucket of cluster.buckets) this.repair(bucket);
      if (cluster.world.time.nowMs() < untilMs) this.repairUntil(untilMs);
    });
  }

  private repair(bucket: BucketId): void {
    const { cluster } = this;
    const leader = cluster.leaderOf(bucket);
    const driver = leader === null ? undefined : cluster.rms.get(leader);
    const host = driver?.host ?? null;
    const change = this.repairOf(bucket);
    if (driver === undefined || host === null || change === null) return;
    void this.tracked(
      () => driver.process.isAlive,
      async () => void (await host.changeReplicas(bucket, change)),
    );
  }

  private repairOf(bucket: BucketId): ReplicaChange | null {
    const { cluster } = this;
    const status = this.statusOf(bucket);
    if (status === undefined) return null;
    if (status.voters.length < cluster.shape.replicas) {
      const missing = cluster.placement
        .replicasOf(bucket)
        .find((rm) => !status.voters.some((voter) => voter.rm === rm) && cluster.host(rm)?.groups().includes(bucket) === true);
      return missing === undefined ? null : { kind: 'add', replica: cluster.memberOf(missing) };
    }
    // While a disk is lost, learners are those who take its place.
    const [left] = this.loss === null ? status.learners : [];
    return left === undefined ? null : { kind: 'remove', replica: left };
  }

  /** A replica of a bucket is moved; false: not now. @param isDriven whether somebody still works at it */
  async moving(isDriven: () => boolean, move: () => Promise<void>): Promise<boolean> {
    if (this.loss !== null || this.cluster.world.time.nowMs() < this.quietUntilMs) return false;
    await this.tracked(isDriven, move);
    return true;
  }

  private async tracked(isDriven: () => boolean, move: () => Promise<void>): Promise<void> {
    const token = Symbol('move');
    this.moves.set(token, isDriven);
    await move();
    this.moves.delete(token);
  }

  /** Replicas are being moved: a leader that is moved away hands over first. */
  get isMoving(): boolean {
    return [...this.moves.values()].some((isDriven) => isDriven());
  }

  drawWayBack(): WayBack {
    const { random } = this;
    return {
      waitsForRefusal: random.chance(0.6),
      order: random.chance(0.5) ? 'word first' : 'disk first',
      pauseMs: random.unit() * MAX_PAUSE_MS,
      emptiesFolder: random.chance(0.5),
    };
  }

  /** What is on the machine has just been lost; its process is dead. */
  replace(rm: RmId, lost: Ordinal, way: WayBack): void {
    void this.wayBack(this.begin(rm, lost), way);
  }

  /** It may be that nothing is missing: a database is set back, and the log has all that came since. */
  replaceIfRefused(rm: RmId, ordinal: Ordinal): void {
    const loss = this.begin(rm, ordinal);
    const { cluster } = this;
    const settled = (): boolean => this.loss !== loss || cluster.refused.has(rm) || cluster.rms.get(rm)?.hasStarted === true;
    void this.until(settled, null).then(() => {
      if (this.loss !== loss) return;
      if (cluster.refused.has(rm)) void this.wayBack(loss, { ...this.drawWayBack(), emptiesFolder: true });
      else this.loss = null;
      cluster.world.counters.add(cluster.refused.has(rm) ? 'databases set back too far' : 'databases set back and brought up by the log');
    });
  }

  private begin(rm: RmId, beyond: Ordinal | null): Loss {
    this.loss = { rm, beyond };
    return this.loss;
  }

  /** The process was given something that is not its own, and gets its own back. */
  async givenBack(rm: RmId, giveBack: () => void): Promise<void> {
    const loss = this.begin(rm, null);
    await this.until(() => this.cluster.refused.has(rm), null);
    giveBack();
    this.cluster.allow(rm);
    this.cluster.startRm(rm);
    await this.until(() => this.cluster.rms.get(rm)?.hasStarted === true, null);
    if (this.loss === loss) this.loss = null;
  }

  /** A process that is away meanwhile, with its disk. */
  keepDown(rm: RmId, forMs: number): void {
    const { cluster } = this;
    cluster.killRm(rm, 'lose', true);
    cluster.held.add(rm);
    cluster.world.time.at(forMs, () => this.isBack(rm));
  }

  endAbsences(): void {
    for (const rm of this.cluster.held) this.isBack(rm);
    for (const guest of this.cluster.guests.values()) guest.kill('keep', false);
  }

  /** What is wrong with who is a member, once all is over. */
  complaints(): readonly string[] {
    const { cluster } = this;
    const found = this.loss === null ? [] : [`rm-${this.loss.rm} was not replaced`];
    for (const rm of cluster.rmIds)
      if (cluster.rms.get(rm)?.hasStarted !== true) found.push(`rm-${rm} is not back${cluster.refused.has(rm) ? `: ${cluster.refused.get(rm)}` : ''}`);
    for (const group of this.groups()) if (!this.isWhole(group)) found.push(`group ${group} is not whole: ${this.describe(group)}`);
    const nodes = [...cluster.rms.values()].flatMap(({ parts }) => parts?.directory.placement().map.cluster?.nodes ?? []);
    for (const { rm, ordinal } of nodes.filter(({ isLost }) => isLost)) found.push(`rm-${rm} (${ordinal}) still counts as lost`);
    return found;
  }

  private isBack(rm: RmId): void {
    if (this.cluster.held.delete(rm)) this.cluster.startRm(rm);
  }

  private async wayBack(loss: Loss, way: WayBack): Promise<void> {
    const { cluster } = this;
    const { rm } = loss;
    const isMoot = (): boolean => this.loss !== loss;
    if (way.waitsForRefusal) await this.until(() => isMoot() || cluster.refused.has(rm), REFUSED_MS);
    const says = (): Promise<void> => this.sayLost(loss, isMoot);
    const starts = (): Promise<void> => {
      // Told to rejoin since an earlier loss, it may have gone ahead by itself.
      const isAdmitted = cluster.memberOf(rm).ordinal > (loss.beyond ?? -1);
      if (!isMoot() && !isAdmitted) this.startAnew(rm, way.emptiesFolder);
      return Promise.resolve();
    };
    for (const step of way.order === 'word first' ? [says, starts] : [starts, says]) {
      await step();
      await cluster.world.time.after(way.pauseMs);
    }
    let { beyond } = loss;
    while (!isMoot() && !this.isReplaced({ rm, beyond })) {
      // Admitted while he emptied its folder: the process names the incarnation that counts and is no more, and asks for the word again.
      const counting = this.countsInVain(rm, beyond);
      if (counting !== null) await this.sayLost({ rm, beyond: (beyond = counting) }, isMoot);
      // It had just heard that it was admitted when that was said: it runs, and counts as lost. A new folder uses the word up, as the verdict asks for.
      else if (beyond !== loss.beyond && cluster.rms.get(rm)?.hasStarted === true && cluster.memberOf(rm).ordinal === beyond) this.startAnew(rm, true);
      await cluster.world.time.after(LOOK_EVERY_MS);
    }
    if (isMoot()) return;
    cluster.world.trace.note(`the cluster is whole again without the lost disk of rm-${rm}`);
    cluster.world.counters.add('lost disks replaced');
    if (this.random.chance(0.5)) this.machine(rm).rejoin = false;
    this.loss = null;
  }

  private async sayLost({ rm, beyond: lost }: Loss, isMoot: () => boolean): Promise<void> {
    const { cluster, random } = this;
    while (!isMoot()) {
      const tm = present(cluster.tmNames[random.below(cluster.tmNames.length)], 'a coordinator');
      const called = await callTm(
        cluster,
        { tm, client: 'operator', subject: OPERATOR, deadlineMs: CALL_MS, what: 'replace-node' },
        (_tm, caller, coordinator) => coordinator.replaceNode(caller, rm, lost),
      );
      cluster.world.trace.note(`replace-node ${rm}: ${called.kind === 'answered' ? (called.value.ok ? 'done' : called.value.error.reason) : called.kind}`);
      if (called.kind === 'answered' && called.value.ok) return;
      await cluster.world.time.after(LOOK_EVERY_MS);
    }
  }

  /** An incarnation after `beyond` that counts though its folder is gone. */
  private countsInVain(rm: RmId, beyond: Ordinal | null): Ordinal | null {
    const here = this.machine(rm).disk.identity();
    if (here === null || this.cluster.rms.get(rm)?.hasStarted === true) return null;
    const maps = [...this.cluster.rms.values()].flatMap(({ parts, hasStarted }) => (hasStarted && parts !== null ? [parts.directory.placement().map] : []));
    const counting = maps
      .flatMap(({ cluster }) => cluster?.nodes.filter((node) => node.rm === rm && node.ordinal > (beyond ?? -1)) ?? [])
      .find(({ incarnation }) => incarnation !== here.incarnation);
    return counting?.ordinal ?? null;
  }

  private startAnew(rm: RmId, emptiesFolder: boolean): void {
    const { cluster } = this;
    const machine = this.machine(rm);
    cluster.killRm(rm, 'lose', true);
    if (emptiesFolder) machine.disk.restore(EMPTY_FOLDER);
    machine.rejoin = true;
    cluster.world.trace.note(`rm-${rm} is given a new disk${emptiesFolder ? ', its folder emptied' : ''}`);
    cluster.allow(rm);
    cluster.startRm(rm);
  }

  private isReplaced({ rm, beyond }: Loss): boolean {
    const process = this.cluster.rms.get(rm);
    this.takeUpMoved(rm);
    return process?.hasStarted === true && this.cluster.memberOf(rm).ordinal > (beyond ?? -1) && this.groups().every((group) => this.isWhole(group));
  }

  /** A replica that was moved here by hand is not in the map: who moved it opens it on the new disk as well. */
  private takeUpMoved(rm: RmId): void {
    const process = this.cluster.rms.get(rm);
    const { parts, hasStarted } = process ?? {};
    if (process === undefined || hasStarted !== true || parts === undefined || parts === null) return;
    for (const bucket of this.cluster.buckets) {
      if (parts.host.groups().includes(bucket) || this.cluster.placement.replicasOf(bucket).includes(rm)) continue;
      const { voters = [], learners = [] } = this.statusOf(bucket) ?? {};
      if ([...voters, ...learners].some((replica) => replica.rm === rm)) void process.process.hears(parts.manager.addReplica(bucket)).catch(() => undefined);
    }
  }

  /** As many voters as it should have, all of them incarnations that count, and nothing under way. */
  private isWhole(group: BucketId): boolean {
    const status = this.statusOf(group);
    if (status === undefined) return false;
    const replicas = [...status.voters, ...status.outgoing, ...status.formerVoters, ...status.learners];
    return status.voters.length >= this.cluster.shape.replicas && replicas.every((replica) => this.cluster.memberOf(replica.rm).ordinal === replica.ordinal);
  }

  /**
   * Nobody moves a replica of the group, and nobody's log holds that somebody did: only then it is known how many replicas may be
   * lost. Without moves that is certain; with them, only where all are there and the leader is nobody's past.
   */
  private isSettled(group: BucketId): boolean {
    if (!this.movesReplicas) return true;
    const status = this.statusOf(group);
    if (
      status === undefined ||
      status.voters.length < this.cluster.shape.replicas ||
      status.outgoing.length + status.formerVoters.length + status.learners.length > 0 ||
      status.lastIndex !== status.appliedIndex
    )
      return false;
    return this.cluster.rmIds.every((rm) => {
      const process = this.cluster.rms.get(rm);
      const other = process?.host?.status().find((one) => one.group === group);
      return process?.hasStarted === true && (other === undefined || other.term <= status.term);
    });
  }

  private statusOf(group: BucketId) {
    return this.cluster
      .host(this.cluster.leaderOf(group))
      ?.status()
      .find((one) => one.group === group);
  }

  private describe(group: BucketId): string {
    const status = this.statusOf(group);
    return status === undefined
      ? 'no leader'
      : JSON.stringify({ voters: status.voters, outgoing: status.outgoing, former: status.formerVoters, learners: status.learners });
  }

  /** Both in turn: a run in which replicas move has moved one before the first disk is lost. */
  private awaitsMove(): boolean {
    return this.movesReplicas && this.cluster.world.counters.get('membership changes') === 0;
  }

  private groups(): readonly BucketId[] {
    return [META_GROUP, ...this.cluster.buckets];
  }

  private machine(rm: RmId): Machine {
    return present(this.cluster.machines.get(rm), 'machine');
  }

  /** @param withinMs null: for as long as it takes */
  private async until(condition: () => boolean, withinMs: number | null): Promise<void> {
    const { time } = this.cluster.world;
    const endMs = time.nowMs() + (withinMs ?? Number.MAX_SAFE_INTEGER);
    while (!condition() && time.nowMs() < endMs) await time.after(LOOK_EVERY_MS);
  }
}
