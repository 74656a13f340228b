/**
 * What one process knows of who it is and who the others are, as it changes: the table of members, the marks. One per process; every
 * end of every connection introduces itself and judges with it. Pure; who makes tables and marks durable reads them from here.
 */
import { invariant, present, type RmId } from '@mas/values';
import type { ClusterId, MemberIdentity } from './identity';
import { Elsewhere } from './elsewhere';
import type { MemberTable } from './member-table';
import { judgeLog, judgeOneself, judgePeer, type PeerName, type PeerRefusal } from './peer-name';
import type { PositionMark, PositionMarks } from './position-marks';
import { areRuns, type RunStart } from './run-history';

export interface LocalMemberOptions {
  readonly clusterId: ClusterId;
  readonly self: MemberIdentity;
  readonly members: MemberTable;
  readonly marks: PositionMarks;
  /** Number of the last batch that this process's log holds durably. */
  readonly position: () => number;
}

export class LocalMember {
  readonly clusterId: ClusterId;
  readonly self: MemberIdentity;
  readonly marks: PositionMarks;
  private readonly elsewhere = new Elsewhere();
  private table: MemberTable;
  private runs: readonly RunStart[] = [];
  /** What was heard of the own log that it has no memory of. */
  private forgotten: Pick<PositionMark, 'run' | 'position'> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly learners = new Set<() => void>();

  constructor(private readonly options: LocalMemberOptions) {
    this.clusterId = options.clusterId;
    this.self = options.self;
    this.marks = options.marks;
    this.table = options.members;
  }

  get members(): MemberTable {
    return this.table;
  }

  /** Before anything is said; durable by then. @param runs the one that begins last */
  begin(runs: readonly RunStart[]): void {
    invariant(areRuns(runs), 'the runs of a data folder are in order', { runs: runs.length });
    this.runs = runs;
  }

  /** False: it says nothing of itself yet. */
  get hasBegun(): boolean {
    return this.runs.length > 0;
  }

  /** What this end of a connection says. */
  name(): PeerName {
    invariant(this.hasBegun, 'a run has begun before a process says who it is');
    return { ...this.self, clusterId: this.clusterId, position: this.options.position(), runs: this.runs, table: this.table.version };
  }

  /** Null: the other end is welcome, and where it stands is remembered: a copy from before knows nothing of this run. */
  judge(peer: PeerName): PeerRefusal | null {
    const refusal = this.examine(peer);
    const { rm, ordinal, position } = peer;
    const run = peer.runs.at(-1)?.run;
    if (refusal?.name === 'NOT_KNOWN_YET') for (const learn of [...this.learners]) learn();
    if (refusal === null && rm !== this.self.rm && run !== undefined) this.marks.raise({ rm, ordinal, run, position });
    return refusal;
  }

  /** As judge, of one that only asks whether it would be let in: nothing of it is remembered. */
  examine(peer: PeerName): PeerRefusal | null {
    return judgePeer({ clusterId: this.clusterId, members: this.table, marks: this.marks }, peer);
  }

  /** As judge, for who dials one Resource Manager and may reach another one. */
  judgeAs(expected: RmId, peer: PeerName): PeerRefusal | null {
    const refusal = this.judge(peer);
    if (refusal !== null || peer.rm === expected) return refusal;
    return {
      name: 'OTHER_RESOURCE_MANAGER',
      message: `rm-${peer.rm} answers at the address of rm-${expected}. Check the addresses in --cluster.`,
      isFinal: false,
      mark: null,
    };
  }

  /** Whether who was let in is still welcome: how far its log went is known since then. */
  keeps(peer: PeerName): boolean {
    return this.examine({ ...peer, position: Number.MAX_SAFE_INTEGER }) === null;
  }

  /**
   * What being turned away means for this process. A position was true when it was said; by the time it was judged, others may
   * have passed on a newer one: so the mark is compared with the own log. A process of another cluster at one address is at the wrong
   * place itself. @param by whom this process has dialled @returns why this one is no member any more; null: it dials again
   */
  turnedAway(by: RmId, told: PeerRefusal): PeerRefusal | null {
    if (told.name === 'ANOTHER_CLUSTER') {
      this.elsewhere.found(by);
      return this.elsewhere.areMostOf(this.table.members().length - 1) ? told : null;
    }
    if (!told.isFinal || told.mark === null) return told.isFinal ? told : null;
    return judgeLog(this.name(), told.mark);
  }

  /** As turnedAway: whom this process has dialled has taken it. */
  letIn(by: RmId): void {
    this.elsewhere.isNot(by);
  }

  /** Older or equal ones are ignored. @returns whether something changed. */
  adopt(members: MemberTable): boolean {
    if (members.version <= this.table.version) return false;
    this.table = members;
    this.changed();
    return true;
  }

  /** Where the own log stands: goes with everything that is promised to another process. */
  own(): PositionMark {
    const { rm, ordinal } = this.self;
    const { run } = present(this.runs.at(-1), 'the run that has begun');
    return { rm, ordinal, run, position: this.options.position() };
  }

  /** For signs of life: the own position first, then the marks of others. */
  tell(): readonly PositionMark[] {
    return [this.own(), ...this.marks.all().filter((mark) => mark.rm !== this.self.rm)];
  }

  heard(marks: readonly PositionMark[]): void {
    for (const mark of marks) {
      if (mark.rm !== this.self.rm) this.marks.raise(mark);
      // Of oneself one hears what one has said; more than that, and somebody else knows better.
      else if (mark.ordinal === this.self.ordinal && judgeLog(this.name(), mark) !== null) {
        this.forgotten = mark;
        this.changed();
      }
    }
  }

  /** Why this process is no member any more by what it has heard itself; final. Null: it is. */
  refusal(): PeerRefusal | null {
    const name = this.name();
    return (
      judgeOneself({ clusterId: this.clusterId, members: this.table, marks: this.marks }, name) ??
      (this.forgotten === null ? null : judgeLog(name, this.forgotten))
    );
  }

  /** Called whenever another table counts or this process finds itself refused: connections are looked at again. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Called whenever somebody says that he is an incarnation that the table here does not have yet: a newer one may count. */
  onUnknown(listener: () => void): void {
    this.learners.add(listener);
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
