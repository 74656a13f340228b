/**
 * Judges a cluster from outside, by the public interface alone, against what the clients were told: nothing acknowledged is
 * lost, nothing is applied twice, both sides of every payment agree, every account's journal adds up, nothing is left over.
 * It shares no code with what it judges.
 */
import type { LegRow } from '@mas/ledger';
import type { MasClient } from '@mas/client';
import { waitUntil } from '@mas/test-servers';
import type { Books } from './books';
import { ask } from './load';

export interface AuditResult {
  readonly findings: readonly string[];
  /** Comparisons made. */
  readonly checks: number;
}

export type AuditedClient = Pick<MasClient, 'getAccount' | 'getAccounts' | 'listPayments' | 'undecided' | 'audit'>;

const PAGE_SIZE = 500;
const MAX_FINDINGS = 20;
const SETTLE_TIMEOUT_MS = 180_000;
const POLL_MS = 100;
const RESOLVE_CONCURRENCY = 50;
/** The cluster's own audit reads its whole history; in a soak of hours that is left to the end of shorter runs. */
const OWN_AUDIT_MAX_LEGS = 150_000;

export class Auditor {
  /** The newest leg of each account that an earlier audit has seen. */
  private readonly seenSeq = new Map<string, number>();
  private findings: string[] = [];
  private checks = 0;
  private legsSeen = 0;

  constructor(
    private readonly client: AuditedClient,
    /** Asks again what has no answer. */
    private readonly asking: Pick<MasClient, 'createPayment'>,
    private readonly books: Books,
    private readonly diagnostics: () => string,
  ) {}

  /** Asks again, under the same ids, what has no answer yet. Returns how many there were. */
  async resolveOpen(): Promise<number> {
    const open = this.books.open();
    for (const entry of open) entry.resolvedLater = true;
    await waitUntil(
      'every payment has an answer',
      async () => {
        const left = this.books.open();
        for (let at = 0; at < left.length; at += RESOLVE_CONCURRENCY)
          await Promise.all(left.slice(at, at + RESOLVE_CONCURRENCY).map((entry) => ask(this.asking, this.books, entry)));
        return this.books.open().length === 0;
      },
      { timeoutMs: SETTLE_TIMEOUT_MS, intervalMs: POLL_MS, diagnostics: this.diagnostics },
    );
    return open.length;
  }

  /** Waits until nothing is prepared anywhere. */
  async settled(timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
    let left = 'not read yet';
    await waitUntil(
      'nothing is in doubt',
      async () => {
        const { transactions, payments, silent } = await this.client.undecided();
        left = `${transactions.length + payments.length} in doubt, for example ${transactions[0]?.home ?? payments[0]?.home ?? ''}; silent buckets: ${silent.join(', ')}`;
        return transactions.length + payments.length === 0 && silent.length === 0;
      },
      { timeoutMs, intervalMs: POLL_MS, diagnostics: () => `${left}\n${this.diagnostics()}` },
    );
  }

  /** Everything. The cluster must be whole, no load running, nothing open. */
  async audit(): Promise<AuditResult> {
    this.findings = [...this.books.findings.splice(0)];
    this.checks = 0;
    await this.settled();
    await this.reservationsHaveEnded();
    await this.balances();
    const committedLegs = new Map<string, Set<string>>();
    for (const account of this.books.accounts()) await this.journal(account, committedLegs);
    this.bothSides(committedLegs);
    if (this.legsSeen <= OWN_AUDIT_MAX_LEGS) await this.ownAudit();
    return { findings: this.findings.slice(0, MAX_FINDINGS), checks: this.checks };
  }

  /** Those that nobody captured or gave back expire soon. */
  private async reservationsHaveEnded(): Promise<void> {
    const payers = new Set([...this.books.entries()].flatMap(({ input, listedBy }) => (input.kind === 'authorization' ? listedBy : [])));
    let held = '';
    await waitUntil(
      'authorizations have expired',
      async () => {
        const views = await Promise.all([...payers].map((account) => this.client.getAccount(account, 'uncommitted')));
        const holding = views.filter(({ holdsMinor }) => holdsMinor !== 0n);
        held = holding.map(({ number, holdsMinor }) => `${number}: ${holdsMinor}`).join(', ');
        return holding.length === 0;
      },
      { timeoutMs: SETTLE_TIMEOUT_MS, intervalMs: POLL_MS, diagnostics: () => `still held back: ${held}\n${this.diagnostics()}` },
    ).catch((error: unknown) => this.find(String(error)));
  }

  private async balances(): Promise<void> {
    const expected = this.books.expectedBalances();
    const views = await Promise.all([...expected.keys()].map((account) => this.client.getAccount(account, 'uncommitted')));
    const committed = await this.client.getAccounts([...expected.keys()]);
    for (const [at, view] of views.entries()) {
      this.expectSame(`balance of ${view.number}`, committed[at]?.balanceMinor, expected.get(view.number));
      this.expectSame(`holds of ${view.number}`, view.holdsMinor, 0n);
      this.expectSame(`pending credits of ${view.number}`, view.pendingCreditsMinor, 0n);
    }
  }

  /** New legs of one account, oldest first: the running balance adds up, and every leg is one that we asked for. */
  private async journal(account: string, committedLegs: Map<string, Set<string>>): Promise<void> {
    const legs = await this.newLegs(account);
    let previous: { readonly seq: number; readonly balanceMinor: bigint } | null = null;
    for (const leg of legs) {
      const id = leg.key.slice(leg.key.indexOf('\0') + 1);
      const entry = this.books.entry(id);
      const move = entry?.moves.find((one) => one.account === account);
      if (entry?.listedBy.includes(account) !== true) {
        this.find(`account ${account} lists payment ${id}, which nobody asked for`);
        continue;
      }
      this.expectSame(`state of ${id} on ${account}`, leg.state, entry.answer);
      if (leg.state !== 'committed' || leg.journal === null) continue;
      if (move === undefined) {
        this.find(`payment ${id} moved money of account ${account}, which it may only reserve`);
        continue;
      }
      const legsOfPayment = committedLegs.get(id) ?? new Set<string>();
      if (legsOfPayment.has(account)) this.find(`payment ${id} is applied twice on ${account}`);
      committedLegs.set(id, legsOfPayment.add(account));
      if (previous !== null) {
        this.expectSame(`journal position of ${id} on ${account}`, leg.journal.seq, previous.seq + 1);
        this.expectSame(`running balance after ${id} on ${account}`, leg.journal.balanceAfterMinor, previous.balanceMinor + move.deltaMinor);
      }
      previous = { seq: leg.journal.seq, balanceMinor: leg.journal.balanceAfterMinor };
    }
    if (previous !== null) this.expectSame(`last running balance of ${account}`, previous.balanceMinor, this.books.expectedBalances().get(account));
  }

  private async newLegs(account: string): Promise<readonly LegRow[]> {
    const seen = this.seenSeq.get(account) ?? -1;
    const found: LegRow[] = [];
    for (let pageToken = ''; ; ) {
      const page = await this.client.listPayments({ account, pageSize: PAGE_SIZE, ...(pageToken === '' ? {} : { pageToken }) });
      const fresh = page.legs.filter((leg) => leg.seq > seen);
      found.push(...fresh);
      if (page.nextCursor === null || fresh.length < page.legs.length) break;
      pageToken = page.nextCursor;
    }
    this.legsSeen += found.length;
    const newest = found[0];
    if (newest !== undefined) this.seenSeq.set(account, newest.seq);
    return found.reverse().sort(byJournal);
  }

  private bothSides(committedLegs: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const entry of this.books.entries()) {
      const legs = committedLegs.get(entry.input.id) ?? new Set<string>();
      const expected = entry.answer === 'committed' ? entry.moves.map((move) => move.account) : [];
      this.expectSame(`committed legs of ${entry.input.id}, answered ${entry.answer}`, [...legs].sort().join(','), [...expected].sort().join(','));
    }
  }

  /** What the cluster finds when it audits itself: decisions against legs, replicas against each other, totals. */
  private async ownAudit(): Promise<void> {
    let text = '';
    await waitUntil(
      'the cluster finds itself consistent',
      async () => {
        const report = await this.client.audit({ isFull: true });
        text = [...report.checks.flatMap((check) => check.differences), ...report.incomplete].join('; ');
        if (report.consistent) this.checks += report.checks.reduce((sum, check) => sum + check.count, 0);
        return report.consistent;
      },
      { timeoutMs: SETTLE_TIMEOUT_MS, intervalMs: 500, diagnostics: () => text },
    ).catch((error: unknown) => this.find(String(error)));
  }

  private expectSame(what: string, actual: unknown, expected: unknown): void {
    this.checks += 1;
    if (actual !== expected) this.find(`${what} is ${String(actual)} instead of ${String(expected)}`);
  }

  private find(text: string): void {
    this.findings.push(text);
  }
}

/** Legs end in another order than they are prepared; the journal has the order of their effects. */
function byJournal(a: LegRow, b: LegRow): number {
  return (a.journal?.seq ?? 0) - (b.journal?.seq ?? 0);
}
