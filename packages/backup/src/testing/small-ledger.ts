/**
 * Two buckets in the middle of their work. ann and cid live in bucket 1, bob in bucket 2; every payment's home is bucket 1:
 *
 *   local     ann pays cid 10                        told      ann pays bob 20, all told
 *   untold    ann pays bob 7; decided, bob's bucket has not been told
 *   doubtful  ann pays bob 5; prepared at bob, undecided
 *   deposit   bob puts 30 aside, open                charge    25 of it go to ann; prepared at bob, undecided
 *   back      bob gives ann 4 of `told` back; prepared at bob, undecided
 */
import {
  creationBody,
  emptyBucket,
  Ledger,
  MemoryRows,
  MovedSumming,
  PaymentBody,
  SEMANTICS_VERSION,
  txnPreimage,
  type BodyContent,
  type Instruction,
  type LegEffect,
  type MoveStage,
  type Outcome,
  type Policy,
} from '@mas/ledger';
import { homeSlotOf, homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { encodeSnapshot, platformDigest, type SnapshotChunk, type SnapshotReader } from '@mas/resource-manager';
import { ProtoRowCodec } from '@mas/rpc';
import { accountNumber, bucketId, currency, MAX_AMOUNT_MINOR, paymentKey, present, rmId, slot, txnId, type AccountNumber, type BucketId } from '@mas/values';
import { BackupWriter } from '../index';

export const USD = currency('USD');
export const CODEC = new ProtoRowCodec();
export const MOMENT_US = 1_800_000_000_000_000;
export const CLUSTER_ID = 'ab'.repeat(16);
const POLICY: Policy = { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: MAX_AMOUNT_MINOR };
const HALF = 2_048;
const START_MS = 1_700_000_000_000;

type Leg = readonly [account: AccountNumber, effect: LegEffect, amountMinor: bigint];

function numberIn(bucket: 1 | 2, name: string): AccountNumber {
  for (let at = 0; ; at += 1) {
    const number = accountNumber(`${name}-${at}`);
    if (slotOfAccount(number) < HALF === (bucket === 1)) return number;
  }
}

export const ANN = numberIn(1, 'ann');
export const CID = numberIn(1, 'cid');
export const BOB = numberIn(2, 'bob');

export type MoveStep = 'released' | 'imported' | 'adopted' | 'confirmed';

class Bucket {
  readonly rows = new MemoryRows();
  readonly ledger: Ledger;
  private index = 0;

  constructor(
    readonly id: BucketId,
    from: number,
    to: number,
  ) {
    this.ledger = new Ledger(emptyBucket(id), { prepared: [], openAuthorizations: [], undelivered: [], locks: [] }, slotOfAccount, homeSlotOfKey);
    const slots = [{ from: slot(from), to: slot(to) }];
    this.apply({ kind: 'genesis', slots, epoch: 1, policy: POLICY, semanticsVersion: SEMANTICS_VERSION });
  }

  apply(instruction: Instruction): Outcome {
    this.index += 1;
    const entry = { stampMs: START_MS + this.index, behindUs: null, instructions: [instruction] };
    return present(this.ledger.apply(entry, this.rows, this.index)[0], 'outcome');
  }

  reader(): SnapshotReader {
    const { rows, index } = this;
    const all: readonly SnapshotChunk[] = [
      { kind: 'accounts', rows: rows.sortedAccounts() },
      { kind: 'legs', rows: rows.sortedLegs() },
      { kind: 'outcomes', rows: rows.sortedOutcomes() },
      { kind: 'locks', rows: rows.sortedLocks() },
    ];
    return {
      checkpoint: { applied: { index, term: 3 }, confState: null, meta: this.ledger.meta(), blob: null },
      chunks: async function* () {
        yield* all.filter((chunk) => chunk.rows.length > 0);
        await Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }
}

export class SmallLedger {
  readonly buckets = [new Bucket(bucketId(1), 0, HALF - 1), new Bucket(bucketId(2), HALF, 2 * HALF - 1)] as const;

  constructor() {
    for (const number of [ANN, CID, BOB]) this.open(number, 100n);
    this.pay('local', [
      [ANN, 'debit', 10n],
      [CID, 'credit', 10n],
    ]);
    const told = this.pay('told', [
      [ANN, 'debit', 20n],
      [BOB, 'credit', 20n],
    ]);
    this.tell(told, BOB);
    this.pay('untold', [
      [ANN, 'debit', 7n],
      [BOB, 'credit', 7n],
    ]);
    this.prepare(
      this.payment('doubtful', [
        [ANN, 'debit', 5n],
        [BOB, 'credit', 5n],
      ]),
      BOB,
    );
    const deposit = this.pay('deposit', [[BOB, 'authorize', 30n]], { kind: 'authorization', expiresAtMs: START_MS + 86_400_000 });
    this.tell(deposit, BOB);
    const reference = (of: Payment): Partial<BodyContent> => ({ reference: { key: of.key, txn: of.txn } });
    this.prepare(
      this.payment(
        'charge',
        [
          [ANN, 'credit', 25n],
          [BOB, 'capture', 25n],
        ],
        { kind: 'capture', ...reference(deposit) },
      ),
      BOB,
    );
    this.prepare(
      this.payment(
        'back',
        [
          [ANN, 'credit', 4n],
          [BOB, 'refund-debit', 4n],
        ],
        { kind: 'refund', ...reference(told) },
      ),
      BOB,
    );
    this.buckets[0].apply({
      kind: 'acquire-lock',
      lockId: ANN,
      slot: slotOfAccount(ANN),
      mode: 'exclusive',
      owner: 'h1',
      ttlMs: 60_000,
      subject: SUBJECT,
    });
  }

  bucketOf(account: AccountNumber): Bucket {
    return slotOfAccount(account) < HALF ? this.buckets[0] : this.buckets[1];
  }

  /** Ann's slot, which is the home of all payments as well, goes to bucket 2: as far as this. */
  moveAnn(until: MoveStep): void {
    const [from, to] = this.buckets;
    const of = { move: 1, slots: { from: slotOfAccount(ANN), to: slotOfAccount(ANN) } };
    const tell = (bucket: Bucket, instruction: Instruction): MoveStage => {
      const outcome = bucket.apply(instruction);
      if (outcome.kind !== 'move' || outcome.stage.kind === 'refused') throw new Error(`${instruction.kind}: ${outcome.kind}`);
      return outcome.stage;
    };
    tell(to, { kind: 'begin-import', ...of, from: from.id, attempt: 1 });
    const released = tell(from, { kind: 'release-slots', ...of, to: to.id });
    const rows = from.rows.inSlots(of.slots);
    const summing = new MovedSumming();
    summing.rows(rows);
    const sums = summing.sums();
    if (until === 'released' || released.kind !== 'released') return;
    tell(to, { kind: 'import-rows', ...of, attempt: 1, part: 0, rows });
    if (until === 'imported') return;
    tell(to, { kind: 'adopt-slots', ...of, attempt: 1, parts: 1, sums, handover: released.handover });
    if (until === 'confirmed') tell(from, { kind: 'confirm-release', ...of, sums });
  }

  /** Writes the whole of it. */
  async backUp(folder: string, momentUs = MOMENT_US, readers = this.buckets.map((bucket) => bucket.reader())): Promise<void> {
    const writer = await BackupWriter.begin(folder, CODEC, platformDigest);
    for (const [at, bucket] of this.buckets.entries()) {
      await writer.beginBucket(bucket.id, rmId(2));
      for await (const bytes of encodeSnapshot(present(readers[at], 'reader'), CODEC, platformDigest)) await writer.write(bytes);
    }
    await writer.finish({ clusterId: CLUSTER_ID, momentUs, program: 'test' }, () => undefined);
  }

  private open(number: AccountNumber, openingBalanceMinor: bigint): void {
    const request = { number, currency: USD, openingBalanceMinor, minimumMinor: 0n, owner: 'someone' };
    const key = paymentKey('mas|ops', `create-${number}`);
    const txn = txnId(platformDigest.sha256Hex(txnPreimage(2, key, creationBody(request))));
    this.bucketOf(number).apply({ kind: 'create-account', key, txn, ...request, subject: { kind: 'operator', name: 'mas|ops' }, checkOnly: false });
  }

  private payment(id: string, legs: readonly Leg[], more: Partial<BodyContent> = {}): Payment {
    const body = PaymentBody.of({
      kind: 'payment',
      legs: legs.map(([account, effect, amountMinor]) => ({ account, effect, amountMinor, currency: USD })).sort((a, b) => (a.account < b.account ? -1 : 1)),
      reference: null,
      expiresAtMs: null,
      memo: '',
      ...more,
    });
    const key = paymentKey('mas|ops', `{${ANN}}${id}`);
    return { key, body, homeSlot: homeSlotOf(key, null), txn: txnId(platformDigest.sha256Hex(txnPreimage(2, key, body))) };
  }

  private prepare(payment: Payment, account: AccountNumber): number {
    const outcome = this.bucketOf(account).apply({ kind: 'prepare', ...payment, account, subject: SUBJECT, lockToken: null, undecided: [] });
    if (outcome.kind !== 'prepared') throw new Error(JSON.stringify(outcome, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
    return outcome.leg.preparedUs ?? 0;
  }

  private pay(id: string, legs: readonly Leg[], more: Partial<BodyContent> = {}): Payment {
    const payment = this.payment(id, legs, more);
    const remotePrepared = legs.map(([account]) => account).filter((account) => this.bucketOf(account) !== this.buckets[0]);
    const notBeforeUs = remotePrepared.reduce((latest, account) => Math.max(latest, this.prepare(payment, account)), 0);
    const outcome = this.buckets[0].apply({
      kind: 'decide-commit',
      ...payment,
      remotePrepared,
      notBeforeUs: notBeforeUs === 0 ? null : notBeforeUs,
      subject: SUBJECT,
      lockTokens: [],
      undecided: [],
    });
    if (outcome.kind !== 'decided' || outcome.outcome.decision.kind !== 'committed') throw new Error(`${id} is ${outcome.kind}`);
    return payment;
  }

  private tell({ txn, key }: Payment, account: AccountNumber): void {
    const decision = this.buckets[0].rows.outcome(key)?.decision;
    this.bucketOf(account).apply({ kind: 'commit', txn, account, commitUs: decision?.kind === 'committed' ? decision.commitUs : null });
    this.buckets[0].apply({ kind: 'acknowledge', key, txn, accounts: [account] });
  }
}

const SUBJECT = { kind: 'operator', name: 'mas|ops' } as const;

type Payment = Pick<Extract<Instruction, { readonly kind: 'prepare' }>, 'txn' | 'key' | 'homeSlot' | 'body'>;
