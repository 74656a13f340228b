/**
 * Watches the running cluster from outside: who speaks as leader in which term, whether all replicas apply equal entries
 * with equal answers, and when each decision first existed. Keeps the applied log for the auditor's walk at the end.
 */
import { rendered, show, type DecisionSeen, type Findings } from '@mas/auditor';
import type { Outcome, OutcomeRow } from '@mas/ledger';
import { raftIdOf, type MemberId } from '@mas/membership';
import type { PeerBatch } from '@mas/multi-raft';
import type { Entry, EntryId } from '@mas/raft';
import { META_GROUP } from '@mas/placement';
import type { BucketId, PaymentKey, RmId } from '@mas/values';
import type { ClusterObserver } from '../cluster/observer';
import type { CheckpointSeen } from './books-walk';
import { HandOverWatch } from './hand-over-watch';
import { sameValue } from '../world/same-value';
import type { World } from '../world/world';

export interface AppliedEntry {
  readonly entry: Entry;
  readonly outcomes: readonly Outcome[];
  /** When a replica had first applied it. */
  readonly firstMs: number;
  /** Of all entries of all logs, in the order in which a replica had first applied them. */
  readonly order: number;
  /** When its leader proposed it; null: its group did so itself. */
  readonly proposedMs: number | null;
}

/** The founding configuration counts as applied entry 1. */
const FIRST_ENTRY = 2;

/** What only a leader sends. */
const LEADER_MESSAGES: ReadonlySet<string> = new Set(['append', 'heartbeat', 'snapshot', 'timeout-now']);

export class ClusterWatch implements ClusterObserver {
  readonly applied = new Map<BucketId, Map<number, AppliedEntry>>();
  readonly decisions = new Map<PaymentKey, DecisionSeen>();
  /** Bucket → position in its log → what databases were given there. */
  readonly checkpoints = new Map<BucketId, Map<number, CheckpointSeen[]>>();
  /** Group and term → Raft id. */
  private readonly leaders = new Map<string, number>();
  private readonly positions = new Map<string, number>();
  private readonly founded = new Set<string>();
  private entries = 0;
  /** Group and bytes of what has been proposed and not applied yet → when. */
  private readonly proposed = new Map<string, number>();
  /** Of slot-owners.ts. */
  answersWithinMs: number | null = null;
  readonly handOvers: HandOverWatch;
  /** The first replica of a home has applied it. */
  onCommitted: ((home: BucketId, outcome: OutcomeRow) => void) | null = null;

  constructor(
    private readonly world: World,
    private readonly findings: Findings,
  ) {
    this.handOvers = new HandOverWatch(world, findings);
  }

  onBatch(from: MemberId, batch: PeerBatch): void {
    for (const { group, message } of batch.messages) if (LEADER_MESSAGES.has(message.kind) && 'term' in message) this.leads(group, message.term, from);
    for (const { group, term } of batch.heartbeats) this.leads(group, term, from);
    this.handOvers.sent(from, batch);
  }

  onTaken(by: MemberId, from: MemberId, batch: PeerBatch): void {
    this.handOvers.taken(by, from, batch);
  }

  onApplierAt(rm: RmId, group: BucketId, at: EntryId): void {
    this.positions.set(`${rm}/${group}`, at.index);
  }

  onProposed(group: BucketId, data: Uint8Array): void {
    this.proposed.set(proposalKey(group, data), this.world.time.nowMs());
  }

  onApplied(rm: RmId, group: BucketId, entry: Entry, outcomes: readonly Outcome[]): void {
    this.expectOrder(rm, group, entry);
    const log = this.applied.get(group) ?? new Map<number, AppliedEntry>();
    this.applied.set(group, log);
    const known = log.get(entry.index);
    if (known === undefined) {
      const key = proposalKey(group, entry.data);
      log.set(entry.index, {
        entry: { ...entry, data: Uint8Array.from(entry.data) },
        outcomes,
        firstMs: this.world.time.nowMs(),
        order: (this.entries += 1),
        proposedMs: this.proposed.get(key) ?? null,
      });
      this.proposed.delete(key);
      // Its outcomes follow from it, and travel as answers.
      this.world.trace.record(`applied ${group}/${entry.index}@${entry.term}`, entry.data);
      for (const outcome of outcomes) this.look(group, outcome);
      return;
    }
    const same = known.entry.term === entry.term && known.entry.type === entry.type && Buffer.compare(known.entry.data, entry.data) === 0;
    this.findings.expect(
      same,
      'equal logs',
      () => `rm-${rm} applies another entry at ${group}/${entry.index}: term ${entry.term}, another replica had term ${known.entry.term}`,
    );
    if (same)
      this.findings.expect(
        sameValue(known.outcomes, outcomes),
        'equal replicas',
        () => `rm-${rm} answers entry ${group}/${entry.index} with ${rendered(outcomes)}, another replica with ${rendered(known.outcomes)}`,
      );
  }

  onCheckpoint(rm: string, group: BucketId, index: number, { accounts, legs }: Omit<CheckpointSeen, 'rm'>): void {
    if (group === META_GROUP || accounts.length + legs.length === 0) return;
    const known = this.checkpoints.get(group) ?? new Map<number, CheckpointSeen[]>();
    this.checkpoints.set(group, known);
    const seen = { rm, accounts: accounts.map((row) => ({ ...row })), legs: legs.map((row) => ({ ...row })) };
    known.set(index, [...(known.get(index) ?? []), seen]);
  }

  onFatal(process: string, error: unknown, expected: boolean): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.world.trace.note(`${process} stops itself: ${error instanceof Error ? error.message : text}`);
    if (expected) this.world.counters.add('expected stops');
    else this.findings.add('no process gives up', `${process}: ${text}`);
  }

  onHeard(process: string, by: string, why: string): void {
    this.findings.add('nobody hears who is no member', `${by} takes what ${process} says: ${why}`);
  }

  /** Once: what is begun anew later forgets what there was. */
  onFounded(process: string, group: BucketId): void {
    const key = `${process}/${group}`;
    this.findings.expect(!this.founded.has(key), 'a cluster is founded once', () => `${process} begins group ${group} anew`);
    this.founded.add(key);
  }

  private leads(group: BucketId, term: number, member: MemberId): void {
    const key = `${group}@${term}`;
    const known = this.leaders.get(key);
    const id = raftIdOf(member);
    if (known === undefined) {
      this.leaders.set(key, id);
      this.handOvers.leads(group, term, member);
      this.world.trace.note(`rm-${member.rm} leads ${group === META_GROUP ? 'the meta group' : `bucket ${group}`} in term ${term}`);
      this.world.counters.add('leaderships');
    } else {
      this.findings.expect(known === id, 'one leader per term', () => `the replicas ${known} and ${id} both lead group ${group} in term ${term}`);
    }
  }

  /** An applier gets every entry once per life, in order. */
  private expectOrder(rm: RmId, group: BucketId, entry: Entry): void {
    const key = `${rm}/${group}`;
    const before = this.positions.get(key);
    this.findings.expect(
      before !== undefined && (entry.index === before + 1 || (before === 0 && entry.index === FIRST_ENTRY)),
      'applied in order',
      () => `rm-${rm} applies ${group}/${entry.index} after ${before}`,
    );
    this.positions.set(key, entry.index);
  }

  private look(group: BucketId, outcome: Outcome): void {
    if (outcome.kind === 'each') for (const member of outcome.outcomes) this.look(group, member);
    if (outcome.kind === 'alarm') this.findings.add('no alarm', `bucket ${group}: ${rendered(outcome.alarm)}`);
    if (outcome.kind !== 'decided') return;
    const { key, txn, decision } = outcome.outcome;
    const known = this.decisions.get(key);
    if (known === undefined) {
      this.decisions.set(key, { txn, kind: decision.kind, firstMs: this.world.time.nowMs() });
      if (decision.kind === 'committed') this.onCommitted?.(group, outcome.outcome);
    } else
      this.findings.expect(
        known.txn === txn && known.kind === decision.kind,
        'a decision never flips',
        () => `${show(key)}: ${known.kind} as ${known.txn.slice(0, 8)}, later ${decision.kind} as ${txn.slice(0, 8)}`,
      );
  }
}

/** What is proposed twice is stamped twice: equal bytes are one proposal. */
function proposalKey(group: BucketId, data: Uint8Array): string {
  return `${group} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')}`;
}
