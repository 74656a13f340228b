/** What a checkpoint was given stays as it was given, whatever is applied before it is written and afterwards; so does what a read was given. */
import { emptyBucket, Ledger, PaymentBody, rowsTouched, rowText, SEMANTICS_VERSION, type AnyRow, type Instruction, type Outcome } from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { accountNumber, bucketId, currency, paymentKey, present, SeededRandom, SLOT_COUNT, slot, txnId, type PaymentKey } from '@mas/values';
import fc from 'fast-check';
import { resourceManagerConfig } from '../config';
import { platformDigest } from '../digest';
import { noPins, RowTable, type ChangedRows } from './row-table';

const OPERATOR = { kind: 'operator', name: 'mas|ops' } as const;
const USD = currency('USD');
const ACCOUNTS = ['a', 'b', 'c'].map(accountNumber);

/** A bucket that owns every slot; what memory does not know does not exist, as nothing is ever evicted. */
class Bucket {
  readonly table: RowTable;
  private readonly ledger: Ledger;
  private index = 0;

  constructor() {
    const config = resourceManagerConfig({});
    if (!config.ok) throw new Error('the configuration is wrong');
    this.ledger = new Ledger(emptyBucket(bucketId(1)), { prepared: [], openAuthorizations: [], undelivered: [], locks: [] }, slotOfAccount, homeSlotOfKey);
    this.table = new RowTable(config.value, new SeededRandom(1), this.ledger);
    this.apply({
      kind: 'genesis',
      slots: [{ from: slot(0), to: slot(SLOT_COUNT - 1) }],
      epoch: 1,
      policy: config.value.policy,
      semanticsVersion: SEMANTICS_VERSION,
    });
    for (const number of ACCOUNTS) this.apply(creation(number));
  }

  apply(instruction: Instruction): Outcome {
    const pins = this.table.pin(rowsTouched(instruction, this.ledger), noPins());
    for (const cell of [...pins.accounts, ...pins.legs, ...pins.outcomes]) cell.row ??= null;
    this.index += 1;
    const [outcome] = this.ledger.apply({ stampMs: this.index, behindUs: null, instructions: [instruction] }, this.table, this.index);
    this.table.unpin(pins);
    return present(outcome, 'outcome');
  }
}

test('what was given away never changes; the last version of every row is what is gathered last', () => {
  const step = fc.record({
    kind: fc.constantFrom('prepare', 'commit', 'rollback', 'decide', 'gather', 'written', 'read'),
    from: fc.nat(2),
    to: fc.nat(2),
    payment: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), (steps) => {
      const bucket = new Bucket();
      const given = new Map<AnyRow, string>();
      const stored = new Map<string, AnyRow>();
      const give = (row: AnyRow): unknown => given.set(row, rowText(row));
      let writing: ChangedRows | null = null;
      for (const { kind, from, to, payment } of steps) {
        if (kind === 'gather' && writing === null) {
          writing = bucket.table.gather();
          rowsOf(writing).forEach(([key, row]) => stored.set(key, row));
          rowsOf(writing).forEach(([, row]) => give(row));
        } else if (kind === 'written' && writing !== null) {
          bucket.table.written();
          writing = null;
        } else if (kind === 'read') give(present(bucket.table.account(present(ACCOUNTS[from], 'account')), 'row'));
        else if (from !== to && kind !== 'gather' && kind !== 'written') {
          const outcome = bucket.apply(instructionOf(kind, Math.min(from, to), Math.max(from, to), payment));
          if ('leg' in outcome) give(outcome.leg);
          if ('outcome' in outcome) give(outcome.outcome);
        }
      }
      for (const [row, text] of given) expect(rowText(row)).toBe(text);
      if (writing !== null) bucket.table.written();
      rowsOf(bucket.table.gather()).forEach(([key, row]) => stored.set(key, row));
      for (const number of ACCOUNTS)
        expect(rowText(present(stored.get(number), 'stored account'))).toBe(rowText(present(bucket.table.account(number), 'account')));
    }),
    { numRuns: 200 },
  );
});

function rowsOf({ accounts, legs, outcomes }: ChangedRows): readonly (readonly [string, AnyRow])[] {
  return [
    ...accounts.map((row) => [row.number, row] as const),
    ...legs.map((row) => [`${row.account} ${row.txn}`, row] as const),
    ...outcomes.map((row) => [row.key, row] as const),
  ];
}

function instructionOf(kind: 'prepare' | 'commit' | 'rollback' | 'decide', from: number, to: number, payment: number): Instruction {
  const [payer, payee] = [present(ACCOUNTS[from], 'payer'), present(ACCOUNTS[to], 'payee')];
  const body = PaymentBody.of({
    kind: 'payment',
    legs: [
      { account: payer, effect: 'debit', amountMinor: 1n, currency: USD },
      { account: payee, effect: 'credit', amountMinor: 1n, currency: USD },
    ],
    reference: null,
    expiresAtMs: null,
    memo: '',
  });
  const key = keyOf(`${from}${to}${payment}`);
  const common = { txn: txnOf(key), key, homeSlot: homeSlotOfKey(key) };
  switch (kind) {
    case 'prepare':
      return { kind, ...common, body, account: payee, subject: OPERATOR, lockToken: null, undecided: [] };
    case 'commit':
      return { kind, txn: common.txn, account: payee, commitUs: null };
    case 'rollback':
      return { kind, ...common, account: payee, spec: present(body.legs[1], 'leg'), reason: { name: 'ABANDONED', account: null, facts: {} } };
    case 'decide':
      return { kind: 'decide-commit', ...common, body, remotePrepared: [], notBeforeUs: null, subject: OPERATOR, lockTokens: [], undecided: [] };
  }
}

function creation(number: (typeof ACCOUNTS)[number]): Instruction {
  const key = keyOf(`open-${number}`);
  const account = { number, currency: USD, openingBalanceMinor: 1_000n, minimumMinor: null, owner: 'test' };
  return { kind: 'create-account', key, txn: txnOf(key), ...account, subject: OPERATOR, checkOnly: false };
}

function keyOf(id: string): PaymentKey {
  return paymentKey('mas|ops', id);
}

function txnOf(key: PaymentKey): ReturnType<typeof txnId> {
  return txnId(platformDigest.sha256Hex(key));
}
