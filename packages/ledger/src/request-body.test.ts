/** What is hashed is part of the data's identity: pinned, and different for different bodies. */
import * as fc from 'fast-check';
import { acc, body, key, leg, pay, payment, USD } from './testing/builders';
import { canonicalText, changeBody, creationBody, differingField, rowText, txnPreimage, type BodyContent } from './index';

test('the text is pinned', () => {
  const authorization = body('authorization', [leg('a1', 'authorize', 12n)], { expiresAtMs: 99, memo: 'he said "hi"\n' });
  expect(canonicalText(pay('a2', 'a1', 1250n))).toBe('["payment",[["a1","credit","1250","USD"],["a2","debit","1250","USD"]],null,null,""]');
  expect(txnPreimage(1, key('p1'), authorization)).toBe(
    'mas.txn.1\0mas|ops\0p1\0["authorization",[["a1","authorize","12","USD"]],null,99,"he said \\"hi\\"\\n"]',
  );
  expect(Buffer.from(txnPreimage(2, key('é'), authorization) as Uint8Array).toString('latin1')).toBe(
    `${Buffer.from('mas.txn.2\0mas|ops\0é\0').toString('latin1')}${Buffer.from(authorization.bytes).toString('latin1')}`,
  );
  expect(canonicalText(changeBody(acc('a1'), { kind: 'set-minimum', minimumMinor: -5n }))).toBe(
    '["payment",[],null,null,"[\\"set-minimum\\",\\"a1\\",\\"-5\\"]"]',
  );
  expect(creationBody({ number: acc('a1'), currency: USD, openingBalanceMinor: 5n, minimumMinor: null, owner: 'x' }).memo).toBe(
    '["create-account","a1","USD","5",null,"x"]',
  );
});

const { key: refKey, txn: refTxn } = payment(7, pay('a1', 'a2', 1n));
const bodies: fc.Arbitrary<BodyContent> = fc.record({
  kind: fc.constantFrom('payment', 'refund'),
  legs: fc.array(
    fc.record({
      account: fc.constantFrom(acc('a1'), acc('a2')),
      effect: fc.constantFrom('debit', 'credit'),
      amountMinor: fc.bigInt({ min: 0n, max: 3n }),
      currency: fc.constant(USD),
    }),
    { maxLength: 3 },
  ),
  reference: fc.constantFrom(null, { key: refKey, txn: refTxn }),
  expiresAtMs: fc.constantFrom(null, 1, 2),
  memo: fc.constantFrom('', 'null', '",1', 'é'),
});

test('texts are equal iff no field differs, iff the values are equal', () => {
  fc.assert(
    fc.property(bodies, bodies, (a, b) => {
      const equal = rowText(a as never) === rowText(b as never);
      expect(canonicalText(a) === canonicalText(b)).toBe(equal);
      expect(differingField(a, b) === null).toBe(equal);
    }),
    { numRuns: 2000 },
  );
});

test.each<[Partial<BodyContent>, string]>([
  [{ kind: 'refund' }, 'kind'],
  [{ legs: [leg('a1', 'debit', 5n)] }, 'legs'],
  [{ legs: [leg('a1', 'debit', 5n), leg('a3', 'credit', 5n)] }, 'legs[1].account'],
  [{ legs: [leg('a1', 'credit', 5n), leg('a2', 'credit', 5n)] }, 'legs[0].effect'],
  [{ legs: [leg('a1', 'debit', 5n), leg('a2', 'credit', 6n)] }, 'legs[1].amount'],
  [{ legs: [leg('a1', 'debit', 5n), { ...leg('a2', 'credit', 5n), currency: 'EUR' as never }] }, 'legs[1].currency'],
  [{ legs: [...pay('a1', 'a2', 5n).legs, leg('a3', 'credit', 5n)] }, 'legs'],
  [{ reference: { key: refKey, txn: refTxn } }, 'reference'],
  [{ expiresAtMs: 5 }, 'expires_at'],
  [{ memo: 'x' }, 'memo'],
])('%# differs in %s', (other, field) => {
  expect(differingField(pay('a1', 'a2', 5n), { ...pay('a1', 'a2', 5n), ...other })).toBe(field);
});
