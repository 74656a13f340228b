/**
 * Walks the applied logs of all buckets, in the order in which their entries were first applied, with a small memory of its own: a prepare comes before its
 * commit, never after its rollback; remote legs commit only after their home's decision; one exclusive holder at a time, tokens only rise, and what
 * a lock forbids did not happen; an account's change is made or refused, and that once. What is known of an account, a lock or a promise goes with its slot
 * to the next owner (slot-owners.ts). Moments: moment-walk.ts.
 */
import { HoldsSeen, show, type Findings } from '@mas/auditor';
import { isMany, memberCount, type Instruction, type LockRow, type Outcome } from '@mas/ledger';
import { META_GROUP, slotOfAccount } from '@mas/placement';
import { ProtoLedgerCodec } from '@mas/rpc';
import { accountNumber, isIn, type AccountNumber, type BucketId, type PaymentKey, type SlotRange, type TxnId } from '@mas/values';
import type { Counters } from '../world/counters';
import { EPOCH_MS } from '../world/sim-process';
import { Books, type Version } from './books';
import { branchesOf } from './branches';
import { BooksWalk, expectGivenBack } from './books-walk';
import type { AppliedEntry, ClusterWatch } from './cluster-watch';
import { MAX_AHEAD_MS } from './limits';
import { MomentWalk } from './moment-walk';
import { SlotOwners, type HandOver } from './slot-owners';
import { StagedRows } from './staged-rows';

const ENDS: ReadonlySet<Instruction['kind']> = new Set(['commit', 'commit-many', 'rollback', 'decide-abort', 'resolve']);
const STOPS: ReadonlySet<Outcome['kind']> = new Set(['locked', 'refused', 'wait']);

/** What the logs tell of. */
export interface LogsWalked {
  readonly holds: HoldsSeen;
  readonly books: ReadonlyMap<AccountNumber, readonly Version[]>;
  readonly owners: SlotOwners;
  /** What instructions came to (branches.ts). */
  readonly branches: ReadonlySet<string>;
}

/** @param endMs when all logs had come to rest */
export function walkLogs(watch: ClusterWatch, findings: Findings, counters: Counters, endMs: number): LogsWalked {
  const seen = new Seen(findings, watch.answersWithinMs);
  const walks = new Map<BucketId, BucketWalk>();
  for (const { bucket, index, applied } of inOrder(watch)) {
    if (bucket === META_GROUP) {
      if (applied.entry.type === 'normal') seen.owners.stepMap(applied.entry.data);
      continue;
    }
    const walk = walks.get(bucket) ?? new BucketWalk(bucket, watch, seen, findings, counters);
    walks.set(bucket, walk);
    walk.next(index, applied);
  }
  expectGivenBack(seen.books, EPOCH_MS + endMs, findings);
  return { holds: seen.holds, books: seen.books.versions, owners: seen.owners, branches: seen.branches };
}

interface Placed {
  readonly bucket: BucketId;
  readonly index: number;
  readonly order: number;
  readonly applied: AppliedEntry;
}

/** Of all groups; each by its indexes. */
function inOrder({ applied: logs }: ClusterWatch): readonly Placed[] {
  const all: Placed[] = [];
  for (const [bucket, log] of logs) {
    let order = 0;
    for (const [index, applied] of [...log].sort(([a], [b]) => a - b)) {
      order = Math.max(order, applied.order);
      all.push({ bucket, index, order, applied });
    }
  }
  return all.sort((a, b) => a.order - b.order || a.index - b.index);
}

/** What all logs have told so far. */
class Seen {
  readonly holds = new HoldsSeen();
  readonly branches = new Set<string>();
  readonly books = new Books();
  readonly owners: SlotOwners;
  /** account and txn → what the logs have made of the leg. */
  readonly legs = new Map<string, 'prepared' | 'committed' | 'aborted'>();
  /** txn → whose it is, of what has been prepared: an instruction that ends many legs is not answered with their rows. */
  readonly keys = new Map<TxnId, PaymentKey>();
  readonly locks = new Map<string, LockRow>();
  readonly changes = new Map<PaymentKey, 'made' | 'refused'>();
  /** Lock id → owner → his row. */
  readonly shared = new Map<string, Map<string, LockRow>>();
  /** account and txn → moment of its promise. */
  readonly promises = new Map<string, number | null>();
  /** By move: what the last owner's next tokens and moments would have been behind. */
  readonly handedOver = new Map<number, { readonly lastToken: number; readonly lastUs: number }>();

  constructor(findings: Findings, answersWithinMs: number | null) {
    this.owners = new SlotOwners(findings, answersWithinMs);
  }

  allLocks(): readonly LockRow[] {
    return [...this.locks.values(), ...[...this.shared.values()].flatMap((holders) => [...holders.values()])];
  }

  /** What the bucket's time has ended when it releases the slots is not in force anywhere else. */
  dropLocks(slots: SlotRange, stampMs: number): void {
    const isOver = ({ lockId, untilMs }: LockRow): boolean => untilMs <= stampMs && isIn(slots, slotOfAccount(accountNumber(lockId)));
    for (const [lockId, lock] of this.locks) if (isOver(lock)) this.locks.delete(lockId);
    for (const holders of this.shared.values()) for (const [owner, lock] of holders) if (isOver(lock)) holders.delete(owner);
  }
}

class BucketWalk {
  private readonly codec = new ProtoLedgerCodec();
  private lastToken = 0;
  private stampMs = 0;
  private expected: number | null = null;
  private readonly moments: MomentWalk;
  private readonly books: BooksWalk;
  private readonly staged: StagedRows;

  constructor(
    private readonly bucket: BucketId,
    private readonly watch: ClusterWatch,
    private readonly seen: Seen,
    private readonly findings: Findings,
    private readonly counters: Counters,
  ) {
    this.moments = new MomentWalk(bucket, seen.promises, findings);
    this.books = new BooksWalk(bucket, seen.books, (account) => seen.owners.ownsAccount(bucket, account), findings);
    this.staged = new StagedRows(bucket, findings);
  }

  next(index: number, applied: AppliedEntry): void {
    const { expected } = this;
    this.findings.expect(expected === null || index === expected, 'equal logs', () => `bucket ${this.bucket}: no replica has applied ${expected}`);
    this.expected = index + 1;
    if (applied.entry.type === 'normal' && applied.entry.data.length > 0) this.entry(index, applied);
    this.books.endEntry(this.watch.checkpoints.get(this.bucket)?.get(index) ?? []);
  }

  private entry(index: number, applied: AppliedEntry): void {
    const { stampMs, behindUs, instructions } = this.codec.decodeEntry(applied.entry.data);
    this.stampMs = Math.max(this.stampMs, stampMs);
    this.books.entry(this.stampMs);
    this.moments.entry(this.stampMs, behindUs, applied.proposedMs);
    this.judgeStamp(index, stampMs, applied.proposedMs);
    instructions.forEach((instruction, at) => {
      if (isMany(instruction)) this.counters.add('payments told together', memberCount(instruction));
      const outcome = applied.outcomes[at];
      if (outcome === undefined) this.findings.add('equal logs', `bucket ${this.bucket}/${index}: an instruction without an outcome`);
      else {
        for (const branch of branchesOf(instruction, outcome)) this.seen.branches.add(branch);
        this.staged.step(instruction, outcome);
        this.changeHands(this.seen.owners.step(this.bucket, instruction, outcome, applied));
        this.step(instruction, outcome, applied.firstMs);
        this.moments.step(instruction, outcome);
        this.books.step(instruction, outcome, applied.firstMs);
      }
    });
  }

  private changeHands(handOver: HandOver | null): void {
    if (handOver === null) return;
    const { seen } = this;
    const { kind, move, slots } = handOver;
    this.counters.add(`moves of slots: ${kind}`);
    if (kind === 'released') {
      seen.dropLocks(slots, this.stampMs);
      seen.handedOver.set(move, { lastToken: this.lastToken, lastUs: this.moments.lastUs });
      return;
    }
    const { lastToken, lastUs } = seen.handedOver.get(move) ?? { lastToken: 0, lastUs: 0 };
    this.lastToken = Math.max(this.lastToken, lastToken);
    this.moments.liesBehind(lastUs);
    this.staged.adopted(move, slots, seen.books, seen.allLocks());
  }

  /** A bucket whose time runs ahead ends locks and authorizations before what they were promised for has passed. */
  private judgeStamp(index: number, stampMs: number, proposedMs: number | null): void {
    if (proposedMs === null) return;
    const aheadMs = stampMs - EPOCH_MS - proposedMs;
    this.findings.expect(
      aheadMs <= MAX_AHEAD_MS,
      'no bucket is ahead of its time',
      () => `bucket ${this.bucket}/${index} was stamped ${aheadMs.toFixed(0)} ms ahead of the time`,
    );
  }

  private step(instruction: Instruction, outcome: Outcome, atMs: number): void {
    this.expectUnstopped(instruction, outcome);
    switch (instruction.kind) {
      case 'prepare':
        this.prepare(instruction, outcome, atMs);
        return;
      case 'commit':
        if (outcome.kind === 'leg-ended' && outcome.leg.state === 'committed') this.commit(instruction.account, instruction.txn, outcome.leg.key, atMs);
        return;
      case 'commit-many':
        instruction.legs.forEach(({ account, txn }, at) => {
          if ((outcome.kind === 'each' ? outcome.outcomes[at] : outcome)?.kind === 'done') this.commit(account, txn, this.seen.keys.get(txn) ?? null, atMs);
        });
        return;
      case 'rollback':
        if (outcome.kind === 'leg-ended' && outcome.leg.state === 'aborted') this.ended(instruction.account, instruction.txn, 'aborted', atMs);
        return;
      case 'decide-commit':
        this.decide(instruction, outcome);
        this.endLocal(outcome, atMs);
        return;
      case 'decide-abort':
      case 'resolve':
        this.endLocal(outcome, atMs);
        return;
      case 'change-account':
        this.change(instruction, outcome);
        return;
      case 'acquire-lock':
      case 'refresh-lock':
        if (outcome.kind === 'lock') this.lock(outcome.lock, instruction.kind);
        return;
      case 'break-lock':
        if (outcome.kind === 'lock-released') this.broke(instruction.lockId, instruction.upToToken);
        return;
      case 'release-lock':
        this.release(instruction.lockId, instruction.owner, outcome);
        return;
      default:
        return;
    }
  }

  /** What is decided, and what ends a payment, is stopped by nothing: no lock, no freeze, no limit. */
  private expectUnstopped({ kind }: Instruction, outcome: Outcome): void {
    if (!ENDS.has(kind)) return;
    const stopped = (outcome.kind === 'each' ? outcome.outcomes : [outcome]).find((one) => STOPS.has(one.kind));
    this.findings.expect(stopped === undefined, 'nothing stops a decision', () => `bucket ${this.bucket}: ${kind} was answered ${stopped?.kind}`);
  }

  private prepare(instruction: Extract<Instruction, { kind: 'prepare' }>, outcome: Outcome, atMs: number): void {
    const { account, txn, lockToken } = instruction;
    if (outcome.kind !== 'prepared') return;
    this.seen.keys.set(txn, instruction.key);
    const before = this.seen.legs.get(legKey(account, txn));
    this.findings.expect(
      before !== 'aborted',
      'no prepare after a rollback',
      () => `bucket ${this.bucket}: ${show(instruction.key)} was prepared on ${account} after it had been rolled back`,
    );
    if (before === undefined) {
      this.expectUnlocked(account, lockToken, instruction.key);
      this.seen.legs.set(legKey(account, txn), 'prepared');
      this.seen.holds.began(account, txn, outcome.leg.spec, atMs);
    }
  }

  /** @param key null: nothing of this payment was prepared here */
  private commit(account: AccountNumber, txn: TxnId, key: PaymentKey | null, atMs: number): void {
    const named = key === null ? txn : show(key);
    const before = this.seen.legs.get(legKey(account, txn));
    this.findings.expect(
      before === 'prepared' || before === 'committed',
      'no commit without a prepare',
      () => `bucket ${this.bucket}: ${named} was committed on ${account}, which was ${before ?? 'never prepared'}`,
    );
    this.ended(account, txn, 'committed', atMs);
    const decision = key === null ? undefined : this.watch.decisions.get(key);
    const isDecided = decision?.kind === 'committed' && decision.txn === txn && decision.firstMs <= atMs;
    this.findings.expect(
      isDecided,
      'no commit without a decision',
      () =>
        `bucket ${this.bucket}: ${named} was committed on ${account} at ${atMs.toFixed(1)}, its home says ${decision?.kind ?? 'nothing'} at ${decision?.firstMs.toFixed(1)}`,
    );
  }

  private ended(account: AccountNumber, txn: TxnId, how: 'committed' | 'aborted', atMs: number): void {
    this.seen.legs.set(legKey(account, txn), how);
    this.seen.holds.ended(account, txn, atMs);
  }

  /** A decision ends the legs of its transaction that live in its own bucket. */
  private endLocal(outcome: Outcome, atMs: number): void {
    if (outcome.kind !== 'decided') return;
    const { txn, body, untold } = outcome.outcome;
    for (const { account } of body.legs) {
      const isLocal =
        this.seen.owners.ownsAccount(this.bucket, account) && this.seen.legs.has(legKey(account, txn)) && !untold.some((leg) => leg.account === account);
      if (isLocal) this.seen.holds.ended(account, txn, atMs);
    }
  }

  private decide({ key, txn, body, lockTokens, remotePrepared }: Extract<Instruction, { kind: 'decide-commit' }>, outcome: Outcome): void {
    if (outcome.kind !== 'decided' || !outcome.fresh || outcome.outcome.decision.kind !== 'committed') return;
    for (const { account } of body.legs) {
      const isLocal = outcome.outcome.balances.some((one) => one.account === account) && !remotePrepared.includes(account);
      if (!isLocal || this.seen.legs.get(legKey(account, txn)) !== undefined) continue;
      this.expectUnlocked(account, lockTokens.find((one) => one.account === account)?.token ?? null, key);
    }
    for (const { account } of outcome.outcome.balances) this.seen.legs.set(legKey(account, txn), 'committed');
  }

  private change({ key, number, change: { kind } }: Extract<Instruction, { kind: 'change-account' }>, outcome: Outcome): void {
    if (outcome.kind !== 'account' && outcome.kind !== 'refused') return;
    const before = this.seen.changes.get(key);
    const now = outcome.kind === 'account' ? 'made' : 'refused';
    const isOnce = before === undefined || (before === now && !(outcome.kind === 'account' && outcome.fresh));
    this.findings.expect(
      isOnce,
      'a change is decided once',
      () => `bucket ${this.bucket}: ${kind} of ${number} as ${show(key)} was ${before}, and then ${now}${before === now ? ' again' : ''}`,
    );
    this.seen.changes.set(key, now);
  }

  private lock(lock: LockRow, how: 'acquire-lock' | 'refresh-lock'): void {
    if (lock.mode === 'shared') this.share(lock);
    else this.exclude(lock, how);
    this.lastToken = Math.max(this.lastToken, lock.token);
  }

  private share(lock: LockRow): void {
    const exclusive = this.inForce(lock.lockId);
    this.findings.expect(
      exclusive === undefined || exclusive.owner === lock.owner,
      'nobody shares an exclusive lock',
      () => `bucket ${this.bucket}: ${lock.lockId} was shared with ${lock.owner} while ${exclusive?.owner} held it`,
    );
    const holders = this.seen.shared.get(lock.lockId) ?? new Map<string, LockRow>();
    this.seen.shared.set(lock.lockId, holders.set(lock.owner, lock));
  }

  private exclude(lock: LockRow, how: 'acquire-lock' | 'refresh-lock'): void {
    const sharing = [...(this.seen.shared.get(lock.lockId)?.values() ?? [])].find((one) => one.owner !== lock.owner && one.untilMs > this.stampMs);
    this.findings.expect(
      sharing === undefined,
      'nobody shares an exclusive lock',
      () => `bucket ${this.bucket}: ${lock.lockId} was given to ${lock.owner} while ${sharing?.owner} shared it`,
    );
    const held = this.inForce(lock.lockId);
    if (held !== undefined && held.owner === lock.owner) {
      this.findings.expect(
        lock.token === held.token,
        'tokens only rise',
        () => `bucket ${this.bucket}: ${lock.lockId} changed its token from ${held.token} to ${lock.token}`,
      );
    } else {
      this.findings.expect(
        held === undefined,
        'one exclusive holder',
        () => `bucket ${this.bucket}: ${lock.lockId} was given to ${lock.owner} while ${held?.owner} held it`,
      );
      this.findings.expect(
        how === 'acquire-lock',
        'one exclusive holder',
        () => `bucket ${this.bucket}: ${lock.lockId} was refreshed by ${lock.owner}, who did not hold it`,
      );
      this.findings.expect(
        lock.token > this.lastToken,
        'tokens only rise',
        () => `bucket ${this.bucket}: ${lock.lockId} got token ${lock.token} after ${this.lastToken}`,
      );
    }
    this.seen.locks.set(lock.lockId, lock);
  }

  private release(lockId: string, owner: string, outcome: Outcome): void {
    if (outcome.kind !== 'lock-released' || this.seen.shared.get(lockId)?.delete(owner) === true) return;
    const held = this.inForce(lockId);
    this.findings.expect(
      held === undefined || held.owner === owner,
      'only the owner unlocks',
      () => `bucket ${this.bucket}: ${lockId} of ${held?.owner} was released by ${owner}`,
    );
    if (held?.owner === owner) this.seen.locks.delete(lockId);
  }

  private broke(lockId: string, upToToken: number): void {
    if ((this.seen.locks.get(lockId)?.token ?? Infinity) <= upToToken) this.seen.locks.delete(lockId);
    for (const [owner, lock] of this.seen.shared.get(lockId) ?? []) if (lock.token <= upToToken) this.seen.shared.get(lockId)?.delete(owner);
  }

  private expectUnlocked(account: AccountNumber, token: number | null, key: PaymentKey): void {
    const held = this.inForce(account);
    this.findings.expect(
      token === null || held?.token === token,
      'a lock keeps others out',
      () => `bucket ${this.bucket}: ${show(key)} took ${account} with token ${token}, in force is ${held?.token ?? 'none'}`,
    );
    this.findings.expect(
      held === undefined || held.token === token,
      'a lock keeps others out',
      () => `bucket ${this.bucket}: ${show(key)} took ${account} with token ${token} while ${held?.owner} held it with ${held?.token}`,
    );
  }

  private inForce(lockId: string): LockRow | undefined {
    const lock = this.seen.locks.get(lockId);
    return lock !== undefined && lock.untilMs > this.stampMs ? lock : undefined;
  }
}

function legKey(account: AccountNumber, txn: TxnId): string {
  return `${account} ${txn}`;
}
