/** Transaction entries as a coordinator writes them, with amounts beyond 2^53 and every optional part in use. */
import { PaymentBody } from '@mas/ledger';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency, paymentKey, txnId } from '@mas/values';

/** One moment for all, so that a later number is a later entry whenever it is made. */
const FIRST_MS = Date.now() - 1000;

export function sampleEntry(number: number, change: Partial<TransactionEntry> = {}): TransactionEntry {
  const alice = accountNumber('alice');
  const bob = accountNumber('bob');
  return {
    key: paymentKey('mas|ops', `payment-${number}`),
    txn: txnId(number.toString(16).padStart(64, '0')),
    body: PaymentBody.of({
      kind: 'refund',
      legs: [
        { account: alice, effect: 'refund-debit', amountMinor: 9_007_199_254_740_993n + BigInt(number), currency: currency('USD') },
        { account: bob, effect: 'credit', amountMinor: 9_223_372_036_854_775_807n, currency: currency('JPY') },
      ],
      reference: { key: paymentKey('alice', 'original'), txn: txnId('f'.repeat(64)) },
      expiresAtMs: null,
      memo: 'a "memo"\nwith lines, ünïcode and \u0000',
    }),
    coordinator: 'tm-1',
    state: 'PENDING',
    reason: null,
    createdAtMs: FIRST_MS + number,
    endedAtMs: null,
    commitUs: null,
    subTransactions: [{ account: alice, bucket: bucketId(1), state: 'PREPARED' }],
    timeline: [
      { atMs: 5, step: 'received', bucket: null, detail: null },
      { atMs: 6, step: 'prepared', bucket: bucketId(1), detail: 'x' },
    ],
    ...change,
  };
}

export function ended(entry: TransactionEntry, state: 'COMMITTED' | 'ABORTED'): TransactionEntry {
  const reason = state === 'ABORTED' ? { name: 'INSUFFICIENT_FUNDS' as const, account: accountNumber('alice'), facts: { available: '3.00' } } : null;
  const endedAtMs = Date.now();
  return { ...entry, state, reason, endedAtMs, commitUs: state === 'COMMITTED' ? endedAtMs * 1_000 + 7 : null };
}
