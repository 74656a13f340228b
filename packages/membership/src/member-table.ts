/** Which incarnation of each RM counts: the founders', then as the meta group has admitted others. A value with a version. */
import { invariant, type RmId } from '@mas/values';
import { FOUNDER, type MemberIdentity } from './identity';

export class MemberTable {
  private readonly byRm: ReadonlyMap<RmId, MemberIdentity>;

  /** @param version 0 for the founders; then that of the placement map it came with. */
  constructor(
    readonly version: number,
    members: readonly MemberIdentity[],
    /** Were members, and are not any more: whoever comes under such an id is turned away for good. */
    readonly removed: readonly RmId[] = [],
  ) {
    this.byRm = new Map(members.map((member) => [member.rm, member]));
    invariant(this.byRm.size === members.length, 'one incarnation of an RM counts', { members: members.length });
  }

  static ofFounders(founders: readonly Omit<MemberIdentity, 'ordinal'>[]): MemberTable {
    return new MemberTable(
      0,
      founders.map(({ rm, incarnation }) => ({ rm, incarnation, ordinal: FOUNDER })),
    );
  }

  get size(): number {
    return this.byRm.size;
  }

  of(rm: RmId): MemberIdentity | undefined {
    return this.byRm.get(rm);
  }

  /** In ascending order of RM. */
  members(): readonly MemberIdentity[] {
    return [...this.byRm.values()].sort((a, b) => a.rm - b.rm);
  }
}
