/** Has a fake Transaction Manager tell of one account: a1, opened with 100.00, of which 2.50 was paid to a2. */
import { accountNumber } from '@mas/values';
import { fakeAccount, TXN, type FakeCoordinator } from '../../../../rpc/src/testing/fake-coordinator';
import { WrittenBucket } from './written-bucket';

export const PAID = { txn: TXN, from: 'a1', to: 'a2', amountMinor: 250n } as const;

/** @param closingMinor what its balance is said to be. @returns when it was opened, when it paid, and when its balance was read */
export function tellOfPayment(
  { answers }: Pick<FakeCoordinator, 'answers'>,
  closingMinor = 9_750n,
): { readonly openedUs: number; readonly commitUs: number; readonly momentUs: number } {
  const bucket = new WrittenBucket('a');
  bucket.create(PAID.from, 10_000n);
  bucket.create(PAID.to, 0n);
  const openedUs = bucket.momentUs;
  bucket.stampMs += 5;
  const commitUs = bucket.decide(PAID, null) ?? 0;
  bucket.close(commitUs + 7);
  const account = { ...fakeAccount(PAID.from), number: accountNumber(PAID.from), createdAtMs: bucket.stampMs - 5, momentUs: bucket.momentUs };
  const legs = bucket.rows.sortedLegs().filter(({ account: number }) => number === PAID.from);
  answers.set('listPayments', () => Promise.resolve({ ok: true, value: { legs, nextCursor: null } }));
  answers.set('getAccounts', () => Promise.resolve({ ok: true, value: [{ ...account, balanceMinor: closingMinor }] }));
  return { openedUs, commitUs, momentUs: bucket.momentUs };
}
