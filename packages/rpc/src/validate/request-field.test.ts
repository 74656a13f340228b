/** A refusal names the field that the caller wrote, not the one that it became. */
import { CreatePaymentRequest } from '../generated/mas/v1/account_service';
import { inRequestsWords } from './request-field';

const simple = { from: 'alice', to: 'bob' };
const legs = [{ account: 'alice', direction: 0, amount: undefined }];

test.each<[string, Partial<CreatePaymentRequest>, string]>([
  ['legs[0].account', simple, 'from'],
  ['legs[1].account', simple, 'to'],
  ['legs[1].amount', simple, 'amount'],
  ['legs[0].currency', simple, 'amount'],
  ['memo', simple, 'memo'],
  ['legs[0].account', { to: 'bob' }, 'to'],
  ['legs[0].account', { legs }, 'legs[0].account'],
  ['legs[7].account', simple, 'legs[7].account'],
])('%s', (field, request, named) => {
  const reply = { ok: false, error: { kind: 'invalid', reason: 'R', field, message: '', facts: {} } } as const;
  expect(inRequestsWords({ ...CreatePaymentRequest.decode(new Uint8Array()), ...request }, reply)).toMatchObject({ ok: false, error: { field: named } });
});
