/** Text that is not UTF-8 is refused wherever it stands, by the field's name in the proto file. */
import { CreateAccountRequest, CreatePaymentRequest, CreatePaymentsRequest, ListPaymentsRequest } from '../generated/mas/v1/account_service';
import { AcquireLockRequest } from '../generated/mas/v1/lock_service';
import { ResolveTransactionRequest } from '../generated/mas/v1/node_service';
import { decodeStrictly } from './strict-text';

const MARK = 'MARK';
const BAD = { lone: [0xff, 0x41, 0x41, 0x41], overlong: [0xc0, 0xaf, 0x41, 0x41], surrogate: [0xed, 0xa0, 0x80, 0x41], cut: [0x41, 0x41, 0xe2, 0x82] };

/** The message with other bytes in the place of its mark. */
function spoiled(bytes: Uint8Array, by: readonly number[]): Buffer {
  const spoilt = Buffer.from(bytes);
  spoilt.set(by, spoilt.indexOf(MARK));
  return spoilt;
}

const amount = { value: { $case: 'decimal', value: '1' }, currency: '' } as const;
const payment = (more: Partial<CreatePaymentRequest> = {}): CreatePaymentRequest => ({
  id: 'p',
  kind: 0,
  from: 'a',
  to: 'b',
  amount,
  legs: [],
  expiresInSeconds: 0,
  memo: '',
  lockHandle: '',
  ...more,
});
const account = { id: 'i', number: 'n', currency: 'USD', openingBalance: undefined, owner: '', minimumBalance: undefined };
const reason = (bytes: Buffer, decode: Parameters<typeof decodeStrictly>[1]): unknown => {
  const reply = decodeStrictly(bytes, decode);
  return reply.ok ? 'accepted' : [reply.error.kind, reply.error.reason, reply.error.field];
};

test.each(Object.entries(BAD))('%s', (_what, by) => {
  const bytes = spoiled(CreatePaymentRequest.encode(payment({ memo: MARK })).finish(), by);
  expect(reason(bytes, (reader) => CreatePaymentRequest.decode(reader))).toEqual(['invalid', 'TEXT_INVALID', 'memo']);
});

test.each<[string, Uint8Array, Parameters<typeof decodeStrictly>[1]]>([
  ['owner', CreateAccountRequest.encode({ ...account, owner: MARK }).finish(), (reader) => CreateAccountRequest.decode(reader)],
  [
    'opening_balance.currency',
    CreateAccountRequest.encode({ ...account, openingBalance: { ...amount, currency: MARK } }).finish(),
    (reader) => CreateAccountRequest.decode(reader),
  ],
  ['lock_handle', CreatePaymentRequest.encode(payment({ lockHandle: MARK })).finish(), (reader) => CreatePaymentRequest.decode(reader)],
  [
    'amount.decimal',
    CreatePaymentRequest.encode(payment({ amount: { value: { $case: 'decimal', value: MARK }, currency: '' } })).finish(),
    (reader) => CreatePaymentRequest.decode(reader),
  ],
  [
    'legs[1].account',
    CreatePaymentRequest.encode(
      payment({
        legs: [
          { account: 'a', direction: 1, amount },
          { account: MARK, direction: 2, amount },
        ],
      }),
    ).finish(),
    (reader) => CreatePaymentRequest.decode(reader),
  ],
  [
    'payments[2].memo',
    CreatePaymentsRequest.encode({ payments: [payment(), payment(), payment({ memo: MARK })] }).finish(),
    (reader) => CreatePaymentsRequest.decode(reader),
  ],
  [
    'lock_ids[1]',
    AcquireLockRequest.encode({ ...AcquireLockRequest.decode(new Uint8Array()), lockIds: ['a', MARK] }).finish(),
    (reader) => AcquireLockRequest.decode(reader),
  ],
  [
    'page_token',
    ListPaymentsRequest.encode({ ...ListPaymentsRequest.decode(new Uint8Array()), pageToken: MARK }).finish(),
    (reader) => ListPaymentsRequest.decode(reader),
  ],
  [
    'transaction.txn',
    ResolveTransactionRequest.encode({ transaction: { txn: MARK, account: 'a' } }).finish(),
    (reader) => ResolveTransactionRequest.decode(reader),
  ],
])('%s', (field, bytes, decode) => {
  expect(reason(spoiled(bytes, BAD.lone), decode)).toEqual(['invalid', 'TEXT_INVALID', field]);
});

test('what is UTF-8 stays as it is: U+FFFD itself, a byte order mark, characters beyond the first plane', () => {
  const memo = '\ufeffa\ufffdb\u{1f600}';
  const reply = decodeStrictly(Buffer.from(CreatePaymentRequest.encode(payment({ memo })).finish()), (reader) => CreatePaymentRequest.decode(reader));
  expect(reply.ok && reply.value.memo).toBe(memo);
});
