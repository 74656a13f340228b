/**
 * The lock service's BucketLocks over the buckets' own instructions: a lock is granted, extended and given
 * back as an entry of the bucket that owns the id's slot, through whichever replica leads it.
 */
import type { BucketGrant, BucketLocks, LockMode, LockReport } from '@mas/global-lock';
import { brokenAtMs, type Instruction, type LockRow } from '@mas/ledger';
import { bucketsWithRows, slotOfAccount } from '@mas/placement';
import type { InstructionPhase, InstructionReply } from '@mas/two-phase-commit';
import { accountNumber, parseAccountNumber, type BucketId, type Slot } from '@mas/values';
import { BucketLink } from '../transport/bucket-link';
import type { FollowerPorts } from '../transport/leader-follower';

export interface EffectiveLockRow {
  readonly lockId: string;
  readonly owner: string;
  readonly token: number;
  readonly remainingMs: number;
}

/** How long one instruction may look for its bucket's leader. */
const INSTRUCTION_TIMEOUT_MS = 4_000;

export class ParticipantBucketLocks implements BucketLocks {
  private readonly link: BucketLink;

  constructor(private readonly ports: FollowerPorts) {
    this.link = new BucketLink(ports);
  }

  async acquire(lockId: string, owner: string, mode: LockMode, ttlMs: number, token: string): Promise<BucketGrant> {
    const slot = slotOf(lockId);
    if (slot === null) return { kind: 'refused', name: 'LOCK_ID_INVALID', lockId };
    // The subject is what the leader reads from the token; this one is never believed.
    const reply = await this.instruct('phase-1', slot, { kind: 'acquire-lock', slot, lockId, owner, mode, ttlMs, subject: { kind: 'system' } }, token);
    if (reply.kind === 'outcome') {
      const { outcome } = reply;
      if (outcome.kind === 'lock') return { kind: 'granted', token: outcome.lock.token, preparedLegs: outcome.preparedLegs };
      if (outcome.kind === 'locked')
        return {
          kind: 'held',
          mode: outcome.lock.mode === 'shared' ? 'shared' : 'exclusive',
          owner: outcome.lock.owner,
          remainingMs: Math.max(0, outcome.lock.untilMs - this.ports.clock.wallMs()),
        };
      return outcome.kind === 'refused'
        ? { kind: 'refused', name: outcome.refusal.name, lockId }
        : { kind: 'unavailable', reason: `the bucket answered ${outcome.kind}` };
    }
    return notAnswered(reply, lockId);
  }

  async refresh(lockId: string, owner: string, ttlMs: number): ReturnType<BucketLocks['refresh']> {
    const slot = slotOf(lockId);
    if (slot === null) return 'lost';
    const reply = await this.instruct('phase-2-commit', slot, { kind: 'refresh-lock', slot, lockId, owner, ttlMs }, null);
    if (reply.kind !== 'outcome') return 'unavailable';
    if (reply.outcome.kind === 'lock') return 'refreshed';
    return reply.outcome.kind === 'wrong-bucket' ? 'unavailable' : 'lost';
  }

  async release(lockId: string, owner: string): ReturnType<BucketLocks['release']> {
    const slot = slotOf(lockId);
    if (slot === null) return 'not-held';
    const reply = await this.instruct('phase-2-commit', slot, { kind: 'release-lock', slot, lockId, owner }, null);
    if (reply.kind !== 'outcome') return 'unavailable';
    if (reply.outcome.kind === 'lock-released') return 'released';
    return reply.outcome.kind === 'wrong-bucket' ? 'unavailable' : 'not-held';
  }

  async inspect(lockId: string, deadlineMs: number): ReturnType<BucketLocks['inspect']> {
    const slot = slotOf(lockId);
    if (slot === null) return null;
    const reply = await this.link.readOf(slot, (bucket) => ({ kind: 'locks', bucket, lockId }), deadlineMs);
    if (reply.kind !== 'locks') return null;
    return reportOf(
      lockId,
      reply.locks.filter((lock) => lock.lockId === lockId),
      reply.stampMs,
    );
  }

  async list(deadlineMs: number): ReturnType<BucketLocks['list']> {
    const buckets = bucketsWithRows(this.ports.directory.placement().map);
    const lists = await Promise.all(buckets.map((bucket) => this.listOf(bucket, deadlineMs)));
    return { locks: lists.flatMap((list) => list ?? []), silent: buckets.filter((_, at) => lists[at] === null) };
  }

  async break(lockId: string, upToToken: number, token: string): ReturnType<BucketLocks['break']> {
    const slot = slotOf(lockId);
    if (slot === null) return 'not-held';
    // As with a grant, the subject is what the leader reads from the token.
    const reply = await this.instruct('phase-1', slot, { kind: 'break-lock', slot, lockId, upToToken, subject: { kind: 'system' } }, token);
    if (reply.kind !== 'outcome') return notAnswered(reply, lockId);
    if (reply.outcome.kind === 'lock-released') return 'broken';
    if (reply.outcome.kind !== 'refused') return { kind: 'unavailable', reason: `the bucket answered ${reply.outcome.kind}` };
    return reply.outcome.refusal.name === 'LOCK_NOT_OWNED' ? 'not-held' : { kind: 'refused', name: reply.outcome.refusal.name, lockId };
  }

  /** The exclusive ones of all buckets, for a lock table that was emptied. Rejects when a bucket cannot say. */
  async effective(): Promise<readonly EffectiveLockRow[]> {
    const buckets = bucketsWithRows(this.ports.directory.placement().map);
    const lists = await Promise.all(buckets.map((bucket) => this.locksOf(bucket)));
    return lists.flat();
  }

  /** Null: the bucket does not say. */
  private async listOf(bucket: BucketId, deadlineMs: number): Promise<readonly Omit<LockReport, 'waiting'>[] | null> {
    const reply = await this.link.read(bucket, { kind: 'locks', bucket, lockId: null }, deadlineMs);
    if (reply.kind !== 'locks') return null;
    const byId = new Map<string, LockRow[]>();
    for (const lock of reply.locks) {
      const rows = byId.get(lock.lockId);
      if (rows === undefined) byId.set(lock.lockId, [lock]);
      else rows.push(lock);
    }
    const inForce = [...byId].map(([lockId, rows]) =>
      reportOf(
        lockId,
        rows.filter((lock) => lock.mode === 'broken' || lock.untilMs > reply.stampMs),
        reply.stampMs,
      ),
    );
    return inForce.filter((report) => report.holders.length > 0);
  }

  private async locksOf(bucket: BucketId): Promise<readonly EffectiveLockRow[]> {
    const { clock } = this.ports;
    const reply = await this.link.read(bucket, { kind: 'locks', bucket, lockId: null }, clock.monotonicMs() + INSTRUCTION_TIMEOUT_MS);
    if (reply.kind !== 'locks') throw new Error(`bucket ${bucket} did not say which locks it holds`);
    // By the bucket's time, not by this machine's: a clock that is minutes behind would keep payments from an account for minutes.
    return reply.locks
      .filter((lock) => lock.mode === 'exclusive')
      .map(({ lockId, owner, token, untilMs }) => ({ lockId, owner, token, remainingMs: untilMs - reply.stampMs }))
      .filter((lock) => lock.remainingMs > 0);
  }

  private async instruct(phase: InstructionPhase, slot: Slot, instruction: Instruction, token: string | null): Promise<InstructionReply> {
    const untilMs = this.ports.clock.monotonicMs() + INSTRUCTION_TIMEOUT_MS;
    for (;;) {
      const reply = await this.link.instruct(this.link.bucketOf(slot), phase, instruction, token, untilMs);
      const hasMoved = reply.kind === 'outcome' && reply.outcome.kind === 'wrong-bucket';
      if (!hasMoved || !(await this.link.placedAgain(untilMs))) return reply;
    }
  }
}

/** @param rows of this id; @param stampMs the bucket's time, by which they end */
function reportOf(lockId: string, rows: readonly LockRow[], stampMs: number): Omit<LockReport, 'waiting'> {
  const holders = rows.filter((lock) => lock.mode !== 'broken');
  const note = rows.find((lock) => lock.mode === 'broken');
  const [first] = holders;
  return {
    lockId,
    mode: first === undefined ? null : first.mode === 'shared' ? 'shared' : 'exclusive',
    holders: holders.map(({ heldBy, token, untilMs }) => ({ heldBy, token, remainingMs: Math.max(0, untilMs - stampMs) })),
    lastBreak: note === undefined ? null : { by: note.heldBy, atMs: brokenAtMs(note), upToToken: note.token },
  };
}

/** What a bucket will not do is told apart from what it did not say. */
function notAnswered(
  reply: Exclude<InstructionReply, { readonly kind: 'outcome' }>,
  lockId: string,
): Extract<BucketGrant, { readonly kind: 'refused' | 'unavailable' }> {
  return reply.kind === 'permission-denied' ? { kind: 'refused', name: reply.reason, lockId } : { kind: 'unavailable', reason: reply.reason };
}

/** Lock ids have the form of account numbers, so that they have slots. */
function slotOf(lockId: string): Slot | null {
  return parseAccountNumber(lockId).ok ? slotOfAccount(accountNumber(lockId)) : null;
}
