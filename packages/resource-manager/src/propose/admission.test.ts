/** What never reaches the log, by name: the bucket believes neither a coordinator's word about callers nor its identities. */
import { bucketId, currency, err, ok, parseAccountNumber, paymentKey, slot, splitPaymentKey, txnId, type AccountNumber, type PaymentKey } from '@mas/values';
import type { InstructionItem } from '@mas/two-phase-commit';
import { platformDigest } from '../digest';
import {
  accountsIn,
  accountToken,
  commitLeg,
  createAccount,
  decideAbort,
  decideCommit,
  OPERATOR,
  OPERATOR_TOKEN,
  payment,
  prepare,
  type Payment,
} from '../testing/payments';
import { AdmissionControl } from './admission';
import { homeSlotOf, slotOfAccount } from '@mas/placement';
import { changeBody, creationBody, PaymentBody, txnPreimage, type Instruction } from '@mas/ledger';

const [ALICE, BOB] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];
const control = new AdmissionControl(
  {
    verify: (token) => {
      if (token === OPERATOR_TOKEN) return ok(OPERATOR);
      return token === accountToken(ALICE) ? ok({ kind: 'account', account: ALICE }) : err({ reason: 'TOKEN_EXPIRED' });
    },
  },
  platformDigest,
  () => 2,
);
const p = payment('p', ALICE, BOB, 10n);
const OTHER_TXN = txnId('0'.repeat(64));

/** The same payment as Alice's own: its key is scoped to her account. */
function own(): Payment {
  const key = paymentKey(ALICE, 'own');
  return {
    ...p,
    key,
    homeSlot: homeSlotOf(key, ALICE),
    txn: txnId(platformDigest.sha256Hex(txnPreimage(2, key, p.body))),
    subject: { kind: 'account', account: ALICE },
  };
}

function changed(item: InstructionItem, fields: object): InstructionItem {
  return { token: item.token, instruction: { ...item.instruction, ...fields } as InstructionItem['instruction'] };
}

function bound(key: PaymentKey): Extract<Instruction, { kind: 'bind-id' }> {
  const body = creationBody({ number: BOB, currency: currency('USD'), openingBalanceMinor: 1n, minimumMinor: null, owner: '' });
  const scope = parseAccountNumber(splitPaymentKey(key).scope);
  return {
    kind: 'bind-id',
    key,
    homeSlot: homeSlotOf(key, scope.ok ? scope.value : null),
    txn: txnId(platformDigest.sha256Hex(txnPreimage(1, key, body))),
    body,
    subject: OPERATOR,
  };
}

function changeOf(number: AccountNumber, id: string): Instruction {
  const key = paymentKey('test|operator', id);
  const change = { kind: 'freeze' } as const;
  return {
    kind: 'change-account',
    key,
    txn: txnId(platformDigest.sha256Hex(txnPreimage(1, key, changeBody(number, change)))),
    number,
    change,
    subject: OPERATOR,
    lockToken: null,
    undecided: [],
  };
}

test.each<[string, InstructionItem, string, string]>([
  ['a payment without a token', { ...prepare(p, BOB), token: null }, 'unauthenticated', 'TOKEN_MISSING'],
  ['a payment with a token that is not valid any more', { ...prepare(p, BOB), token: 'old' }, 'unauthenticated', 'TOKEN_EXPIRED'],
  ["an id of another caller's scope", { ...decideCommit(p, []), token: accountToken(ALICE) }, 'permission-denied', 'ID_OF_ANOTHER_CALLER'],
  ['a txn that is not the hash of key and body', changed(prepare(p, BOB), { txn: OTHER_TXN }), 'permission-denied', 'TXN_DOES_NOT_MATCH_BODY'],
  [
    'a body that was changed behind the txn',
    changed(decideCommit(p, []), { body: PaymentBody.of({ ...p.body, memo: 'x' }) }),
    'permission-denied',
    'TXN_DOES_NOT_MATCH_BODY',
  ],
  ['a creation whose amount was changed', changed(createAccount(BOB, 5n), { openingBalanceMinor: 6n }), 'permission-denied', 'TXN_DOES_NOT_MATCH_BODY'],
  [
    'another home than the key has',
    changed(decideAbort(p), { homeSlot: slot((slotOfAccount(ALICE) + 1) % 4096) }),
    'permission-denied',
    'HOME_SLOT_DOES_NOT_MATCH_KEY',
  ],
  [
    'a change of an account under a key with another home',
    { token: OPERATOR_TOKEN, instruction: changeOf(BOB, 'no account in front') },
    'permission-denied',
    'HOME_SLOT_DOES_NOT_MATCH_KEY',
  ],
  [
    'a leg that the body lacks',
    changed(prepare(p, BOB), { account: accountsIn(0, 4095, 3)[2] }),
    'permission-denied',
    'the body has no leg of the account to be prepared',
  ],
  ['a prepared leg that the body lacks', decideCommit(p, [accountsIn(0, 4095, 3)[2] ?? BOB]), 'permission-denied', 'LEG_NOT_IN_BODY'],
  [
    'a body that does not balance',
    decideCommit({ ...p, body: PaymentBody.of({ ...p.body, legs: p.body.legs.slice(0, 1) }) }, []),
    'permission-denied',
    'legs: TOO_FEW_LEGS',
  ],
  ["an abort with another caller's token", { ...decideAbort(p), token: accountToken(ALICE) }, 'permission-denied', 'ID_OF_ANOTHER_CALLER'],
  [
    'genesis from outside',
    {
      token: null,
      instruction: {
        kind: 'genesis',
        slots: [],
        epoch: 1,
        policy: { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1n },
        semanticsVersion: 1,
      },
    },
    'permission-denied',
    'INSTRUCTION_IS_INTERNAL',
  ],
  ['expiry from outside', { token: null, instruction: { kind: 'expire', account: ALICE, txn: p.txn } }, 'permission-denied', 'INSTRUCTION_IS_INTERNAL'],
  [
    'a forced resolution by an account',
    {
      token: accountToken(ALICE),
      instruction: { kind: 'resolve', txn: p.txn, key: p.key, homeSlot: p.homeSlot, body: p.body, subject: OPERATOR, askedAtMs: 5 },
    },
    'permission-denied',
    'OPERATOR_TOKEN_REQUIRED',
  ],
  [
    'an id bound by an account',
    { token: accountToken(ALICE), instruction: { ...bound(own().key), subject: OPERATOR } },
    'permission-denied',
    'OPERATOR_TOKEN_REQUIRED',
  ],
  ['an id bound in another caller’s scope', { token: accountToken(ALICE), instruction: bound(p.key) }, 'permission-denied', 'ID_OF_ANOTHER_CALLER'],
  [
    'an id bound to a request with legs',
    { token: OPERATOR_TOKEN, instruction: { ...bound(p.key), body: p.body } },
    'permission-denied',
    'an id that is bound is a request’s without legs',
  ],
  [
    'a meaning of instructions that this build does not know',
    {
      token: OPERATOR_TOKEN,
      instruction: {
        kind: 'set-policy',
        policy: { version: 9, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1n },
        semanticsVersion: 99,
        subject: OPERATOR,
      },
    },
    'permission-denied',
    'SEMANTICS_UNKNOWN',
  ],
  [
    'a policy from an account',
    {
      token: accountToken(ALICE),
      instruction: {
        kind: 'set-policy',
        policy: { version: 9, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1n },
        semanticsVersion: 1,
        subject: OPERATOR,
      },
    },
    'permission-denied',
    'OPERATOR_TOKEN_REQUIRED',
  ],
  ['an owner that no column holds', changed(createAccount(BOB, 5n), { owner: 'x'.repeat(257) }), 'permission-denied', 'OWNER_TOO_LONG'],
  [
    'a lock id that no column holds',
    {
      token: OPERATOR_TOKEN,
      instruction: {
        kind: 'acquire-lock',
        slot: slotOfAccount(ALICE),
        lockId: 'x'.repeat(129),
        owner: 'o',
        mode: 'exclusive',
        ttlMs: 1_000,
        subject: OPERATOR,
      },
    },
    'permission-denied',
    'LOCK_ID_INVALID',
  ],
  [
    'a lock owner that is no handle',
    { token: null, instruction: { kind: 'release-lock', slot: slotOfAccount(ALICE), lockId: ALICE, owner: 'é' } },
    'permission-denied',
    'LOCK_OWNER_INVALID',
  ],
  [
    'a lock id with a space',
    {
      token: OPERATOR_TOKEN,
      instruction: { kind: 'acquire-lock', slot: slotOfAccount(ALICE), lockId: `${ALICE} x`, owner: 'o', mode: 'exclusive', ttlMs: 1_000, subject: OPERATOR },
    },
    'permission-denied',
    'LOCK_ID_INVALID',
  ],
  [
    'a break from an account',
    { token: accountToken(ALICE), instruction: { kind: 'break-lock', slot: slotOfAccount(ALICE), lockId: ALICE, upToToken: 1, subject: OPERATOR } },
    'permission-denied',
    'OPERATOR_TOKEN_REQUIRED',
  ],
  [
    'a shared lock whose key no column holds',
    {
      token: OPERATOR_TOKEN,
      instruction: { kind: 'acquire-lock', slot: slotOfAccount(ALICE), lockId: ALICE, owner: 's'.repeat(64), mode: 'shared', ttlMs: 1_000, subject: OPERATOR },
    },
    'permission-denied',
    'LOCK_OWNER_INVALID',
  ],
  [
    'a lock without a token',
    {
      token: null,
      instruction: { kind: 'acquire-lock', slot: slotOfAccount(ALICE), lockId: ALICE, owner: 'o', mode: 'exclusive', ttlMs: 1_000, subject: OPERATOR },
    },
    'unauthenticated',
    'TOKEN_MISSING',
  ],
])('%s is refused', (_what, item, kind, reason) => {
  expect(control.admit(item, 'tm')).toEqual({ kind, reason });
});

test('a payment that was begun before its txn was a hash over bytes is still resolved, and asked for again', () => {
  const old: Payment = { ...p, txn: txnId(platformDigest.sha256Hex(txnPreimage(1, p.key, p.body))) };
  const resolve: InstructionItem = {
    token: null,
    instruction: { kind: 'resolve', txn: old.txn, key: p.key, homeSlot: p.homeSlot, body: p.body, subject: { kind: 'system' }, askedAtMs: null },
  };
  expect([prepare(old, BOB), decideCommit(old, []), decideAbort(old), resolve].map((item) => control.admit(item, 'tm').kind)).toEqual([
    'admitted',
    'admitted',
    'admitted',
    'admitted',
  ]);
  expect(control.admit(changed(prepare(old, BOB), { body: PaymentBody.of({ ...p.body, memo: 'x' }) }), 'tm')).toEqual({
    kind: 'permission-denied',
    reason: 'TXN_DOES_NOT_MATCH_BODY',
  });
});

test('the subject is what the token says, whatever the instruction claimed', () => {
  const item = { ...decideCommit(own(), []), token: accountToken(ALICE) };
  const forged = changed(item, { subject: { kind: 'operator', name: 'test|operator' } });
  expect(control.admit(forged, 'tm')).toMatchObject({ kind: 'admitted', instruction: { subject: { kind: 'account', account: ALICE } } });
});

test('a change of an account under a key that names it', () => {
  expect(control.admit({ token: OPERATOR_TOKEN, instruction: changeOf(BOB, `{${BOB}}freeze`) }, 'tm').kind).toBe('admitted');
});

test('an instruction that already says so is passed on as the same object, so that its bytes can be reused', () => {
  const item = prepare(p, BOB);
  expect(control.admit(item, 'tm')).toEqual({ kind: 'admitted', instruction: item.instruction });
  const admission = control.admit(item, 'tm');
  expect(admission.kind === 'admitted' && admission.instruction === item.instruction).toBe(true);
});

test.each<[string, InstructionItem]>([
  ['the second phase', commitLeg(p, BOB)],
  ['an abort by the coordinator', decideAbort(p)],
  ['an abort after the token has expired', { ...decideAbort(p), token: 'old' }],
  ['a release with the handle', { token: null, instruction: { kind: 'release-lock', slot: slotOfAccount(ALICE), lockId: ALICE, owner: 'handle' } }],
])('%s needs no valid token', (_what, item) => {
  expect(control.admit(item, 'tm').kind).toBe('admitted');
});

test('an abort without a token that names a foreign subject runs as the system', () => {
  expect(control.admit(changed(decideAbort(p), { subject: { kind: 'account', account: BOB } }), 'tm')).toMatchObject({
    instruction: { subject: { kind: 'system' } },
  });
});

test('a resolution by a node is the system’s', () => {
  const item: InstructionItem = {
    token: null,
    instruction: { kind: 'resolve', txn: p.txn, key: p.key, homeSlot: p.homeSlot, body: p.body, subject: OPERATOR, askedAtMs: 5 },
  };
  expect(control.admit(item, 'tm')).toMatchObject({ kind: 'admitted', instruction: { subject: { kind: 'system' } } });
});

describe('what is told about slots that move', () => {
  const INTERNAL = { kind: 'permission-denied', reason: 'INSTRUCTION_IS_INTERNAL' };
  const slots = { from: slotOfAccount(ALICE), to: slotOfAccount(ALICE) };
  const ofMove = { move: 1, slots };
  const none = { accounts: 0, legs: 0, outcomes: 0, locks: 0, balances: new Map(), openings: new Map() };
  const handover = { lockSeq: 0, momentUs: 1, momentsSinceUs: 0, lastSeq: 0, semanticsVersion: 9, policyVersion: 1 };
  const lock = { slot: slots.from, lockId: ALICE, mode: 'exclusive', owner: 'o', token: 1, untilMs: 1, heldBy: '' } as const;

  test.each<Instruction>([
    { kind: 'begin-import', ...ofMove, from: bucketId(1), attempt: 1 },
    { kind: 'import-rows', ...ofMove, attempt: 1, part: 0, rows: { accounts: [], legs: [], outcomes: [], locks: [lock] } },
    { kind: 'adopt-slots', ...ofMove, attempt: 1, parts: 0, sums: none, handover },
    { kind: 'decline-import', ...ofMove },
  ])('to the next owner: $kind is a Resource Manager’s to say, and nobody else’s', (instruction) => {
    expect(control.admit({ token: null, instruction }, 'rm')).toEqual({ kind: 'admitted', instruction });
    for (const token of [null, OPERATOR_TOKEN]) expect(control.admit({ token, instruction }, 'tm')).toEqual(INTERNAL);
  });

  test.each<Instruction>([
    { kind: 'release-slots', ...ofMove, to: bucketId(2) },
    { kind: 'reclaim-slots', ...ofMove },
    { kind: 'confirm-release', ...ofMove, sums: none },
  ])('to the last owner: $kind comes from no other process', (instruction) => {
    for (const caller of ['rm', 'tm'] as const) expect(control.admit({ token: OPERATOR_TOKEN, instruction }, caller)).toEqual(INTERNAL);
  });

  test('what nobody could apply is refused by whoever says it', () => {
    const tooMany = { from: slot(0), to: slot(256) };
    expect(control.admit({ token: null, instruction: { kind: 'decline-import', move: 1, slots: tooMany } }, 'rm')).toMatchObject({ kind: 'permission-denied' });
  });
});
