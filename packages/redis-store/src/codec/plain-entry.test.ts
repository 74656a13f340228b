/** Most payments' traces are seven numbers in their entries; what comes back is the trace, and any other one is kept as it is. */
import { PaymentBody } from '@mas/ledger';
import type { TimelineStep, TransactionEntry } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency } from '@mas/values';
import { sampleEntry } from '../testing/entry-samples';
import { decodeEntry, encodeEntry, headOf } from './entry-codec';

const [alice, carol] = [accountNumber('alice'), accountNumber('carol')];
const CREATED_MS = 1_700_000_000_000;

/** @param remote the place of the leg that lives in bucket 3; home is bucket 2. */
function plain(remote: 0 | 1, change: Partial<TransactionEntry> = {}): TransactionEntry {
  const leg = remote === 0 ? alice : carol;
  const step = (afterMs: number, name: string, bucket: number | null = null, detail: string | null = null): TimelineStep => ({
    atMs: CREATED_MS + afterMs,
    step: name,
    bucket: bucket === null ? null : bucketId(bucket),
    detail,
  });
  return sampleEntry(1, {
    body: PaymentBody.of({
      kind: 'payment',
      legs: [
        { account: alice, effect: 'debit', amountMinor: 12_345n, currency: currency('USD') },
        { account: carol, effect: 'credit', amountMinor: 12_345n, currency: currency('USD') },
      ],
      reference: null,
      expiresAtMs: null,
      memo: '',
    }),
    state: 'COMMITTED',
    createdAtMs: CREATED_MS,
    endedAtMs: CREATED_MS + 26,
    subTransactions: [
      { account: alice, bucket: bucketId(remote === 0 ? 3 : 2), state: 'COMMITTED' },
      { account: carol, bucket: bucketId(remote === 1 ? 3 : 2), state: 'COMMITTED' },
    ],
    timeline: [
      step(0, 'received'),
      step(1, 'journaled'),
      step(1, 'prepare-sent', 3, leg),
      step(14, 'prepared', 3, leg),
      step(14, 'decide-sent', 2, 'commit'),
      step(27, 'decided', 2, 'COMMITTED'),
      step(27, 'answered'),
      step(27, 'tell-sent'),
      step(40, 'told', 3, leg),
      step(40, 'ended'),
    ],
    ...change,
  });
}

const isShort = (entry: TransactionEntry): boolean => encodeEntry(entry).startsWith('[5,');

test.each([0, 1] as const)('a payment as nearly all are, its remote leg at place %i, comes back from seven numbers', (place) => {
  const entry = plain(place);
  expect(encodeEntry(entry)).toMatch(new RegExp(`,\\[2,3,${place},1,14,27,40\\]\\]$`));
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  const { key, coordinator, state, createdAtMs, endedAtMs } = entry;
  expect(headOf(encodeEntry(entry))).toEqual({ key, coordinator, state, createdAtMs, endedAtMs });
});

test('its commit time is an eighth one', () => {
  const entry = plain(1, { commitUs: (CREATED_MS + 26) * 1_000 + 13 });
  expect(encodeEntry(entry)).toMatch(/,\[2,3,1,1,14,27,40\],13\]$/);
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
});

const { timeline, subTransactions } = plain(1);
const altered = (at: number, change: Partial<TimelineStep>): TransactionEntry =>
  plain(1, { timeline: timeline.map((each, i) => (i === at ? { ...each, ...change } : each)) });

test.each<[string, TransactionEntry]>([
  ...timeline.map((each, at): [string, TransactionEntry] => [`whose step ${each.step} was at another time`, altered(at, { atMs: each.atMs + 1_000 })]),
  ...timeline.map((each, at): [string, TransactionEntry] => [`whose step ${each.step} is another one`, altered(at, { step: 'woken' })]),
  ...timeline.map((each, at): [string, TransactionEntry] => [`whose step ${each.step} says more`, altered(at, { detail: 'again, by tc-2' })]),
  ...timeline.map((each, at): [string, TransactionEntry] => [`whose step ${each.step} was elsewhere`, altered(at, { bucket: bucketId(9) })]),
  ['without its last step', plain(1, { timeline: timeline.slice(0, -1) })],
  ['with a step more', plain(1, { timeline: [...timeline, ...timeline.slice(-1)] })],
  ['whose leg is yet to be told', plain(1, { subTransactions: subTransactions.map((sub) => ({ ...sub, state: 'PREPARED' })) })],
  ['whose leg lives elsewhere', plain(1, { subTransactions: subTransactions.map((sub) => ({ ...sub, bucket: bucketId(9) })) })],
  ['that is open', plain(1, { state: 'PENDING' })],
  ['that was aborted', plain(1, { state: 'ABORTED', reason: { name: 'ABANDONED', account: null, facts: {} } })],
])('one %s is kept step by step', (_what, entry) => {
  expect(isShort(entry)).toBe(false);
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
});

test.each([
  ['a place that is no leg’s', (text: string) => text.replace('[2,3,1,', '[2,3,2,')],
  ['a number less', (text: string) => text.replace(',40]', ']')],
  ['a commit time that is none', (text: string) => text.replace(',40]]', ',40],"7"]')],
  ['text for a number', (text: string) => text.replace(',40]', ',"40"]')],
])('%s is as good as absent', (_what, harm) => {
  expect(harm(encodeEntry(plain(1)))).not.toBe(encodeEntry(plain(1)));
  expect(decodeEntry(harm(encodeEntry(plain(1))))).toBeNull();
});
