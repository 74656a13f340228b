/** Rows come back as they went in, are found by exactly their keys, and are listed in the promised order. */
import type { OutcomeRow } from '@mas/ledger';
import { accountNumber, currency, present, txnId } from '@mas/values';
import { account, AWKWARD_TEXT, batch, body, CONF_STATE, key, leg, lock, manyRows, meta, outcome, position, txn, USD } from './contract-rows';
import type { ContractContext } from './store-under-test';

const MAX = 9_223_372_036_854_775_807n;
const NOTHING = { accounts: [], legs: [], outcomes: [] };

export function rowsContract(context: ContractContext): void {
  test('a bucket without rows is empty: applied 0, no configuration, no meta', async () => {
    const bucket = context.newBucket();
    const { store, checkpoint } = await context.open(bucket);
    expect(checkpoint).toEqual({ applied: { index: 0, term: 0 }, confState: null, meta: null, blob: null });
    expect(await store.load({ accounts: [accountNumber('abc')], legs: [], outcomes: [key('abc', 'x')] })).toEqual(NOTHING);
    expect(await store.loadPinned()).toEqual({ prepared: [], openAuthorizations: [], undelivered: [], locks: [] });
    expect(await context.store.buckets()).toContain(bucket);
  });

  test('every field of every row comes back, extremes and awkward texts included', async () => {
    const { bucket, store } = await context.openNew();
    const reason = { name: 'INSUFFICIENT_FUNDS' as const, account: accountNumber('abc'), facts: { needed: AWKWARD_TEXT, available: '3.00' } };
    const accounts = [
      account('abc', {
        owner: AWKWARD_TEXT,
        balanceMinor: MAX,
        holdsMinor: MAX,
        pendingCreditsMinor: 1n,
        minimumMinor: -MAX - 1n,
        rev: 2 ** 53 - 1,
        lastSeq: 2 ** 52,
      }),
      account('longest-owner', { owner: '漢'.repeat(256), balanceMinor: -MAX - 1n }),
      account('9090-8912-1209-0098', { status: 'closed', currency: currency('JPY'), balanceMinor: 0n }),
    ];
    const reservation = { status: 'capturing' as const, expiresAtMs: 1_800_000_000_000, reservedMinor: 5n, consumedBy: txn(4) };
    const mixedLegs = [
      { account: accountNumber('abc'), effect: 'debit' as const, amountMinor: 1n, currency: currency('JPY') },
      { account: accountNumber('def'), effect: 'credit' as const, amountMinor: 2n, currency: USD },
      { account: accountNumber('def'), effect: 'credit' as const, amountMinor: 3n, currency: USD },
    ];
    const legs = [
      leg('abc', 2 ** 50, { key: key('issuer|é', `id'"\\`), subject: { kind: 'operator', name: AWKWARD_TEXT }, body: body({ memo: AWKWARD_TEXT }) }),
      leg('abc', 5, { state: 'aborted', reason, body: null, endedAtMs: 6, journal: null, subject: { kind: 'system' } }),
      leg('abc', 6, {
        state: 'prepared',
        endedAtMs: null,
        journal: null,
        spec: { account: accountNumber('abc'), effect: 'refund-debit', amountMinor: MAX, currency: USD },
      }),
      leg('def', 7, {
        reservation,
        spec: { account: accountNumber('def'), effect: 'authorize', amountMinor: 9n, currency: USD },
        refundedMinor: 1n,
        refundReservedMinor: 2n,
      }),
      leg('def', 8, {
        body: body({ kind: 'capture', reference: { key: key('a', 'b'), txn: txn(5) }, expiresAtMs: 3 }),
        journal: { seq: 2, balanceAfterMinor: -MAX - 1n },
      }),
      // A body's legs beside the row's own one: another currency before it, and after it one that differs in nothing but the amount.
      leg('def', 9, {
        key: key('issuer|operator', 'z'),
        subject: { kind: 'operator', name: 'issuer|operator' },
        body: body({ legs: mixedLegs }),
        spec: present(mixedLegs[1], 'leg'),
      }),
    ];
    const outcomes = [
      outcome(key('def', 'mixed'), { body: body({ legs: mixedLegs }), subject: { kind: 'account', account: accountNumber('def') } }),
      outcome(key('abc', 'forced'), {
        forced: [
          { operator: 'issuer|"eve"', askedAtMs: 1_700_000_000_009, txn: txn(8) },
          { operator: 'issuer|joe', askedAtMs: 1_700_000_000_010, txn: txn(9) },
        ],
      }),
      outcome(key('abc', 'x'), { untold: [{ account: accountNumber('def') }, { account: accountNumber('ghi') }], balances: [] }),
      outcome(key('issuer|operator', '{abc}7'), { decision: { kind: 'aborted', atMs: 4, reason }, body: body({ memo: AWKWARD_TEXT }) }),
      outcome(key(AWKWARD_TEXT.replaceAll('\0', '') + '|x', 'y'), {
        decision: { kind: 'aborted', atMs: 4, reason: { name: 'CANCELLED', account: null, facts: {} } },
      }),
    ];
    const locks = [lock('abc', { owner: AWKWARD_TEXT, token: 2 ** 52 })];
    await store.checkpoint(batch(bucket, { accounts, legs, outcomes, locks }));
    const loaded = await store.load({
      accounts: accounts.map((row) => row.number),
      legs: legs.map((row) => ({ account: row.account, txn: row.txn, seqRanges: [{ from: row.seq, to: row.seq }] })),
      outcomes: outcomes.map((row) => row.key),
    });
    expect(sorted(loaded.accounts)).toEqual(sorted(accounts));
    expect(sorted(loaded.legs)).toEqual(sorted(legs));
    expect(sorted(loaded.outcomes)).toEqual(sorted(outcomes));
    expect((await store.loadPinned()).locks).toEqual(locks);
    await context.reopen();
    const { checkpoint } = await context.open(bucket);
    expect(checkpoint).toEqual({ applied: position(10), confState: CONF_STATE, meta: meta(bucket), blob: null });
  });

  test('rows with moments, with one of them and without come back as they went in', async () => {
    const { bucket, store } = await context.openNew();
    const legs = [
      leg('abc', 1, { preparedUs: null, commitUs: null }),
      // A decision from elsewhere about a promise of before there were moments; its own clock stood behind this bucket's.
      leg('abc', 2, { preparedUs: null, commitUs: 1 }),
      leg('abc', 3, { preparedUs: 2 ** 53 - 1, commitUs: 2 ** 53 - 1 }),
      leg('abc', 4, { state: 'prepared', endedAtMs: null, journal: null }),
      leg('abc', 5, { state: 'aborted', reason: { name: 'CANCELLED', account: null, facts: {} }, journal: null }),
      leg('abc', 6, { preparedUs: 1_700_000_000_006_000, commitUs: 1_700_000_000_006_000 }),
    ];
    const forced = [{ operator: 'issuer|eve', askedAtMs: 9, txn: txn(8) }];
    const committed = (commitUs: number | null): OutcomeRow['decision'] => ({ kind: 'committed', atMs: 1_700_000_000_002, commitUs });
    const outcomes = [
      outcome(key('abc', 'none'), { decision: committed(null) }),
      outcome(key('abc', 'none, forced'), { decision: committed(null), forced }),
      outcome(key('abc', 'the stamp’s'), { decision: committed(1_700_000_000_002_000) }),
      outcome(key('abc', 'an hour ahead, forced'), { decision: committed(1_700_003_600_002_001), forced }),
    ];
    const accounts = [account('abc', { createdUs: null }), account('def', { createdUs: 2 ** 53 - 1 })];
    const without = meta(bucket, { momentUs: 0, momentsSinceUs: 0 });
    await store.checkpoint(batch(bucket, { accounts, legs, outcomes, meta: without }));
    const loaded = await store.load({
      accounts: accounts.map((row) => row.number),
      legs: legs.map((row) => ({ account: row.account, txn: row.txn, seqRanges: [{ from: row.seq, to: row.seq }] })),
      outcomes: outcomes.map((row) => row.key),
    });
    expect(sorted(loaded.accounts)).toEqual(sorted(accounts));
    expect(sorted(loaded.legs)).toEqual(sorted(legs));
    expect(sorted(loaded.outcomes)).toEqual(sorted(outcomes));
    await context.reopen();
    expect((await context.open(bucket)).checkpoint.meta).toEqual(without);
  });

  test('texts and txns that look like separators, escapes or nothing; the longest ones', async () => {
    const { bucket, store } = await context.openNew();
    const owners = [
      '',
      ' ',
      'NULL',
      '\\N',
      '\\',
      '\\\\',
      'a\tb\nc\r\n',
      '\0',
      '\x1a',
      `'`,
      '"',
      `x'00'`,
      '\n',
      '\t',
      'é',
      '😀'.repeat(128),
      '\\'.repeat(512),
      'x'.repeat(512),
    ];
    const awkwardTxn = txnId('00090a0d1a22275cff00090a0d1a22275cff5c5c5c0a0a0a090909005c005c4e');
    const accounts = owners.map((owner, n) =>
      account(n === 0 ? 'a'.repeat(64) : `owner-${n}`, { owner, createdBy: { key: key(owner.replaceAll('\0', '') || 's', 'i'.repeat(128)), txn: awkwardTxn } }),
    );
    const legs = owners.map((memo, n) => leg('abc', n, { txn: awkwardTxn, body: body({ memo }), key: key('s'.repeat(512), '~'.repeat(128)) }));
    await store.checkpoint(batch(bucket, { accounts, legs }));
    const loaded = await store.load({
      ...NOTHING,
      accounts: accounts.map((row) => row.number),
      legs: [{ account: accountNumber('abc'), txn: awkwardTxn, seqRanges: [{ from: 0, to: 99 }] }],
    });
    expect(sorted(loaded.accounts)).toEqual(sorted(accounts));
    expect(sorted(loaded.legs)).toEqual(sorted(legs));
  });

  test('keys compare as bytes: "abc" is not "ABC", in accounts as in payment ids', async () => {
    const { bucket, store } = await context.openNew();
    const accounts = [account('abc', { balanceMinor: 1n }), account('ABC', { balanceMinor: 2n })];
    const outcomes = [outcome(key('abc', 'é'), { txn: txn(1) }), outcome(key('abc', 'e'), { txn: txn(2) }), outcome(key('abc', 'E'), { txn: txn(3) })];
    await store.checkpoint(batch(bucket, { accounts, outcomes }));
    expect((await store.load({ ...NOTHING, accounts: [accountNumber('ABC')] })).accounts).toEqual([accounts[1]]);
    expect((await store.load({ ...NOTHING, outcomes: [key('abc', 'e')] })).outcomes).toEqual([outcomes[1]]);
    expect((await store.load({ ...NOTHING, outcomes: [key('abc', 'e '), key('ab', 'ce')] })).outcomes).toEqual([]);
  });

  test('a later version replaces a row; what was not in the batch stays', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(
      batch(bucket, { accounts: [account('abc'), account('def')], legs: [leg('abc', 5, { state: 'prepared', endedAtMs: null, journal: null })] }),
    );
    const changed = { accounts: [account('abc', { balanceMinor: -5n, rev: 2 })], legs: [leg('abc', 5)] };
    await store.checkpoint(batch(bucket, { ...changed, previous: position(10), applied: position(11, 2) }));
    const request = {
      accounts: [accountNumber('abc'), accountNumber('def')],
      legs: [{ account: accountNumber('abc'), txn: txn(5), seqRanges: [{ from: 0, to: 9 }] }],
      outcomes: [],
    };
    const loaded = await store.load(request);
    expect(sorted(loaded.accounts)).toEqual(sorted([account('abc', { balanceMinor: -5n, rev: 2 }), account('def')]));
    expect(loaded.legs).toEqual([leg('abc', 5)]);
  });

  test('a leg is found by its txn, within the given ranges of seq only', async () => {
    const { bucket, store } = await context.openNew();
    const legs = Array.from({ length: 50 }, (_, n) => leg('hot', 4_096 * (n + 1)));
    await store.checkpoint(batch(bucket, { legs }));
    const find = async (seq: number, ...seqRanges: { from: number; to: number }[]): Promise<readonly number[]> => {
      const loaded = await store.load({ ...NOTHING, legs: [{ account: accountNumber('hot'), txn: txn(seq), seqRanges }] });
      return loaded.legs.map((row) => row.seq);
    };
    expect(await find(8_192, { from: 8_192, to: 8_192 })).toEqual([8_192]);
    expect(await find(8_192, { from: 0, to: 8_191 })).toEqual([]);
    expect(await find(8_192, { from: 8_193, to: 2 ** 50 })).toEqual([]);
    expect(await find(8_192, { from: 40_000, to: 50_000 }, { from: 0, to: 9_000 })).toEqual([8_192]);
    expect(await find(8_192, { from: 0, to: 9_000 }, { from: 8_000, to: 50_000 })).toEqual([8_192]);
    expect(await find(8_192)).toEqual([]);
    expect(await find(1, { from: 0, to: 2 ** 50 })).toEqual([]);
  });

  test('more rows than one statement takes, written and loaded at once', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(1_300);
    await store.checkpoint(batch(bucket, rows));
    const loaded = await store.load({
      accounts: [...rows.accounts.map((row) => row.number), accountNumber('missing')],
      legs: rows.legs.map((row) => ({ account: row.account, txn: row.txn, seqRanges: [{ from: row.seq - 10, to: row.seq + 10 }] })),
      outcomes: rows.outcomes.map((row) => row.key),
    });
    expect(sorted(loaded.accounts)).toEqual(sorted(rows.accounts));
    expect(sorted(loaded.legs)).toEqual(sorted(rows.legs));
    expect(sorted(loaded.outcomes)).toEqual(sorted(rows.outcomes));
  });

  test('buckets in one database do not see one another', async () => {
    const [left, right] = [await context.openNew(), await context.openNew()];
    await left.store.checkpoint(
      batch(left.bucket, { accounts: [account('abc')], legs: [leg('abc', 5)], outcomes: [outcome(key('abc', 'x'))], locks: [lock('abc')] }),
    );
    expect(await right.store.load({ accounts: [accountNumber('abc')], legs: [], outcomes: [key('abc', 'x')] })).toEqual(NOTHING);
    expect(await right.store.listAccounts(null, 10)).toEqual([]);
    expect((await right.store.loadPinned()).locks).toEqual([]);
  });
}

/** Results come in no particular order; toEqual compares bigint, Map and nested values. */
export function sorted<Row extends object>(rows: readonly Row[]): readonly Row[] {
  const text = (row: Row): string => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return [...rows].sort((left, right) => (text(left) < text(right) ? -1 : 1));
}
