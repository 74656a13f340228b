/** Paying somebody a cent does not tell what he has. */
import { accountNumber } from '@mas/values';
import type { PaymentResult, Reply } from '@mas/transaction-coordinator';
import { committed } from '../testing/fake-coordinator';
import { ownBalances } from './own-balances';

if (committed.kind !== 'committed') throw new Error('expected a committed payment');
const [abc, other] = [accountNumber('abc'), accountNumber('other')];
const balances = [
  { account: abc, balanceMinor: 1n },
  { account: other, balanceMinor: 2n },
];
const reply: Reply<PaymentResult> = { ok: true, value: { ...committed, balances } };
const seenBy = (subject: Parameters<typeof ownBalances>[0]['subject']): unknown => ownBalances({ subject }, reply);

test('an operator sees all, an account its own, another account none', () => {
  expect(seenBy({ kind: 'operator', name: 'mas|ops' })).toEqual(reply);
  expect(seenBy({ kind: 'account', account: abc })).toMatchObject({ value: { balances: [{ account: 'abc' }] } });
  expect(seenBy({ kind: 'account', account: abc })).not.toMatchObject({ value: { balances: [{}, {}] } });
  expect(seenBy({ kind: 'account', account: accountNumber('third') })).toMatchObject({ value: { balances: [] } });
});

test('what is no committed payment is left as it is', () => {
  const unknown: Reply<PaymentResult> = { ok: true, value: { kind: 'unknown', txn: committed.txn, message: 'x' } };
  expect(ownBalances({ subject: { kind: 'account', account: abc } }, unknown)).toBe(unknown);
});
