/** Rows for the contract: complete, valid, and as awkward as the types allow. */
import {
  NO_MOVES,
  PaymentBody,
  type AccountRow,
  type BodyContent,
  type BucketMeta,
  type LegRow,
  type LockRow,
  type OutcomeRow,
  type SlotMoves,
} from '@mas/ledger';
import { homeSlotOf, slotOfAccount } from '@mas/placement';
import { EMPTY_CONF_STATE, nodeId, type ConfState } from '@mas/raft';
import type { CheckpointBatch, Position } from '@mas/resource-manager';
import {
  accountNumber,
  bucketId,
  currency,
  parseAccountNumber,
  paymentKey,
  slot,
  splitPaymentKey,
  txnId,
  type BucketId,
  type PaymentKey,
  type TxnId,
  type SlotRange,
} from '@mas/values';

/** Quotes, backslashes, a NUL, two-, three- and four-byte characters, and what looks like SQL. */
export const AWKWARD_TEXT = `it's "x" \\ \\' -- /* é € 😀 \0 end; drop table account; %_ `;

export const USD = currency('USD');

export function txn(n: number): TxnId {
  return txnId(n.toString(16).padStart(64, '0'));
}

export function key(scope: string, id: string): PaymentKey {
  return paymentKey(scope, id);
}

export function account(number: string, changes: Partial<AccountRow> = {}): AccountRow {
  const parsed = accountNumber(number);
  return {
    slot: slotOfAccount(parsed),
    number: parsed,
    currency: USD,
    status: 'open',
    owner: 'owner',
    balanceMinor: 1_000n,
    holdsMinor: 0n,
    pendingCreditsMinor: 0n,
    minimumMinor: 0n,
    rev: 1,
    lastSeq: 0,
    journalSeq: 1,
    createdAtMs: 1_700_000_000_000,
    createdUs: 1_700_000_000_000_123,
    createdBy: { key: key('issuer|operator', `create-${number}`), txn: txn(7) },
    ...changes,
  };
}

export function body(changes: Partial<BodyContent> = {}): PaymentBody {
  return PaymentBody.of({
    kind: 'payment',
    legs: [
      { account: accountNumber('abc'), effect: 'debit', amountMinor: 100n, currency: USD },
      { account: accountNumber('def'), effect: 'credit', amountMinor: 100n, currency: USD },
    ],
    reference: null,
    expiresAtMs: null,
    memo: '',
    ...changes,
  });
}

export function leg(number: string, seq: number, changes: Partial<LegRow> = {}): LegRow {
  const parsed = accountNumber(number);
  return {
    slot: slotOfAccount(parsed),
    account: parsed,
    seq,
    txn: txn(seq),
    key: key(number, `payment-${seq}`),
    homeSlot: slotOfAccount(parsed),
    subject: { kind: 'account', account: parsed },
    spec: { account: parsed, effect: 'debit', amountMinor: 100n, currency: USD },
    body: body(),
    state: 'committed',
    reason: null,
    preparedAtMs: 1_700_000_000_000 + seq,
    preparedUs: 1_700_000_000_000_000 + seq * 1_000 + 7,
    endedAtMs: 1_700_000_000_001 + seq,
    commitUs: (changes.state ?? 'committed') === 'committed' ? 1_700_000_000_000_000 + seq * 1_000 + 500 : null,
    journal: { seq: 1, balanceAfterMinor: 900n },
    reservation: null,
    mark: null,
    refundedMinor: 0n,
    refundReservedMinor: 0n,
    ...changes,
  };
}

export function outcome(ofKey: PaymentKey, changes: Partial<OutcomeRow> = {}): OutcomeRow {
  const scope = parseAccountNumber(splitPaymentKey(ofKey).scope);
  return {
    slot: homeSlotOf(ofKey, scope.ok ? scope.value : null),
    key: ofKey,
    txn: txn(9),
    body: body(),
    subject: { kind: 'operator', name: 'issuer|operator' },
    decision: { kind: 'committed', atMs: 1_700_000_000_002, commitUs: 1_700_000_000_002_999 },
    balances: [{ account: accountNumber('abc'), balanceMinor: 900n, rev: 2 }],
    untold: [],
    forced: [],
    ...changes,
  };
}

export function lock(lockId: string, changes: Partial<LockRow> = {}): LockRow {
  return {
    slot: slotOfAccount(accountNumber(lockId)),
    lockId,
    mode: 'exclusive',
    owner: 'auditor',
    token: 1,
    untilMs: 1_700_000_005_000,
    heldBy: 'operator mas|ops',
    ...changes,
  };
}

export function removed(lockId: string): CheckpointBatch['removedLocks'][number] {
  return { slot: lock(lockId).slot, key: lockId };
}

export function meta(bucket: BucketId, changes: Partial<BucketMeta> = {}): BucketMeta {
  return {
    bucket,
    stampMs: 1_700_000_000_003,
    momentUs: 1_700_000_000_003_001,
    momentsSinceUs: 1_700_000_000_000_000,
    rev: 4,
    lockSeq: 2,
    policy: { version: 3, numberPattern: 'dddd-dddd-dddd-dddd', minimumBalanceMinor: 1_000n, maximumAmountMinor: 9_223_372_036_854_775_807n },
    slots: [
      { from: slot(0), to: slot(1364) },
      { from: slot(2000), to: slot(2000) },
    ],
    epoch: 5,
    issued: new Map([
      [USD, 5_000n],
      [currency('EUR'), -1n],
    ]),
    totals: new Map([[USD, 9_223_372_036_854_775_807n]]),
    accountCount: 6,
    semanticsVersion: 1,
    moves: NO_MOVES,
    ...changes,
  };
}

/** Something of everything. */
export function movesOf(slots: SlotRange): SlotMoves {
  const handover = { lockSeq: 9, momentUs: 1_700_000_000_003_001, momentsSinceUs: 7, lastSeq: 2 ** 50, semanticsVersion: 9, policyVersion: 3 };
  const totals = new Map([
    [currency('EUR'), -1n],
    [USD, 2n ** 70n],
  ]);
  const sums = { accounts: 1, legs: 2, outcomes: 3, locks: 4, balances: totals, openings: new Map() };
  return {
    seqBase: 2 ** 40,
    moved: [{ ...slots, move: 12 }],
    departing: [{ move: 12, slots, to: bucketId(3), handover }],
    arriving: [{ move: 13, slots: { from: slot(4000), to: slot(4001) }, from: bucketId(2), attempt: 2 ** 21 + 1, parts: 6, sums }],
  };
}

export const CONF_STATE: ConfState = {
  ...EMPTY_CONF_STATE,
  voters: [nodeId(1), nodeId(2), nodeId(3)],
  learners: [nodeId(4)],
  votersOutgoing: [nodeId(1)],
  autoLeave: true,
};

export function position(index: number, term = 1): Position {
  return { index, term };
}

/** From the empty bucket to index 10, unless changed. */
export function batch(bucket: BucketId, changes: Partial<CheckpointBatch> = {}): CheckpointBatch {
  return {
    previous: position(0, 0),
    applied: position(10),
    confState: CONF_STATE,
    meta: meta(bucket),
    accounts: [],
    legs: [],
    outcomes: [],
    locks: [],
    removedLocks: [],
    droppedSlots: [],
    ...changes,
  };
}

/** `count` accounts with one leg and one outcome each. */
export function manyRows(count: number, prefix = 'many'): Pick<CheckpointBatch, 'accounts' | 'legs' | 'outcomes'> {
  const numbers = Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
  return {
    accounts: numbers.map((number, n) => account(number, { balanceMinor: BigInt(n) })),
    legs: numbers.map((number, n) => leg(number, 4_096 * (n + 1))),
    outcomes: numbers.map((number, n) => outcome(key(number, `payment-${n}`))),
  };
}
