/** A backup of a large ledger, written without a cluster: accounts with the records of their creation, and payments between some of them; rows as a bucket would have them. */
import { BackupWriter } from '@mas/backup';
import {
  creationBody,
  emptyBucket,
  PaymentBody,
  SEMANTICS_VERSION,
  txnPreimage,
  type AccountRow,
  type BucketMeta,
  type LegRow,
  type LegSpec,
  type OutcomeRow,
} from '@mas/ledger';
import { genesisPlacement, homeSlotOf, slotOfAccount } from '@mas/placement';
import { encodeSnapshot, platformDigest, type SnapshotChunk } from '@mas/resource-manager';
import { ProtoRowCodec } from '@mas/rpc';
import { accountNumber, currency, MAX_AMOUNT_MINOR, paymentKey, rmId, txnId, type AccountNumber, type PaymentKey, type Slot } from '@mas/values';

const USD = currency('USD');
const BUCKETS = 3;
const OPENING_MINOR = 100_000n;
const START_MS = 1_700_000_000_000;
const MOMENT_US = 1_800_000_000_000_000;
const ROWS_PER_CHUNK = 250;
const SUBJECT = { kind: 'operator', name: 'mas|bench' } as const;

export interface LargeLedger {
  readonly accounts: number;
  readonly payments: number;
}

type Rows = { readonly accounts: AccountRow[]; readonly legs: LegRow[]; readonly outcomes: OutcomeRow[] };

/** Payment n goes from account 2n to account 2n + 1. */
export async function writeLargeBackup(folder: string, { accounts, payments }: LargeLedger): Promise<void> {
  const codec = new ProtoRowCodec();
  const writer = await BackupWriter.begin(folder, codec, platformDigest);
  const map = genesisPlacement([{ rm: rmId(1), address: 'localhost:1' }], BUCKETS, 1);
  for (const { bucket, slots } of map.buckets) {
    const owns = (slot: Slot): boolean => slots.some(({ from, to }) => from <= slot && slot <= to);
    const rows = rowsOf(accounts, payments, owns);
    const balances = rows.accounts.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n);
    const meta: BucketMeta = {
      ...emptyBucket(bucket),
      stampMs: START_MS + accounts,
      momentUs: MOMENT_US - 1,
      policy: { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: MAX_AMOUNT_MINOR },
      semanticsVersion: SEMANTICS_VERSION,
      slots,
      epoch: 1,
      issued: new Map([[USD, OPENING_MINOR * BigInt(rows.accounts.length)]]),
      totals: new Map([[USD, balances]]),
      accountCount: rows.accounts.length,
    };
    await writer.beginBucket(bucket, rmId(1));
    const reader = {
      checkpoint: { applied: { index: accounts + payments, term: 1 }, confState: null, meta, blob: null },
      chunks: () => chunksOf(rows),
      close: () => Promise.resolve(),
    };
    for await (const bytes of encodeSnapshot(reader, codec, platformDigest)) await writer.write(bytes);
  }
  await writer.finish({ clusterId: 'be'.repeat(16), momentUs: MOMENT_US, program: 'bench' }, () => undefined);
}

async function* chunksOf(rows: Rows): AsyncGenerator<SnapshotChunk> {
  for (const kind of ['accounts', 'legs', 'outcomes'] as const)
    for (let from = 0; from < rows[kind].length; from += ROWS_PER_CHUNK) yield { kind, rows: rows[kind].slice(from, from + ROWS_PER_CHUNK) } as SnapshotChunk;
  await Promise.resolve();
}

function rowsOf(accounts: number, payments: number, owns: (slot: Slot) => boolean): Rows {
  const rows: Rows = { accounts: [], legs: [], outcomes: [] };
  for (let at = 0; at < accounts; at += 1) {
    const number = numberOf(at);
    const slot = slotOfAccount(number);
    const request = { number, currency: USD, openingBalanceMinor: OPENING_MINOR, minimumMinor: 0n, owner: 'somebody' };
    const key = paymentKey('mas|bench', `open-${at}`);
    const body = creationBody(request);
    const txn = txnOf(key, body);
    const us = momentOf(at);
    const homeSlot = homeSlotOf(key, null);
    if (owns(homeSlot)) rows.outcomes.push(outcomeOf(homeSlot, key, txn, body, us));
    if (owns(slot)) rows.accounts.push(accountOf(at, slot, payments, { key, txn }));
  }
  for (let at = 0; at < payments; at += 1) addPayment(rows, at, accounts, owns);
  rows.accounts.sort(bySlot((row) => row.number));
  rows.legs.sort(bySlot((row) => row.account));
  return rows;
}

function accountOf(at: number, slot: Slot, payments: number, createdBy: AccountRow['createdBy']): AccountRow {
  const paid = at < payments * 2;
  const us = momentOf(at);
  return {
    slot,
    number: numberOf(at),
    currency: USD,
    status: 'open',
    owner: 'somebody',
    balanceMinor: paid ? OPENING_MINOR + (at % 2 === 0 ? -1n : 1n) : OPENING_MINOR,
    holdsMinor: 0n,
    pendingCreditsMinor: 0n,
    minimumMinor: 0n,
    rev: paid ? 3 : 1,
    lastSeq: paid ? at + 1 : 0,
    journalSeq: paid ? 1 : 0,
    createdAtMs: Math.floor(us / 1000),
    createdUs: us,
    createdBy,
  };
}

function addPayment(rows: Rows, at: number, accounts: number, owns: (slot: Slot) => boolean): void {
  const [from, to] = [numberOf(2 * at), numberOf(2 * at + 1)];
  const legs: readonly LegSpec[] = [
    { account: from, effect: 'debit', amountMinor: 1n, currency: USD },
    { account: to, effect: 'credit', amountMinor: 1n, currency: USD },
  ];
  const body = PaymentBody.of({ kind: 'payment', legs, reference: null, expiresAtMs: null, memo: '' });
  const key = paymentKey('mas|bench', `{${from}}p`);
  const txn = txnOf(key, body);
  const us = momentOf(accounts + at);
  const homeSlot = slotOfAccount(from);
  if (owns(homeSlot)) rows.outcomes.push(outcomeOf(homeSlot, key, txn, body, us));
  for (const [of, spec] of legs.entries()) {
    const slot = slotOfAccount(spec.account);
    if (!owns(slot)) continue;
    const atMs = Math.floor(us / 1000);
    rows.legs.push({
      ...{ slot, account: spec.account, seq: 2 * at + of + 1, txn, key, homeSlot, subject: SUBJECT, spec, body, state: 'committed', reason: null },
      ...{ preparedAtMs: atMs, preparedUs: us - 1, endedAtMs: atMs, commitUs: us, reservation: null, mark: null, refundedMinor: 0n, refundReservedMinor: 0n },
      journal: { seq: 1, balanceAfterMinor: OPENING_MINOR + (of === 0 ? -1n : 1n) },
    });
  }
}

function outcomeOf(slot: Slot, key: PaymentKey, txn: OutcomeRow['txn'], body: PaymentBody, us: number): OutcomeRow {
  const decision = { kind: 'committed', atMs: Math.floor(us / 1000), commitUs: us } as const;
  return { slot, key, txn, body, subject: SUBJECT, decision, balances: [], untold: [], forced: [] };
}

function numberOf(at: number): AccountNumber {
  return accountNumber(`acc-${String(at).padStart(8, '0')}`);
}

function momentOf(at: number): number {
  return (START_MS + at) * 1000 + 5;
}

function txnOf(key: PaymentKey, body: PaymentBody): OutcomeRow['txn'] {
  return txnId(platformDigest.sha256Hex(txnPreimage(2, key, body)));
}

function bySlot<Row extends { readonly slot: Slot }>(nameOf: (row: Row) => string): (one: Row, other: Row) => number {
  return (one, other) => one.slot - other.slot || (nameOf(one) < nameOf(other) ? -1 : nameOf(one) > nameOf(other) ? 1 : 0);
}
