/** Generators of every ledger value, for round trips. Test support only; not exported from the package. */
import * as fc from 'fast-check';
import {
  COORDINATOR_REASON_NAMES,
  MOVE_REFUSALS,
  NO_MOVES,
  PaymentBody,
  REFUSAL_NAMES,
  type AbortReason,
  type AccountRow,
  type BucketMeta,
  type Decision,
  type Instruction,
  type LegRow,
  type LegSpec,
  type LockRow,
  type MoveStage,
  type OutcomeRow,
  type Policy,
  type Refusal,
  type SlotMoves,
  type Subject,
} from '@mas/ledger';
import type { ConfState, NodeId } from '@mas/raft';
import type { Checkpoint, SnapshotChunk } from '@mas/resource-manager';
import {
  accountNumber,
  bucketId,
  currency,
  paymentKey,
  slot,
  txnId,
  type AccountNumber,
  type BucketId,
  type Currency,
  type PaymentKey,
  type Slot,
  type TxnId,
} from '@mas/values';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'];
const INT64_MAX = 2n ** 63n - 1n;

export const safeUint = fc.oneof(fc.nat(200), fc.nat(), fc.maxSafeNat());
export const amount = fc.oneof(fc.bigInt({ min: 0n, max: 1_000_000n }), fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }));
export const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ minLength: 100, maxLength: 300 }));
export const account: fc.Arbitrary<AccountNumber> = fc
  .tuple(fc.constantFrom(...LETTERS), fc.string({ unit: fc.constantFrom(...LETTERS, '.', '_', ':', '@', '-'), maxLength: 63 }))
  .map(([first, rest]) => accountNumber(first + rest));
export const currencyCode: fc.Arbitrary<Currency> = fc.string({ unit: fc.constantFrom(...LETTERS.slice(26, 52)), minLength: 3, maxLength: 3 }).map(currency);
export const txn: fc.Arbitrary<TxnId> = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => txnId(Buffer.from(bytes).toString('hex')));
const keyPart = anyText.map((text) => text.replaceAll('\0', '')).filter((text) => text.length > 0);
export const key: fc.Arbitrary<PaymentKey> = fc.tuple(keyPart, keyPart).map(([scope, id]) => paymentKey(scope, id));
export const anySlot: fc.Arbitrary<Slot> = fc.nat(4095).map(slot);
export const bucket: fc.Arbitrary<BucketId> = fc.nat(65535).map(bucketId);
export const orNull = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(arbitrary, { nil: null });

const facts = fc.dictionary(fc.oneof(anyText, fc.constant('__proto__')), anyText, { maxKeys: 4 });
export const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({ kind: fc.constant('account' as const), account }),
  fc.record({ kind: fc.constant('operator' as const), name: anyText }),
  fc.constant({ kind: 'system' as const }),
);
export const refusal: fc.Arbitrary<Refusal> = fc.record({ name: fc.constantFrom(...REFUSAL_NAMES), account: orNull(account), facts });
export const reason: fc.Arbitrary<AbortReason> = fc.record({
  name: fc.constantFrom(...REFUSAL_NAMES, ...COORDINATOR_REASON_NAMES),
  account: orNull(account),
  facts,
});
export const legSpec: fc.Arbitrary<LegSpec> = fc.record({
  account,
  effect: fc.constantFrom('debit' as const, 'credit' as const, 'authorize' as const, 'capture' as const, 'void' as const, 'refund-debit' as const),
  amountMinor: amount,
  currency: currencyCode,
});
export const body: fc.Arbitrary<PaymentBody> = fc
  .record({
    kind: fc.constantFrom('payment' as const, 'authorization' as const, 'capture' as const, 'void' as const, 'refund' as const),
    legs: fc.array(legSpec, { maxLength: 5 }),
    reference: orNull(fc.record({ key, txn })),
    expiresAtMs: orNull(safeUint),
    memo: anyText,
  })
  .map(PaymentBody.of);
const policy: fc.Arbitrary<Policy> = fc.record({ version: safeUint, numberPattern: anyText, minimumBalanceMinor: amount, maximumAmountMinor: amount });
const slotRange = fc.tuple(anySlot, anySlot).map(([left, right]) => (left < right ? { from: left, to: right } : { from: right, to: left }));
export const slotRanges = fc.array(slotRange, { maxLength: 3 });
const txns = fc.array(txn, { maxLength: 2 });

const paymentInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ kind: fc.constant('genesis' as const), slots: slotRanges, epoch: safeUint, policy, semanticsVersion: safeUint }),
  fc.record({ kind: fc.constant('set-policy' as const), policy, semanticsVersion: safeUint, subject }),
  fc.record({
    kind: fc.constant('create-account' as const),
    key,
    txn,
    number: account,
    currency: currencyCode,
    openingBalanceMinor: amount,
    minimumMinor: orNull(amount),
    owner: anyText,
    subject,
    checkOnly: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('bind-id' as const), txn, key, homeSlot: anySlot, body, subject }),
  fc.record({ kind: fc.constant('prepare' as const), txn, key, homeSlot: anySlot, body, account, subject, lockToken: orNull(safeUint), undecided: txns }),
  fc.record({
    kind: fc.constant('decide-commit' as const),
    txn,
    key,
    homeSlot: anySlot,
    body,
    remotePrepared: fc.array(account, { maxLength: 3 }),
    notBeforeUs: orNull(safeUint),
    subject,
    lockTokens: fc.array(fc.record({ account, token: safeUint }), { maxLength: 2 }),
    undecided: txns,
  }),
  fc.record({ kind: fc.constant('decide-abort' as const), txn, key, homeSlot: anySlot, body, reason, subject }),
  fc.record({ kind: fc.constant('commit' as const), txn, account, commitUs: orNull(safeUint) }),
  fc.record({ kind: fc.constant('commit-many' as const), legs: fc.array(fc.record({ txn, account, commitUs: orNull(safeUint) }), { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('rollback' as const), txn, key, homeSlot: anySlot, account, spec: legSpec, reason }),
  fc.record({ kind: fc.constant('resolve' as const), txn, key, homeSlot: anySlot, body, subject, askedAtMs: orNull(safeUint) }),
  fc.record({ kind: fc.constant('acknowledge' as const), key, txn, accounts: fc.array(account, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('acknowledge-many' as const),
    told: fc.array(fc.record({ key, txn, accounts: fc.array(account, { maxLength: 3 }) }), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('expire' as const), account, txn }),
  fc.record({
    kind: fc.constant('acquire-lock' as const),
    slot: anySlot,
    lockId: anyText,
    owner: anyText,
    mode: fc.constantFrom('exclusive' as const, 'shared' as const),
    ttlMs: safeUint,
    subject,
  }),
  fc.record({ kind: fc.constant('refresh-lock' as const), slot: anySlot, lockId: anyText, owner: anyText, ttlMs: safeUint }),
  fc.record({ kind: fc.constant('release-lock' as const), slot: anySlot, lockId: anyText, owner: anyText }),
  fc.record({ kind: fc.constant('break-lock' as const), slot: anySlot, lockId: anyText, upToToken: safeUint, subject }),
  fc.record({
    kind: fc.constant('change-account' as const),
    key,
    txn,
    number: account,
    change: fc.oneof(
      fc.constantFrom({ kind: 'freeze' as const }, { kind: 'unfreeze' as const }, { kind: 'close' as const }),
      fc.record({ kind: fc.constant('set-minimum' as const), minimumMinor: amount }),
    ),
    subject,
    lockToken: orNull(safeUint),
    undecided: txns,
  }),
);

export const accountRow: fc.Arbitrary<AccountRow> = fc.record({
  slot: anySlot,
  number: account,
  currency: currencyCode,
  status: fc.constantFrom('open' as const, 'frozen' as const, 'closed' as const),
  owner: anyText,
  balanceMinor: amount,
  holdsMinor: amount,
  pendingCreditsMinor: amount,
  minimumMinor: amount,
  rev: safeUint,
  lastSeq: safeUint,
  journalSeq: safeUint,
  createdAtMs: safeUint,
  createdUs: orNull(safeUint),
  createdBy: fc.record({ key, txn }),
});
export const legRow: fc.Arbitrary<LegRow> = fc.record({
  slot: anySlot,
  account,
  seq: safeUint,
  txn,
  key,
  homeSlot: anySlot,
  subject,
  spec: legSpec,
  body: orNull(body),
  state: fc.constantFrom('prepared' as const, 'committed' as const, 'aborted' as const),
  reason: orNull(reason),
  preparedAtMs: safeUint,
  preparedUs: orNull(safeUint),
  endedAtMs: orNull(safeUint),
  commitUs: orNull(safeUint),
  journal: orNull(fc.record({ seq: safeUint, balanceAfterMinor: amount })),
  reservation: orNull(
    fc.record({
      status: fc.constantFrom('open' as const, 'capturing' as const, 'captured' as const, 'voided' as const, 'expired' as const),
      expiresAtMs: safeUint,
      reservedMinor: amount,
      consumedBy: orNull(txn),
    }),
  ),
  mark: orNull(fc.record({ momentUs: safeUint, lastSeq: safeUint, openSeqs: fc.array(safeUint, { maxLength: 4 }) })),
  refundedMinor: amount,
  refundReservedMinor: amount,
});
const decision: fc.Arbitrary<Decision> = fc.oneof(
  fc.record({ kind: fc.constant('committed' as const), atMs: safeUint, commitUs: orNull(safeUint) }),
  fc.record({ kind: fc.constant('aborted' as const), atMs: safeUint, reason }),
);
export const outcomeRow: fc.Arbitrary<OutcomeRow> = fc.record({
  slot: anySlot,
  key,
  txn,
  body,
  subject,
  decision,
  balances: fc.array(fc.record({ account, balanceMinor: amount, rev: safeUint }), { maxLength: 3 }),
  untold: fc.array(fc.record({ account }), { maxLength: 3 }),
  forced: fc.array(fc.record({ operator: anyText, askedAtMs: safeUint, txn }), { maxLength: 3 }),
});
export const lockRow: fc.Arbitrary<LockRow> = fc.record({
  slot: anySlot,
  lockId: anyText,
  mode: fc.constantFrom('exclusive' as const, 'shared' as const, 'broken' as const),
  owner: anyText,
  token: safeUint,
  untilMs: safeUint,
  heldBy: anyText,
});
/** Of many accounts: also beyond 64 bits, and right at their end. */
const sum = fc.oneof(amount, fc.bigInt({ min: -(2n ** 116n), max: 2n ** 116n }), fc.constantFrom(INT64_MAX, INT64_MAX + 1n, -INT64_MAX - 1n, -INT64_MAX - 2n));
export const totals = fc.array(fc.tuple(currencyCode, sum), { maxLength: 4 }).map((entries) => new Map(entries));
const ofMove = { move: safeUint, slots: slotRange };
const movedSums = fc.record({ accounts: safeUint, legs: safeUint, outcomes: safeUint, locks: safeUint, balances: totals, openings: totals });
const handover = fc.record({
  lockSeq: safeUint,
  momentUs: safeUint,
  momentsSinceUs: safeUint,
  lastSeq: safeUint,
  semanticsVersion: safeUint,
  policyVersion: safeUint,
});
const moveInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ kind: fc.constant('begin-import' as const), ...ofMove, from: bucket, attempt: safeUint }),
  fc.record({
    kind: fc.constant('import-rows' as const),
    ...ofMove,
    attempt: safeUint,
    part: safeUint,
    rows: fc.record({
      accounts: fc.array(accountRow, { maxLength: 2 }),
      legs: fc.array(legRow, { maxLength: 2 }),
      outcomes: fc.array(outcomeRow, { maxLength: 2 }),
      locks: fc.array(lockRow, { maxLength: 2 }),
    }),
  }),
  fc.record({ kind: fc.constant('adopt-slots' as const), ...ofMove, attempt: safeUint, parts: safeUint, sums: movedSums, handover }),
  fc.record({ kind: fc.constant('decline-import' as const), ...ofMove }),
  fc.record({ kind: fc.constant('release-slots' as const), ...ofMove, to: bucket }),
  fc.record({ kind: fc.constant('reclaim-slots' as const), ...ofMove }),
  fc.record({ kind: fc.constant('confirm-release' as const), ...ofMove, sums: movedSums }),
);
export const instruction: fc.Arbitrary<Instruction> = fc.oneof({ weight: 3, arbitrary: paymentInstruction }, { weight: 1, arbitrary: moveInstruction });
export const moveStage: fc.Arbitrary<MoveStage> = fc.oneof(
  fc.record({ kind: fc.constant('importing' as const), attempt: safeUint, parts: safeUint }),
  fc.constantFrom(
    { kind: 'adopted' as const },
    { kind: 'declined' as const },
    { kind: 'reclaimed' as const },
    { kind: 'confirmed' as const },
    { kind: 'over' as const },
  ),
  fc.record({ kind: fc.constant('released' as const), handover }),
  fc.record({ kind: fc.constant('refused' as const), reason: fc.constantFrom(...MOVE_REFUSALS) }),
);
export const slotMoves: fc.Arbitrary<SlotMoves> = fc.record({
  seqBase: safeUint,
  moved: fc.array(
    fc.tuple(slotRange, safeUint).map(([range, move]) => ({ ...range, move })),
    { maxLength: 3 },
  ),
  departing: fc.array(fc.record({ ...ofMove, to: bucket, handover }), { maxLength: 2 }),
  arriving: fc.array(fc.record({ ...ofMove, from: bucket, attempt: safeUint, parts: safeUint, sums: movedSums }), { maxLength: 2 }),
});
export const bucketMeta: fc.Arbitrary<BucketMeta> = fc.record({
  bucket,
  stampMs: safeUint,
  momentUs: safeUint,
  momentsSinceUs: safeUint,
  rev: safeUint,
  lockSeq: safeUint,
  policy: orNull(policy),
  slots: slotRanges,
  epoch: safeUint,
  issued: totals,
  totals,
  accountCount: safeUint,
  semanticsVersion: safeUint,
  moves: fc.oneof(fc.constant(NO_MOVES), slotMoves),
});
const nodeIds = fc.array(fc.integer({ min: 1, max: 65535 }), { maxLength: 5 }) as unknown as fc.Arbitrary<NodeId[]>;
export const confState: fc.Arbitrary<ConfState> = fc.record({
  voters: nodeIds,
  learners: nodeIds,
  votersOutgoing: nodeIds,
  learnersNext: nodeIds,
  autoLeave: fc.boolean(),
});
export const checkpoint: fc.Arbitrary<Checkpoint> = fc.record({
  applied: fc.record({ index: safeUint, term: safeUint }),
  confState: orNull(confState),
  meta: orNull(bucketMeta),
  blob: orNull(fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes))),
});
export const snapshotChunk: fc.Arbitrary<SnapshotChunk> = fc.oneof(
  fc.record({ kind: fc.constant('accounts' as const), rows: fc.array(accountRow, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('legs' as const), rows: fc.array(legRow, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('outcomes' as const), rows: fc.array(outcomeRow, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('locks' as const), rows: fc.array(lockRow, { maxLength: 4 }) }),
);
