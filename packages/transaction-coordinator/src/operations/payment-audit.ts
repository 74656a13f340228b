/**
 * Do both sides of every payment agree, and with their home? Reads all legs of all accounts while payments go on.
 * What makes that safe: a leg commits only after all legs were promised and the home has recorded COMMITTED. So once
 * one leg was seen committed, every other leg is there, committed or (not told yet) prepared; one whose account was
 * read too early for it is looked for again. A ledger with more legs than fit into memory is read several times, each
 * time for the payments whose txn, a digest, falls into another part.
 */
import type { LegRow, OutcomeRow } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber, BucketId, PaymentKey, Slot, TxnId } from '@mas/values';
import { HOMES_ASKED_TOGETHER, type CoordinatorConfig } from '../coordinator-config';
import type { AuditReport } from '../coordinator-service';
import { isUnreachable, type BucketLink } from '../transport/bucket-link';

type Check = AuditReport['checks'][number];

const PAGE = 500;
const LIST_TIMEOUT_MS = 10_000;
/** Per bucket: a ledger has many accounts with few payments, and one after the other each would cost a round trip. */
const ACCOUNTS_READ_TOGETHER = 32;
const MAX_DIFFERENCES = 100;
/** A power of two, and no more than the digits that partOf looks at can tell apart. */
const MAX_PARTS = 4_096;

interface Seen {
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly states: Map<AccountNumber, LegRow['state']>;
}

export class PaymentAudit {
  private readonly seen = new Map<TxnId, Seen>();
  /** Of payments of the present part. */
  private legs = 0;
  private legsOfEarlierParts = 0;
  private parts = 1;
  private part = 0;
  private readonly homeDifferences: string[] = [];
  private readonly sideDifferences: string[] = [];
  private readonly incomplete: string[] = [];
  private compared = 0;
  private readonly missing = new Map<AccountNumber, Set<TxnId>>();

  constructor(
    private readonly link: BucketLink,
    private readonly config: CoordinatorConfig,
  ) {}

  async run(
    buckets: readonly BucketId[],
    token: string,
    untilMs: number,
  ): Promise<{ readonly checks: readonly Check[]; readonly incomplete: readonly string[] }> {
    // How many parts there are turns out while the first is read.
    for (this.part = 0; this.part < this.parts && this.incomplete.length === 0; this.part += 1) await this.auditPart(buckets, token, untilMs);
    const checks = [
      { name: 'every leg agrees with the decision that its home has recorded', count: this.legsOfEarlierParts, differences: this.homeDifferences },
      { name: 'a committed payment has all its legs', count: this.compared, differences: this.sideDifferences },
    ];
    return { checks, incomplete: this.incomplete };
  }

  private async auditPart(buckets: readonly BucketId[], token: string, untilMs: number): Promise<void> {
    const problems = await Promise.all(buckets.map((bucket) => this.readBucket(bucket, token, untilMs)));
    this.incomplete.push(...problems.filter((problem) => problem !== null));
    const unasked = await this.askHomes(untilMs);
    if (unasked > 0) this.incomplete.push(`The homes of ${unasked} payments did not answer.`);
    await this.lookAgain(token, untilMs);
    this.legsOfEarlierParts += this.legs;
    this.legs = 0;
    this.seen.clear();
    this.missing.clear();
  }

  /** @returns why it is not complete. */
  private async readBucket(bucket: BucketId, token: string, untilMs: number): Promise<string | null> {
    let after: Extract<Parameters<BucketLink['read']>[1], { kind: 'list-accounts' }>['after'] = null;
    let accounts = 0;
    for (;;) {
      const page = await this.link.read(bucket, { kind: 'list-accounts', bucket, after, limit: PAGE }, untilMs, LIST_TIMEOUT_MS);
      if (page.kind !== 'account-list') return `Bucket ${bucket} did not list its accounts in time: the payments of ${accounts} of them were read.`;
      const left = page.accounts.map(({ number }) => number);
      let problem: string | null = null;
      const readSome = async (): Promise<void> => {
        for (let number = left.pop(); number !== undefined && problem === null; number = left.pop()) {
          problem = (await this.readAccount(bucket, number, token, untilMs)) ?? problem;
          accounts += 1;
        }
      };
      await Promise.all(Array.from({ length: ACCOUNTS_READ_TOGETHER }, readSome));
      if (problem !== null) return `${String(problem)} Of bucket ${bucket} the payments of ${accounts} accounts were read.`;
      if (page.next === null) return null;
      after = page.next;
    }
  }

  private async readAccount(bucket: BucketId, account: AccountNumber, token: string, untilMs: number): Promise<string | null> {
    let cursorSeq: number | null = null;
    for (;;) {
      const query = { account, direction: 'oldest-first', cursorSeq, limit: PAGE, state: null, fromMs: null, untilMs: null } as const;
      const page = await this.link.read(bucket, { kind: 'list-legs', bucket, query, token }, untilMs, LIST_TIMEOUT_MS);
      if (page.kind !== 'legs') return `Account ${account}: its legs could not be read${page.kind === 'permission-denied' ? `: ${page.reason}` : ' in time'}.`;
      for (const leg of page.legs) this.note(leg);
      if (page.nextCursorSeq === null) return null;
      cursorSeq = page.nextCursorSeq;
    }
  }

  private note(leg: LegRow): void {
    // Later parts are about as large as the first has become.
    if (this.legs >= this.config.auditLegsAtOnce && this.part === 0 && this.parts < MAX_PARTS) this.divide();
    if (!this.isOfThisPart(leg.txn)) return;
    this.legs += 1;
    let seen = this.seen.get(leg.txn);
    if (seen === undefined) {
      seen = { key: leg.key, homeSlot: leg.homeSlot, states: new Map() };
      this.seen.set(leg.txn, seen);
    }
    seen.states.set(leg.account, leg.state);
  }

  private divide(): void {
    this.parts *= 2;
    for (const [txn, { states }] of this.seen) {
      if (this.isOfThisPart(txn)) continue;
      this.legs -= states.size;
      this.seen.delete(txn);
    }
  }

  private isOfThisPart(txn: TxnId): boolean {
    return Number.parseInt(txn.slice(-4), 16) % this.parts === this.part;
  }

  private async askHomes(untilMs: number): Promise<number> {
    const transactions = [...this.seen];
    let unasked = 0;
    for (let i = 0; i < transactions.length; i += HOMES_ASKED_TOGETHER) {
      const chunk = transactions.slice(i, i + HOMES_ASKED_TOGETHER);
      const rows = await Promise.all(chunk.map(([, seen]) => this.link.query(seen.key, seen.homeSlot, untilMs)));
      for (const [j, [txn, seen]] of chunk.entries()) {
        const row = rows[j] ?? null;
        if (isUnreachable(row)) unasked += 1;
        else this.compare(txn, seen, row);
      }
    }
    return unasked;
  }

  private compare(txn: TxnId, seen: Seen, row: OutcomeRow | null): void {
    // The key may belong to another transaction; then this one can only have ended as aborted.
    const decision = row?.txn === txn ? row.decision.kind : row === null ? 'none' : 'aborted';
    for (const [account, state] of seen.states) {
      if (state === 'prepared' || state === decision) continue;
      this.differ(
        this.homeDifferences,
        `Payment ${txn}: its leg on ${account} is ${state}, its home has ${decision === 'none' ? 'recorded nothing' : `recorded ${decision}`}.`,
      );
    }
    if (row?.txn !== txn || decision !== 'committed') return;
    this.compared += 1;
    if (![...seen.states.values()].includes('committed')) return;
    for (const { account } of row.body.legs) {
      if (seen.states.has(account)) continue;
      const txns = this.missing.get(account) ?? new Set();
      this.missing.set(account, txns.add(txn));
    }
  }

  /** Newest first: what is missing was written while the audit ran. */
  private async lookAgain(token: string, untilMs: number): Promise<void> {
    for (const [account, txns] of this.missing) {
      const bucket = this.link.bucketOf(slotOfAccount(account));
      let cursorSeq: number | null = null;
      do {
        const query = { account, direction: 'newest-first', cursorSeq, limit: PAGE, state: null, fromMs: null, untilMs: null } as const;
        const page = await this.link.read(bucket, { kind: 'list-legs', bucket, query, token }, untilMs, LIST_TIMEOUT_MS);
        if (page.kind !== 'legs') return void this.incomplete.push(`Account ${account} could not be asked for legs that were missing.`);
        for (const leg of page.legs) {
          if (txns.delete(leg.txn) && leg.state === 'aborted')
            this.differ(this.sideDifferences, `Payment ${leg.txn} is committed, but its leg on account ${account} is aborted.`);
        }
        cursorSeq = page.nextCursorSeq;
      } while (cursorSeq !== null && txns.size > 0);
      for (const txn of txns) this.differ(this.sideDifferences, `Payment ${txn} is committed, but account ${account} has no leg of it.`);
    }
  }

  private differ(list: string[], text: string): void {
    if (list.length < MAX_DIFFERENCES) list.push(text);
    else if (list.length === MAX_DIFFERENCES) list.push('There are more differences than are listed here.');
  }
}
