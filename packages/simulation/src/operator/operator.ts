/**
 * The operator of a simulated cluster, and what is known of its disks. He allows that a lost one is replaced, starts its Resource
 * Manager with a new one, in either order, and looks until the cluster is whole. He also keeps to what the design promises: one disk
 * is lost at a time, none while a replica is being moved, and no replica is moved while a disk is lost.
 */
import type { Ordinal } from '@mas/membership';
import { META_GROUP, META_REPLICAS, placements } from '@mas/placement';
import { present, type BucketId, type RmId, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/cluster-parts';
import { OPERATOR } from '../cluster/tokens';
import { EMPTY_FOLDER } from '../world/sim-disk';
import { callTm } from '../workload/tm-call';
import { proposed } from '../faults/map-changes';

const LOOK_EVERY_MS = 200;
const CALL_MS = 1_500;
/** So long he waits for the word of the refused process before he goes ahead without it. */
const REFUSED_MS = 4_000;
const MAX_PAUSE_MS = 3_000;
/** No moves for so long, and at least as long again before the next time. */
const QUIET_MS = 4_000;
/** A move whose driver died is brought to its end by the next leader. */
const MOVE_LIMIT_MS = 60_000;

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
    }
    return may;
  }

  /** A replica may be moved: no disk is lost, and no loss waits for a moment of rest. */
  mayMove(): boolean {
    return this.loss === null && this.cluster.world.time.nowMs() >= this.quietUntilMs;
  }

  /** Whether the group comes to be on these before something else is wanted of it. */
  async hasMoved(group: BucketId, replicas: readonly RmId[]): Promise<boolean> {
    const isWanted = (): boolean => this.placed(group).join() === replicas.join();
    const isThere = (): boolean => {
      const voters = this.statusOf(group)?.voters ?? [];
      return voters.length === replicas.length && voters.every(({ rm }) => replicas.includes(rm));
    };
    await this.until(() => isThere() || !isWanted(), MOVE_LIMIT_MS);
    return isThere();
  }

  /** Replicas are being moved: a leader that is moved away hands over first. */
  get isMoving(): boolean {
    return this.groups().some((group) => !this.isWhole(group));
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

  /** Nothing is wanted of slots any more; what is on its way for a wish is called off. */
  async endWishes(): Promise<void> {
    while (this.cluster.newestMap().cluster?.wishes !== undefined) {
      await proposed(this, { kind: 'cancel-moves' });
      await this.cluster.world.time.after(LOOK_EVERY_MS);
    }
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
    return process?.hasStarted === true && this.cluster.memberOf(rm).ordinal > (beyond ?? -1) && this.groups().every((group) => this.isWhole(group));
  }

  /** It is where the newest map wants it, with as many voters as it should have, all of them incarnations that count, and nothing is under way. */
  private isWhole(group: BucketId): boolean {
    const status = this.statusOf(group);
    if (status === undefined) return false;
    const replicas = [...status.voters, ...status.outgoing, ...status.formerVoters, ...status.learners];
    const placed = this.placed(group);
    const wanted = group === META_GROUP ? Math.min(META_REPLICAS, this.cluster.shape.resourceManagers) : this.cluster.shape.replicas;
    return (
      placed.length === wanted &&
      status.voters.length === wanted &&
      replicas.every((replica) => placed.includes(replica.rm) && this.cluster.memberOf(replica.rm).ordinal === replica.ordinal)
    );
  }

  private placed(group: BucketId): readonly RmId[] {
    return placements(this.cluster.newestMap()).find(({ bucket }) => bucket === group)?.replicas ?? [];
  }

  /**
   * Nobody moves a replica of the group, and nobody's log holds that somebody did: only then it is known how many replicas may be
   * lost. Without moves that is certain; with them, only where all are there and the leader is nobody's past.
   */
  private isSettled(group: BucketId): boolean {
    if (!this.movesReplicas) return true;
    const status = this.statusOf(group);
    if (status === undefined || !this.isWhole(group) || status.lastIndex !== status.appliedIndex) return false;
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
    return [META_GROUP, ...this.cluster.kept];
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
