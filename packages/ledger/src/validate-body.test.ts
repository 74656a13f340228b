/** Whatever is wrong in a body has a name and a field; sound bodies of every kind have nothing. */
import { MAX_AMOUNT_MINOR } from '@mas/values';
import { acc, commit, commitMany, content as body, decideCommit, leg, lock, pay as sealedPay, payment, POLICY, prepare, rollback } from './testing/builders';
import {
  entryProblem,
  instructionProblem,
  LAST_MOMENT_US,
  MAX_INSTRUCTIONS_PER_ENTRY,
  MAX_LEGS,
  MAX_LOCK_TTL_MS,
  MAX_MEMO_LENGTH,
  validateBody,
  type BodyContent,
  type Instruction,
} from './index';

const pay = (from: string, to: string, amountMinor: bigint): BodyContent => body('payment', [leg(from, 'debit', amountMinor), leg(to, 'credit', amountMinor)]);
const { key, txn } = payment(1, sealedPay('a1', 'a2', 1n));
const reference = { key, txn };
const many = (count: number): BodyContent =>
  body('payment', [leg('a0', 'debit', BigInt(count - 1)), ...Array.from({ length: count - 1 }, (_, i) => leg(`b${i}`, 'credit', 1n))]);

test.each<[string, BodyContent]>([
  ['a payment', pay('a1', 'a2', 1n)],
  ['the largest amount', pay('a1', 'a2', MAX_AMOUNT_MINOR)],
  ['as many legs as may be', many(MAX_LEGS)],
  [
    'two currencies, each balanced',
    body('payment', [
      leg('a1', 'debit', 1n),
      leg('a2', 'credit', 1n),
      { ...leg('a3', 'debit', 2n), currency: 'EUR' as never },
      { ...leg('a4', 'credit', 2n), currency: 'EUR' as never },
    ]),
  ],
  ['an authorization', body('authorization', [leg('a1', 'authorize', 1n)], { expiresAtMs: 1 })],
  ['a capture', body('capture', [leg('a1', 'capture', 3n), leg('a2', 'credit', 2n), leg('a3', 'credit', 1n)], { reference })],
  ['a void', body('void', [leg('a1', 'void', 0n)], { reference })],
  ['a refund by two', body('refund', [leg('a1', 'refund-debit', 1n), leg('a2', 'refund-debit', 1n), leg('a3', 'credit', 2n)], { reference })],
  ['a long memo with an emoji', { ...pay('a1', 'a2', 1n), memo: `${'x'.repeat(MAX_MEMO_LENGTH - 2)}💶` }],
])('%s is sound', (_name, sound) => {
  expect(validateBody(sound)).toEqual([]);
});

test.each<[string, BodyContent, string, string]>([
  ['no legs', body('payment', []), 'TOO_FEW_LEGS', 'legs'],
  ['one leg', body('payment', [leg('a1', 'debit', 1n)]), 'TOO_FEW_LEGS', 'legs'],
  ['one leg too many', many(MAX_LEGS + 1), 'TOO_MANY_LEGS', 'legs'],
  ['an authorization of two', body('authorization', [leg('a1', 'authorize', 1n), leg('a2', 'authorize', 1n)], { expiresAtMs: 1 }), 'TOO_MANY_LEGS', 'legs'],
  ['a payment to oneself', pay('a1', 'a1', 1n), 'ACCOUNT_REPEATED', 'legs[1].account'],
  ['legs out of order', { ...pay('a1', 'a2', 1n), legs: [...pay('a1', 'a2', 1n).legs].reverse() }, 'LEGS_NOT_SORTED', 'legs[1].account'],
  ['nothing', pay('a1', 'a2', 0n), 'AMOUNT_NOT_POSITIVE', 'legs[0].amount'],
  ['less than nothing', pay('a1', 'a2', -1n), 'AMOUNT_NOT_POSITIVE', 'legs[0].amount'],
  ['more than 64 bits', pay('a1', 'a2', MAX_AMOUNT_MINOR + 1n), 'AMOUNT_TOO_LARGE', 'legs[0].amount'],
  ['a void with an amount', body('void', [leg('a1', 'void', 1n)], { reference }), 'AMOUNT_NOT_ZERO', 'legs[0].amount'],
  ['money from nowhere', body('payment', [leg('a1', 'debit', 1n), leg('a2', 'credit', 2n)]), 'LEGS_NOT_BALANCED', 'legs'],
  [
    'balanced only across currencies',
    body('payment', [leg('a1', 'debit', 1n), { ...leg('a2', 'credit', 1n), currency: 'EUR' as never }]),
    'LEGS_NOT_BALANCED',
    'legs',
  ],
  ['credits alone', body('payment', [leg('a1', 'credit', 1n), leg('a2', 'credit', 1n)]), 'LEGS_NOT_BALANCED', 'legs'],
  ['a payment that authorizes', body('payment', [leg('a1', 'authorize', 1n), leg('a2', 'credit', 1n)]), 'EFFECT_NOT_ALLOWED', 'legs[0].effect'],
  ['a refund that debits', body('refund', [leg('a1', 'debit', 1n), leg('a2', 'credit', 1n)], { reference }), 'EFFECT_NOT_ALLOWED', 'legs[0].effect'],
  ['a void that credits', body('void', [leg('a1', 'credit', 1n)], { reference }), 'EFFECT_NOT_ALLOWED', 'legs[0].effect'],
  [
    'a capture of two accounts',
    body('capture', [leg('a1', 'capture', 1n), leg('a2', 'capture', 1n), leg('a3', 'credit', 2n)], { reference }),
    'EFFECT_NOT_ALLOWED',
    'legs',
  ],
  ['a refund of nothing', body('refund', [leg('a1', 'refund-debit', 1n), leg('a2', 'credit', 1n)]), 'REFERENCE_MISSING', 'reference'],
  ['a payment of something', { ...pay('a1', 'a2', 1n), reference }, 'REFERENCE_NOT_ALLOWED', 'reference'],
  ['an authorization for ever', body('authorization', [leg('a1', 'authorize', 1n)]), 'EXPIRY_MISSING', 'expires_at'],
  ['an authorization until half past', body('authorization', [leg('a1', 'authorize', 1n)], { expiresAtMs: 1.5 }), 'EXPIRY_INVALID', 'expires_at'],
  ['a payment until tomorrow', { ...pay('a1', 'a2', 1n), expiresAtMs: 1 }, 'EXPIRY_NOT_ALLOWED', 'expires_at'],
  ['too long a memo', { ...pay('a1', 'a2', 1n), memo: 'x'.repeat(MAX_MEMO_LENGTH + 1) }, 'MEMO_TOO_LONG', 'memo'],
  ['half an emoji', { ...pay('a1', 'a2', 1n), memo: '\ud83d' }, 'MEMO_NOT_TEXT', 'memo'],
])('%s', (_name, wrong, name, field) => {
  expect(validateBody(wrong)[0]).toMatchObject({ name, field });
});

test('an impossible instruction is named before it is proposed', () => {
  const p = payment(1, sealedPay('a1', 'a2', 1n));
  const problems: readonly [Instruction, RegExp | null][] = [
    [decideCommit(p), null],
    [decideCommit({ ...p, body: sealedPay('a1', 'a2', 0n) }), /AMOUNT_NOT_POSITIVE/],
    [prepare(p, 'a3'), /no leg of the account/],
    [decideCommit(p, [], { notBeforeUs: LAST_MOMENT_US }), null],
    [decideCommit(p, [], { notBeforeUs: LAST_MOMENT_US + 1 }), /a moment is/],
    [decideCommit(p, [], { notBeforeUs: 0.5 }), /a moment is/],
    [commit(p, 'a2', 0), /a moment is/],
    [
      commitMany([
        { txn, account: acc('a2'), commitUs: 7 },
        { txn, account: acc('a1'), commitUs: 2 ** 53 },
      ]),
      /a moment is/,
    ],
    [{ ...rollback(p, 'a1'), account: acc('a2') }, /another account/],
    [{ kind: 'acknowledge', key, txn, accounts: [] }, /names no leg/],
    [lock('a1', 'x', 0), /held for/],
    [lock('a1', 'x', MAX_LOCK_TTL_MS + 1), /held for/],
    [{ kind: 'genesis', slots: [{ from: 5 as never, to: 4 as never }], epoch: 1, policy: POLICY, semanticsVersion: 1 }, /not sorted/],
    [{ kind: 'genesis', slots: [], epoch: 1, policy: { ...POLICY, maximumAmountMinor: 0n }, semanticsVersion: 1 }, /amounts/],
  ];
  for (const [instruction, expected] of problems) {
    if (expected === null) expect(instructionProblem(instruction)).toBeNull();
    else expect(instructionProblem(instruction)).toMatch(expected);
  }
  expect(entryProblem({ stampMs: 1, behindUs: null, instructions: new Array<Instruction>(MAX_INSTRUCTIONS_PER_ENTRY + 1).fill(decideCommit(p)) })).toMatch(
    /at most/,
  );
  expect(entryProblem({ stampMs: 1, behindUs: 2 ** 53, instructions: [] })).toMatch(/a moment is/);
  expect(entryProblem({ stampMs: 0.5, behindUs: null, instructions: [] })).toMatch(/stamp/);
});
