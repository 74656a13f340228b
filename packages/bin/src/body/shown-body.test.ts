/** Bodies as databases and Redis print them are shown as what they say; anything else is named. */
import { PaymentBody } from '@mas/ledger';
import { accountNumber, currency } from '@mas/values';
import { shownBody } from './shown-body';

const leg = (account: string, effect: 'debit' | 'credit') => ({ account: accountNumber(account), effect, amountMinor: 1250n, currency: currency('USD') });
const { bytes } = PaymentBody.of({ kind: 'payment', legs: [leg('alice', 'debit'), leg('bob', 'credit')], reference: null, expiresAtMs: null, memo: 'rent' });
const shown =
  '{"kind":"payment","legs":[{"account":"alice","effect":"debit","amountMinor":"1250","currency":"USD"},{"account":"bob","effect":"credit","amountMinor":"1250","currency":"USD"}],"reference":null,"expiresAtMs":null,"memo":"rent"}';
const hex = Buffer.from(bytes).toString('hex');

test.each([
  ['hexadecimal', hex],
  ['upper case, as hex() of MariaDB', hex.toUpperCase()],
  ['with 0x', `0x${hex}`],
  ['base64', Buffer.from(bytes).toString('base64')],
])('%s', (_form, text) => {
  expect(shownBody(text)).toBe(shown);
});

test.each([
  ['a word', 'hello!', /neither hexadecimal nor base64/],
  ['half a body', hex.slice(0, 20), /not the body of a payment: cut short/],
  ['another form of a body', `${hex}3001`, /not the canonical form/],
  ['an odd number of digits', hex.slice(1), /not the body of a payment/],
])('%s is named', (_what, text, message) => {
  expect(() => shownBody(text)).toThrow(expect.objectContaining({ kind: 'usage-error', message: expect.stringMatching(message) as string }) as Error);
});
