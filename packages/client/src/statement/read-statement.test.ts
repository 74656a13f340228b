/** Statements from the rows that real ledgers leave, against the sums that the payments themselves make: at any moments, with promises that are told late. */
import * as fc from 'fast-check';
import type { LegRow } from '@mas/ledger';
import type { AccountView, PaymentView } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, present, SeededRandom, txnId } from '@mas/values';
import { MasCallFailed } from '../calls/call-failed';
import { readStatement, type StatementReads } from './read-statement';
import { START_MS, USD, WrittenBucket, type Paid } from './testing/written-bucket';

const ACCOUNTS = ['a1', 'a2', 'b1', 'b2'];
const OPENING_MINOR = 10_000n;
const SMALL_PAGE = 40;

/** Two buckets whose payments are decided and told with delays, and the answers that a cluster would give about them. */
class Books implements StatementReads {
  readonly buckets = new Map(['a', 'b'].map((letter) => [letter, new WrittenBucket(letter)]));
  readonly createdUs = new Map<string, number>();
  readonly decided: { readonly paid: Paid; readonly commitUs: number }[] = [];
  readonly untold: { readonly paid: Paid; readonly commitUs: number }[] = [];
  readonly promised: { readonly paid: Paid; readonly notBeforeUs: number }[] = [];
  private count = 0;
  legsListed = 0;

  constructor(private readonly random: SeededRandom) {
    for (const number of ACCOUNTS) {
      const bucket = this.bucketOf(number);
      bucket.create(number, OPENING_MINOR);
      this.createdUs.set(number, bucket.momentUs);
    }
  }

  bucketOf(number: string): WrittenBucket {
    return present(this.buckets.get(number.charAt(0)), 'a bucket per letter');
  }

  get latestUs(): number {
    return Math.max(...[...this.buckets.values()].map(({ momentUs }) => momentUs));
  }

  /** One of: a payment within a bucket, a promise, a decision, a COMMIT. */
  step(): void {
    for (const bucket of this.buckets.values()) bucket.stampMs += this.random.below(3);
    const choice = this.random.below(4);
    if (choice === 0) this.decide(this.next('a1', 'a2'), null);
    if (choice === 1) this.promise(this.random.below(2) === 0 ? this.next('a1', 'b1') : this.next('b1', 'a1'));
    if (choice === 2) {
      const one = this.oneOf(this.promised);
      if (one !== undefined) this.decide(one.paid, one.notBeforeUs);
    }
    if (choice === 3) {
      const one = this.oneOf(this.untold);
      if (one !== undefined) this.bucketOf(one.paid.to).commit(one.paid, one.commitUs);
    }
  }

  next(from: string, to: string): Paid {
    this.count += 1;
    return { txn: txnId(this.count.toString(16).padStart(64, '0')), from, to, amountMinor: BigInt(1 + this.random.below(5)) };
  }

  promise(paid: Paid): void {
    const notBeforeUs = this.bucketOf(paid.to).prepare(paid);
    if (notBeforeUs !== null) this.promised.push({ paid, notBeforeUs });
  }

  decide(paid: Paid, notBeforeUs: number | null): void {
    const commitUs = this.bucketOf(paid.from).decide(paid, notBeforeUs);
    if (commitUs === null) return;
    this.decided.push({ paid, commitUs });
    if (notBeforeUs !== null) this.untold.push({ paid, commitUs });
  }

  private oneOf<Entry>(list: Entry[]): Entry | undefined {
    return list.splice(this.random.below(Math.max(1, list.length)), 1)[0];
  }

  /** By the payments alone. */
  balanceAt(number: string, us: number): bigint {
    return this.decided
      .filter(({ commitUs }) => commitUs <= us)
      .reduce((sum, { paid: { from, to, amountMinor } }) => sum + (to === number ? amountMinor : from === number ? -amountMinor : 0n), OPENING_MINOR);
  }

  async getAccounts([number = '']: readonly string[], _: 'committed', atUs: number | null): Promise<readonly AccountView[]> {
    const us = atUs ?? this.latestUs;
    if (us < (this.createdUs.get(number) ?? 0))
      throw new MasCallFailed(5, { kind: 'not-found', reason: 'ACCOUNT_NOT_FOUND', field: null, message: '', facts: {} }, 1);
    for (const bucket of this.buckets.values()) if (bucket.momentUs < us) bucket.close(us);
    const row = present(this.bucketOf(number).rows.account(accountNumber(number)), 'an account');
    const view = {
      ...row,
      balanceMinor: this.balanceAt(number, us),
      level: 'committed',
      ageMs: null,
      momentUs: us,
      bucket: bucketId(1),
      leader: null,
    } as const;
    return Promise.resolve([{ ...view, holdsMinor: 0n, pendingCreditsMinor: null }]);
  }

  listPayments({ account, direction, pageToken, untilMs }: Parameters<StatementReads['listPayments']>[0]): ReturnType<StatementReads['listPayments']> {
    const turn = direction === 'newest-first' ? -1 : 1;
    const behind = Number(pageToken ?? (turn === 1 ? -1 : Number.MAX_SAFE_INTEGER));
    const legs: readonly LegRow[] = this.bucketOf(account)
      .rows.sortedLegs()
      .filter((leg) => leg.account === account && (leg.seq - behind) * turn > 0 && leg.preparedAtMs < (untilMs ?? Number.MAX_SAFE_INTEGER))
      .sort((x, y) => (x.seq - y.seq) * turn);
    const page = legs.slice(0, SMALL_PAGE);
    this.legsListed += page.length;
    return Promise.resolve({ legs: page, nextCursor: legs.length > page.length ? String(page.at(-1)?.seq) : null });
  }

  getPayment({ txn }: { readonly txn: string }): Promise<PaymentView> {
    const one = this.decided.find(({ paid }) => paid.txn === txn);
    return Promise.resolve({ state: one === undefined ? 'PENDING' : 'COMMITTED', commitUs: one?.commitUs ?? null } as PaymentView);
  }
}

function played(seed: number, steps: number): Books {
  const books = new Books(new SeededRandom(seed));
  for (let step = 0; step < steps; step += 1) books.step();
  return books;
}

test('at any two moments: balances as the payments make them, movements of all accounts add up to nothing, each period begins where the last one ended', async () => {
  const ends = fc.tuple(fc.nat(), fc.nat());
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(0, 5, 20, 20, 60, 900), ends, async (seed, steps, chosen) => {
      const books = played(seed, steps);
      const startUs = Math.max(...books.createdUs.values()) + 1;
      // Commit times, and the microseconds before and behind them, are where mistakes are.
      const times = [startUs, books.latestUs + 1, ...books.decided.flatMap(({ commitUs }) => [commitUs, commitUs + 1])].filter((us) => us >= startUs);
      const [fromUs = 0, toUs = 0] = chosen.map((at) => times[at % times.length] ?? 0).sort((x, y) => x - y);
      let moved = 0n;
      for (const account of ACCOUNTS) {
        const before = await readStatement(books, account, { fromUs: null, toUs: fromUs });
        const period = await readStatement(books, account, { fromUs, toUs });
        expect(period.closingMinor).toBe(books.balanceAt(account, toUs - 1));
        expect(before.closingMinor).toBe(period.openingMinor);
        expect(before.movements[0]).toMatchObject({ kind: 'opened', amountMinor: OPENING_MINOR });
        const inOrder = period.movements.map(({ commitUs }) => commitUs ?? 0);
        expect(inOrder).toEqual([...inOrder].sort((x, y) => x - y));
        expect(period.movements.map(({ txn }) => txn).sort()).toEqual(
          books.decided
            .filter(({ paid: { from, to }, commitUs }) => commitUs >= fromUs && commitUs < toUs && (from === account || to === account))
            .map(({ paid: { txn } }) => txn as string)
            .sort(),
        );
        moved += period.movements.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
      }
      expect(moved).toBe(0n);
    }),
    { numRuns: 200 },
  );
});

test('a period of now costs the legs of now: a mark says where what came before has ended', async () => {
  const books = played(7, 4_000);
  const all = books.bucketOf('a1').rows.sortedLegs().length;
  const { movements } = await readStatement(books, 'a1', { fromUs: books.latestUs - 20_000, toUs: null });
  expect(movements.length).toBeGreaterThan(0);
  expect(books.legsListed).toBeLessThan(all / 2);
});

test('what is missing in a list is noticed, and nothing is shown', async () => {
  const books = played(3, 60);
  const listAll = books.listPayments.bind(books);
  books.listPayments = async (request) => {
    const page = await listAll(request);
    return { ...page, legs: page.legs.filter(({ journal }) => journal?.seq !== 3) };
  };
  await expect(readStatement(books, 'a1', { fromUs: null, toUs: null })).rejects.toMatchObject({ error: { reason: 'STATEMENT_DOES_NOT_ADD_UP' } });
});

test('the same where the account\u2019s first journal position is of a leg behind the period', async () => {
  const books = new Books(new SeededRandom(1));
  for (let one = 0; one < 2; one += 1) books.promise(books.next('a1', 'b1'));
  for (const { paid, notBeforeUs } of books.promised) books.decide(paid, notBeforeUs);
  const toUs = books.latestUs + 1;
  for (const bucket of books.buckets.values()) bucket.stampMs += 1_000;
  books.decide(books.next('b1', 'b2'), null);
  for (const { paid, commitUs } of books.untold) books.bucketOf(paid.to).commit(paid, commitUs);
  const [gone] = books.untold;
  expect((await readStatement(books, 'b1', { fromUs: null, toUs })).movements).toHaveLength(3);
  const listAll = books.listPayments.bind(books);
  books.listPayments = async (request) => {
    const page = await listAll(request);
    return { ...page, legs: page.legs.filter(({ txn }) => txn !== gone?.paid.txn) };
  };
  await expect(readStatement(books, 'b1', { fromUs: null, toUs })).rejects.toMatchObject({ error: { reason: 'STATEMENT_DOES_NOT_ADD_UP' } });
});

test('a period that begins before the account shows what it was opened with; one that ends before it is refused', async () => {
  const books = played(1, 20);
  const statement = await readStatement(books, 'b1', { fromUs: START_MS - 1, toUs: null });
  expect(statement).toMatchObject({ openingUs: null, openingMinor: 0n, currency: USD });
  expect(statement.movements[0]).toMatchObject({ kind: 'opened', amountMinor: OPENING_MINOR, balanceMinor: OPENING_MINOR });
  await expect(readStatement(books, 'b1', { fromUs: null, toUs: START_MS })).rejects.toThrow(MasCallFailed);
});

test.each([
  [{ fromUs: 7.5 }, 'fromUs'],
  [{ toUs: 0 }, 'toUs'],
  [{ toUs: 2 ** 53 }, 'toUs'],
  [{ fromUs: 9, toUs: 8 }, 'fromUs'],
])('%j is no period', async (period, field) => {
  await expect(readStatement(played(1, 5), 'a1', period)).rejects.toMatchObject({ error: { kind: 'invalid', reason: 'PERIOD_INVALID', field } });
});

test('one more movement than whoever asks can hold: a shorter period is wanted', async () => {
  const books = played(5, 60);
  const { movements } = await readStatement(books, 'a1', { fromUs: START_MS * 1_000 + 1 });
  const payments = movements.filter(({ kind }) => kind !== 'opened').length;
  expect(payments).toBeGreaterThan(1);
  await expect(readStatement(books, 'a1', {}, payments - 1)).rejects.toMatchObject({ error: { kind: 'invalid', reason: 'STATEMENT_TOO_LONG' } });
  expect((await readStatement(books, 'a1', {}, payments)).closingMinor).toBe(books.balanceAt('a1', books.latestUs));
});
