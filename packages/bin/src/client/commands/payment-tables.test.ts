/** A payment's commit time, where people and programs look for it. */
import { PaymentBody, type LegRow } from '@mas/ledger';
import type { PaymentView } from '@mas/transaction-coordinator';
import { accountNumber, currency, paymentKey, slot, txnId } from '@mas/values';
import { moment, toJson } from '../output';
import { datedPage, datedView, legTable, viewTable } from './payment-tables';

const [alice, bob] = [accountNumber('alice'), accountNumber('bob')];
const COMMIT_US = 1_700_000_000_123_045;
const spec = { account: alice, effect: 'debit' as const, amountMinor: 5n, currency: currency('USD') };
const body = PaymentBody.of({ kind: 'payment', legs: [spec, { ...spec, account: bob, effect: 'credit' }], reference: null, expiresAtMs: null, memo: '' });
const txn = txnId('1'.repeat(64));

const view = (commitUs: number | null): PaymentView => ({
  id: 'p',
  scope: 'mas|ops',
  txn,
  state: commitUs === null ? 'ABORTED' : 'COMMITTED',
  body,
  reason: null,
  createdAtMs: 1_700_000_000_000,
  endedAtMs: 1_700_000_000_123,
  commitUs,
  timeline: [],
  outcome: null,
});
const leg = (commitUs: number | null): LegRow => ({
  ...{
    slot: slot(1),
    account: alice,
    seq: 1,
    txn,
    key: paymentKey('mas|ops', 'p'),
    homeSlot: slot(1),
    subject: { kind: 'system' as const },
    spec,
    body,
    state: 'committed' as const,
    reason: null,
  },
  ...{
    preparedAtMs: 1_700_000_000_123,
    preparedUs: null,
    endedAtMs: 1_700_000_000_123,
    commitUs,
    journal: null,
    reservation: null,
    mark: null,
    refundedMinor: 0n,
    refundReservedMinor: 0n,
  },
});

test.each<[number | null, string]>([
  [null, ''],
  [COMMIT_US, '2023-11-14T22:13:20.123045Z'],
  [0, '1970-01-01T00:00:00.000000Z'],
  [1_700_000_000_000_999, '2023-11-14T22:13:20.000999Z'],
])('%s is shown as "%s"', (us, text) => {
  expect(moment(us)).toBe(text);
});

test('in tables, where there is one', () => {
  for (const text of [viewTable(view(COMMIT_US)), legTable([leg(COMMIT_US)])]) expect(text).toMatch(/commit time[^]*2023-11-14T22:13:20\.123045Z/);
  for (const text of [viewTable(view(null)), legTable([leg(null)])]) expect(text).not.toMatch(/123045/);
});

test('for programs as a number and as the same text', () => {
  expect(JSON.parse(toJson(datedView(view(COMMIT_US))))).toMatchObject({ id: 'p', commitUs: COMMIT_US, committedAt: '2023-11-14T22:13:20.123045Z' });
  expect(JSON.parse(toJson(datedView(view(null))))).toMatchObject({ commitUs: null, committedAt: null });
  expect(JSON.parse(toJson(datedPage({ legs: [leg(COMMIT_US), leg(null)], nextCursor: 'x' })))).toMatchObject({
    legs: [{ commitUs: COMMIT_US, committedAt: '2023-11-14T22:13:20.123045Z' }, { committedAt: null }],
    nextCursor: 'x',
  });
});
