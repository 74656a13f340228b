/**
 * What processes say of themselves in their signs of life, and to whom leaders hand over their groups by themselves: to nobody who
 * has long said that he ails, and not before they have had a group for a while. Both from the bytes on the wire, and from what has arrived.
 */
import type { Findings } from '@mas/auditor';
import { memberOfRaftId, raftIdOf, type MemberId } from '@mas/membership';
import type { PeerBatch } from '@mas/multi-raft';
import type { BucketId, RmId } from '@mas/values';
import type { World } from '../world/world';

/** A leader keeps a group at least for holdMs (3 s, multi-raft/src/config.ts), counted in its own ticks of 40 ms. */
const HOLD_MS = 2_900;
/** What is heard while a hand-over is being prepared comes too late for it (GIVE_UP_MS, multi-raft/src/group/handover.ts). */
const PREPARED_MS = 2_100;

type Condition = NonNullable<PeerBatch['condition']>;

interface Reign {
  readonly leader: number;
  readonly sinceMs: number;
}

export class HandOverWatch {
  /** Whether somebody has asked for it: then it is nobody's own will. */
  isAskedFor: (rm: RmId, group: BucketId) => boolean = () => false;
  /** Raft id → its last word about itself. */
  private readonly said = new Map<number, Condition>();
  /** Who has heard it and of whom → since when all of its words there have been that it ails. */
  private readonly heardAilingMs = new Map<string, number>();
  /** Group and term → its leader. */
  private readonly reigns = new Map<string, Reign>();

  constructor(
    private readonly world: World,
    private readonly findings: Findings,
  ) {}

  /** A batch leaves. */
  sent(from: MemberId, { condition, messages }: PeerBatch): void {
    if (condition !== null) this.says(from, condition);
    for (const { group, message } of messages) if (message.kind === 'timeout-now') this.handedOver(from, memberOfRaftId(message.to), group, message.term);
  }

  /** A batch is read. */
  taken(by: MemberId, from: MemberId, { condition }: PeerBatch): void {
    if (condition === null) return;
    const key = pair(by, from);
    if (condition.kind !== 'ailing') this.heardAilingMs.delete(key);
    else if (!this.heardAilingMs.has(key)) this.heardAilingMs.set(key, this.world.time.nowMs());
  }

  /** It speaks as the leader of the group in this term. */
  leads(group: BucketId, term: number, member: MemberId): void {
    const key = `${group}@${term}`;
    if (!this.reigns.has(key)) this.reigns.set(key, { leader: raftIdOf(member), sinceMs: this.world.time.nowMs() });
  }

  private says(member: MemberId, condition: Condition): void {
    const id = raftIdOf(member);
    const before = this.said.get(id);
    this.said.set(id, condition);
    const known = before?.kind === 'ailing' ? before.of : [];
    const now = condition.kind === 'ailing' ? condition.of : [];
    for (const ailment of now.filter((one) => !known.includes(one))) {
      this.world.counters.add(`ails: ${ailment}`);
      this.world.trace.note(`rm-${member.rm} says that it ails: ${ailment}`);
    }
    if (known.length > 0 && now.length === 0) this.world.trace.note(`rm-${member.rm} says that it ails no more`);
  }

  private handedOver(from: MemberId, to: MemberId, group: BucketId, term: number): void {
    const nowMs = this.world.time.nowMs();
    const isOwnWill = !this.isAskedFor(from.rm, group);
    this.world.counters.add(isOwnWill ? 'hand-overs' : 'hand-overs asked for');
    if (!isOwnWill) return;
    this.world.trace.note(`rm-${from.rm} hands bucket ${group} over to rm-${to.rm}`);
    const reign = this.reigns.get(`${group}@${term}`);
    const heldMs = reign === undefined || reign.leader !== raftIdOf(from) ? Infinity : nowMs - reign.sinceMs;
    this.findings.expect(
      heldMs >= HOLD_MS,
      'who is given a group keeps it for a while',
      () => `rm-${from.rm} hands group ${group} over to rm-${to.rm} after ${heldMs.toFixed(0)} ms of term ${term}`,
    );
    const ailsForMs = nowMs - (this.heardAilingMs.get(pair(from, to)) ?? nowMs);
    this.findings.expect(
      ailsForMs <= PREPARED_MS,
      'nothing is handed to who ails',
      () => `rm-${from.rm} hands group ${group} over to rm-${to.rm}, which has told it for ${ailsForMs.toFixed(0)} ms that it ails`,
    );
  }
}

function pair(by: MemberId, of: MemberId): string {
  return `${raftIdOf(by)} ${raftIdOf(of)}`;
}
