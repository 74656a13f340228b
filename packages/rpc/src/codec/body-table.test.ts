/** The table of bodies: one object for one payment's body, whatever brought it; never another one's; bounded. */
import { PaymentBody } from '@mas/ledger';
import { accountNumber, currency, txnId, type TxnId } from '@mas/values';
import { BodyTable } from './body-table';
import { EncodedInstructions, ProtoLedgerCodec } from './ledger-codec';

const txn = (n: number): TxnId => txnId(n.toString(16).padStart(64, '0'));
const bodyOf = (amountMinor: bigint, memo = ''): PaymentBody =>
  PaymentBody.of({
    kind: 'payment',
    legs: [
      { account: accountNumber('a'), effect: 'debit', amountMinor, currency: currency('USD') },
      { account: accountNumber('b'), effect: 'credit', amountMinor, currency: currency('USD') },
    ],
    reference: null,
    expiresAtMs: null,
    memo,
  });

test('a body that has come before is the same object, and its own copy of the bytes', () => {
  const table = new BodyTable();
  const message = Buffer.concat([Buffer.alloc(50_000), bodyOf(5n).bytes]);
  const view = message.subarray(50_000);
  const first = table.bodyOf(txn(1), view);
  expect(first).toEqual(bodyOf(5n));
  expect(first.bytes.buffer.byteLength).toBe(view.length);
  message.fill(0);
  expect(table.bodyOf(txn(1), bodyOf(5n).bytes)).toBe(first);
});

test('another body under the same txn is read for what it is, and does not take the place of the first', () => {
  const table = new BodyTable();
  const first = table.bodyOf(txn(1), bodyOf(5n).bytes);
  expect(table.bodyOf(txn(1), bodyOf(6n).bytes)).toEqual(bodyOf(6n));
  expect(table.bodyOf(txn(1), bodyOf(5n).bytes)).toBe(first);
  expect(table.bodyOf(txn(2), bodyOf(5n).bytes)).not.toBe(first);
});

test('what is not the canonical form is refused, known or not', () => {
  const table = new BodyTable();
  table.bodyOf(txn(1), bodyOf(5n).bytes);
  expect(() => table.bodyOf(txn(1), Buffer.concat([bodyOf(5n).bytes, Buffer.from('2a00', 'hex')]))).toThrow('not the canonical form');
});

test.each([
  ['bodies', new BodyTable(10), 20],
  ['bytes', new BodyTable(1_000_000, 10 * bodyOf(5n).bytes.length), 20],
])('a full table forgets the oldest: %s', (_what, table, most) => {
  const first = table.bodyOf(txn(0), bodyOf(5n).bytes);
  for (let n = 1; n < 10; n += 1) table.bodyOf(txn(n), bodyOf(5n).bytes);
  for (let n = 10; n < 15; n += 1) table.bodyOf(txn(n), bodyOf(5n).bytes);
  // Asked for meanwhile: stays.
  expect(table.bodyOf(txn(0), bodyOf(5n).bytes)).toBe(first);
  for (let n = 15; n < 100; n += 1) {
    table.bodyOf(txn(n), bodyOf(5n).bytes);
    expect(table.size).toBeLessThanOrEqual(most);
  }
  expect(table.bodyOf(txn(0), bodyOf(5n).bytes)).not.toBe(first);
});

test('a request and a log entry of one process share a body', () => {
  const codec = new ProtoLedgerCodec(new EncodedInstructions());
  const common = { txn: txn(1), key: 'x\0y' as never, homeSlot: 1 as never, body: bodyOf(5n), subject: { kind: 'system' } } as const;
  const bytes = codec.encodeInstruction({ kind: 'prepare', ...common, account: accountNumber('a'), lockToken: null, undecided: [] });
  const [once, again] = [codec.decodeInstruction(bytes), codec.decodeEntry(codec.encodeEntry(1, null, [bytes])).instructions[0]];
  expect(once).toEqual(again);
  expect('body' in once && once.body).toBe(again !== undefined && 'body' in again && again.body);
});

test('a request whose body is in another form is malformed, by name', () => {
  const codec = new ProtoLedgerCodec();
  const instruction = { kind: 'bind-id', txn: txn(1), key: 'x\0y' as never, homeSlot: 1 as never, body: bodyOf(5n), subject: { kind: 'system' } } as const;
  const bytes = Buffer.from(codec.encodeInstruction(instruction));
  const at = bytes.indexOf(Buffer.from(bodyOf(5n).bytes));
  // The currency of the first leg before its amount.
  const [amount, money] = [Buffer.from('1805', 'hex'), Buffer.from('2203555344', 'hex')];
  const swapped = bytes.indexOf(amount, at);
  bytes.set(Buffer.concat([money, amount]), swapped);
  expect(() => codec.decodeInstruction(bytes)).toThrow(
    expect.objectContaining({ kind: 'malformed-bytes', message: expect.stringContaining('not the canonical form of a payment body') as string }) as Error,
  );
});
