/**
 * Reads a statement through the public interface. The closing balance comes first: reading it closes the account's bucket, and the homes of what is prepared there, at
 * that moment, so whatever is listed afterwards cannot get a commit time up to it any more. Then the account's legs are walked back, newest first, to where a mark says that
 * all earlier ones had ended before the period (docs/adr/0021).
 */
import { directionOf, LAST_MOMENT_US, type LegRow } from '@mas/ledger';
import type { LegPage } from '@mas/rpc';
import type { AccountView, PaymentView } from '@mas/transaction-coordinator';
import { splitPaymentKey, type AmountMinor, type Currency } from '@mas/values';
import { MasCallFailed } from '../calls/call-failed';
import { NoStatement } from './no-statement';
import { statementOf, type Statement, type StatementLine, type StatementPeriod, type UnorderedLine } from './statement';

/** What is asked of a client; MasClient has all of it. */
export interface StatementReads {
  getAccounts(numbers: readonly string[], level: 'committed', atUs: number | null): Promise<readonly AccountView[]>;
  listPayments(request: {
    readonly account: string;
    readonly direction: 'newest-first' | 'oldest-first';
    readonly pageSize: number;
    readonly pageToken?: string;
    readonly untilMs?: number;
  }): Promise<LegPage>;
  getPayment(payment: { readonly txn: string; readonly account: string }): Promise<PaymentView>;
}

export interface ReadStatement extends Statement {
  readonly currency: Currency;
}

/** More are sorted nowhere: they are kept in memory until the last one is read. */
export const MAX_MOVEMENTS = 200_000;
const PAGE = 500;
/** No balance can be asked for as of an earlier moment. */
const FIRST_READABLE_US = 1;

/** @param maxMovements of the period. @throws NoStatement, and what a read throws */
export async function readStatement(
  reads: StatementReads,
  account: string,
  { fromUs = null, toUs = null }: StatementPeriod = {},
  maxMovements = MAX_MOVEMENTS,
): Promise<ReadStatement> {
  refuseNoPeriod(fromUs, toUs);
  const closing = await accountAt(reads, account, toUs === null ? null : toUs - 1);
  const closingUs = closing.momentUs;
  if (closingUs === null)
    throw new NoStatement(
      'unavailable',
      'NO_MOMENTS_YET',
      `the bucket of ${account} has no moments yet, which it has a few seconds after an upgrade; try again`,
    );
  const opening = fromUs === null || fromUs <= FIRST_READABLE_US ? null : await accountAt(reads, account, Math.min(fromUs - 1, closingUs)).catch(notCreatedYet);
  const walk = new Walk(reads, account, opening?.momentUs ?? null, closingUs, maxMovements);
  await walk.run();
  const movements = opening === null ? [await openingOf(reads, closing, walk), ...walk.movements] : walk.movements;
  const frame = { account, owner: closing.owner, currency: closing.currency, closingUs, closingMinor: closing.balanceMinor };
  return statementOf({ ...frame, openingUs: opening?.momentUs ?? null, openingMinor: opening?.balanceMinor ?? 0n }, movements);
}

function refuseNoPeriod(fromUs: number | null, toUs: number | null): void {
  for (const [field, us, first] of [['fromUs', fromUs, 0] as const, ['toUs', toUs, FIRST_READABLE_US + 1] as const])
    if (us !== null && !(Number.isSafeInteger(us) && us >= first && us <= LAST_MOMENT_US))
      throw new NoStatement(
        'invalid',
        'PERIOD_INVALID',
        `${field} is no such moment: whole microseconds since the Unix epoch, from ${first} to ${LAST_MOMENT_US}`,
        { field },
      );
  if (fromUs !== null && toUs !== null && fromUs > toUs)
    throw new NoStatement('invalid', 'PERIOD_INVALID', 'the period ends before it begins: fromUs must not lie behind toUs', { field: 'fromUs' });
}

async function accountAt(reads: StatementReads, account: string, atUs: number | null): Promise<AccountView> {
  const [view] = await reads.getAccounts([account], 'committed', atUs);
  if (view === undefined) throw new Error('the cluster answered a read of one account with none');
  return view;
}

/** The period begins before the account does. */
function notCreatedYet(error: unknown): null {
  if (error instanceof MasCallFailed && error.error.kind === 'not-found') return null;
  throw error;
}

class Walk {
  readonly movements: UnorderedLine[] = [];
  /** What the account's journal began at; null: it has no position. */
  beganMinor: AmountMinor | null = null;

  constructor(
    private readonly reads: StatementReads,
    private readonly account: string,
    private readonly openingUs: number | null,
    private readonly closingUs: number,
    private readonly maxMovements: number,
  ) {}

  async run(): Promise<void> {
    const { account, openingUs } = this;
    // A leg is promised at its bucket's time or behind it, and decided behind that: later ones do not count. Whole milliseconds, of which the last is wanted whole.
    const untilMs = Math.floor(this.closingUs / 1_000) + 1;
    let lastSeq = 0;
    for (let pageToken: string | undefined; ; ) {
      const request = { account, direction: 'newest-first', pageSize: PAGE, untilMs, ...(pageToken === undefined ? {} : { pageToken }) } as const;
      const { legs, nextCursor } = await this.reads.listPayments(request);
      for (const leg of legs) {
        if (leg.seq < lastSeq) return;
        await this.take(leg);
        if (lastSeq === 0 && openingUs !== null && leg.mark !== null && leg.mark.momentUs <= openingUs) lastSeq = leg.mark.openSeqs[0] ?? leg.seq;
      }
      if (nextCursor === null) return;
      pageToken = nextCursor;
    }
  }

  private async take(leg: LegRow): Promise<void> {
    if (leg.journal?.seq === 1) this.beganMinor = balanceBefore(leg);
    if (leg.state === 'aborted' || directionOf(leg.spec.effect) === 0) return;
    const commitUs = leg.state === 'committed' ? leg.commitUs : await this.commitOf(leg);
    if (commitUs === undefined || !this.isWithin(commitUs)) return;
    if (this.movements.length === this.maxMovements)
      throw new NoStatement(
        'invalid',
        'STATEMENT_TOO_LONG',
        `${this.account} has more than ${this.maxMovements} movements in this period: ask for a shorter one`,
      );
    this.movements.push(movementOf(leg, commitUs));
  }

  /** Of a leg that has not been told: what its home has decided, if it has. */
  private async commitOf({ txn, account, preparedUs }: LegRow): Promise<number | null | undefined> {
    if ((preparedUs ?? 0) > this.closingUs) return undefined;
    const view = await this.reads.getPayment({ txn, account });
    return view.state === 'COMMITTED' ? view.commitUs : undefined;
  }

  /** What has no commit time came before every moment that can be read. */
  private isWithin(commitUs: number | null): boolean {
    if (commitUs === null) return this.openingUs === null;
    return commitUs <= this.closingUs && (this.openingUs === null || commitUs > this.openingUs);
  }
}

/** What an account was opened with: its journal's first position says so; an account without movements still has it. */
async function openingOf(reads: StatementReads, { number, balanceMinor, createdAtMs }: AccountView, { beganMinor, movements }: Walk): Promise<UnorderedLine> {
  const moved = movements.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const openedMinor = beganMinor ?? (movements.length === 0 ? null : await journalBegan(reads, number)) ?? balanceMinor - moved;
  return {
    ...{ commitUs: null, atMs: createdAtMs, kind: 'opened', payment: '', txn: '', counterparties: [], memo: '', journalSeq: 0 },
    amountMinor: openedMinor,
  };
}

/** The leg with the first position may have been promised behind the period: one of the period was told later. Null: no leg has a position yet. */
async function journalBegan(reads: StatementReads, account: string): Promise<AmountMinor | null> {
  for (let pageToken: string | undefined; ; ) {
    const { legs, nextCursor } = await reads.listPayments({
      account,
      direction: 'oldest-first',
      pageSize: PAGE,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    const first = legs.find(({ journal }) => journal?.seq === 1);
    if (first !== undefined) return balanceBefore(first);
    if (nextCursor === null) return null;
    pageToken = nextCursor;
  }
}

function balanceBefore(leg: LegRow): AmountMinor {
  return (leg.journal?.balanceAfterMinor ?? 0n) - changeOf(leg);
}

const KINDS: Readonly<Record<LegRow['spec']['effect'], StatementLine['kind']>> = {
  credit: 'payment',
  debit: 'payment',
  authorize: 'payment',
  void: 'payment',
  capture: 'capture',
  'refund-debit': 'refund',
};

function movementOf(leg: LegRow, commitUs: number | null): UnorderedLine {
  const others = (leg.body?.legs ?? []).filter((other) => other.account !== leg.account).map((other) => other.account);
  return {
    commitUs,
    atMs: leg.endedAtMs ?? leg.preparedAtMs,
    kind: KINDS[leg.spec.effect],
    payment: splitPaymentKey(leg.key).id,
    txn: leg.txn,
    amountMinor: changeOf(leg),
    counterparties: [...new Set(others)],
    memo: leg.body?.memo ?? '',
    journalSeq: leg.journal?.seq ?? Number.MAX_SAFE_INTEGER,
  };
}

function changeOf({ spec }: LegRow): AmountMinor {
  return BigInt(directionOf(spec.effect)) * spec.amountMinor;
}
