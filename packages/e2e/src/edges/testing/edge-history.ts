/**
 * Random legal histories at the ends of all ranges: accounts with the lowest minimum and the greatest balance, amounts around
 * both ends of 64 bits, payments, authorizations, captures, voids, refunds, their halves in any order, changes, locks and expiry.
 * Drawn from a list of numbers, so that a failing history shrinks. One bucket; its partners' legs live in buckets that are not here.
 */
import {
  changeBody,
  creationBody,
  emptyBucket,
  Ledger,
  MemoryRows,
  PaymentBody,
  SEMANTICS_VERSION,
  txnPreimage,
  type BodyContent,
  type ChangeAccount,
  type Instruction,
  type LegEffect,
  type LegSpec,
  type Outcome,
  type PaymentKind,
  type Policy,
  type Subject,
} from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { platformDigest } from '@mas/resource-manager';
import {
  accountNumber,
  bucketId,
  currency,
  paymentKey,
  present,
  slot,
  SLOT_COUNT,
  txnId,
  type AccountNumber,
  type AmountMinor,
  type PaymentKey,
  type TxnId,
} from '@mas/values';

export const BUCKET = bucketId(1);
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
const USD = currency('USD');
const SCOPE = 'edge|operator';
const OPERATOR: Subject = { kind: 'operator', name: SCOPE };
const POLICY: Policy = { version: 1, numberPattern: 'any', minimumBalanceMinor: MIN, maximumAmountMinor: MAX };
const NOTHING = { prepared: [], openAuthorizations: [], undelivered: [], locks: [] };
const START_MS = 1_700_000_000_000;
const EXPIRY_MS = 50;
const AMOUNTS: readonly AmountMinor[] = [1n, 2n, MAX, MAX - 1n, MAX / 2n, MAX / 2n + 1n, 1_000n];
const MINIMUMS: readonly AmountMinor[] = [MIN, MIN + 1n, -MAX / 2n, -1n, 0n, 1n];
const OPENINGS: readonly AmountMinor[] = [0n, 1n, MAX / 3n, MAX / 2n];
const ACCOUNTS = 4;

interface Begun {
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly body: PaymentBody;
}

export class EdgeHistory {
  readonly rows = new MemoryRows();
  readonly ledger = new Ledger(emptyBucket(BUCKET), NOTHING, slotOfAccount, homeSlotOfKey);
  readonly outcomes: Outcome[] = [];
  index = 1;
  private stampMs = START_MS;
  private readonly inside: readonly AccountNumber[];
  private readonly outside: AccountNumber;
  private readonly begun: Begun[] = [];
  private minted = 0;

  /** The bucket owns the lower half of the slots. */
  constructor() {
    const half = SLOT_COUNT / 2;
    const numbers = Array.from({ length: 64 }, (_, n) => accountNumber(`edge-${n}`));
    this.inside = numbers.filter((number) => slotOfAccount(number) < half).slice(0, ACCOUNTS);
    this.outside = present(
      numbers.find((number) => slotOfAccount(number) >= half),
      'account elsewhere',
    );
    this.apply({ kind: 'genesis', slots: [{ from: slot(0), to: slot(half - 1) }], epoch: 1, policy: POLICY, semanticsVersion: SEMANTICS_VERSION });
    this.inside.forEach((number, n) => this.open(number, present(OPENINGS[n % OPENINGS.length], 'opening'), present(MINIMUMS[n % MINIMUMS.length], 'minimum')));
  }

  step(choice: number): void {
    const arg = Math.floor(choice / 12);
    switch (choice % 12) {
      case 0:
        return this.pay(arg, this.account(arg), this.outside, 'payment', 'debit');
      case 1:
        return this.pay(arg, this.outside, this.account(arg), 'payment', 'debit');
      case 2:
        return this.pay(arg, this.account(arg), this.account(arg + 1), 'payment', 'debit');
      case 3:
        return this.authorize(arg);
      case 4:
        return this.onEarlier(arg);
      case 5:
      case 6:
      case 7:
        return this.end(arg);
      case 8:
        return this.change(arg);
      case 9:
        return this.lock(arg);
      case 10:
        return this.expire();
      default:
        this.stampMs += arg % 100;
    }
  }

  private apply(instruction: Instruction): Outcome {
    this.index += 1;
    const outcome = present(this.ledger.apply({ stampMs: this.stampMs, behindUs: null, instructions: [instruction] }, this.rows, this.index)[0], 'outcome');
    this.outcomes.push(outcome);
    return outcome;
  }

  private account(n: number): AccountNumber {
    return present(this.inside[n % this.inside.length], 'account');
  }

  private open(number: AccountNumber, openingBalanceMinor: AmountMinor, minimumMinor: AmountMinor): void {
    const request = {
      number,
      currency: USD,
      openingBalanceMinor: openingBalanceMinor > minimumMinor ? openingBalanceMinor : minimumMinor,
      minimumMinor,
      owner: '漢'.repeat(256),
    };
    const key = this.key(number);
    this.apply({ kind: 'create-account', key, txn: this.txn(key, creationBody(request)), ...request, subject: OPERATOR, checkOnly: false });
  }

  private pay(arg: number, from: AccountNumber, to: AccountNumber, kind: PaymentKind, taking: LegEffect, reference: PaymentBody['reference'] = null): void {
    if (from === to) return;
    const amountMinor = present(AMOUNTS[arg % AMOUNTS.length], 'amount');
    const legs: LegSpec[] = [
      { account: from, effect: taking, amountMinor, currency: USD },
      { account: to, effect: 'credit', amountMinor, currency: USD },
    ];
    this.begin(
      { kind, legs: legs.sort((a, b) => (a.account < b.account ? -1 : 1)), reference, expiresAtMs: null, memo: '' },
      from === this.outside ? to : from,
      arg,
    );
  }

  private authorize(arg: number): void {
    const account = this.account(arg);
    this.begin(
      {
        kind: 'authorization',
        legs: [{ account, effect: 'authorize', amountMinor: present(AMOUNTS[arg % AMOUNTS.length], 'amount'), currency: USD }],
        reference: null,
        expiresAtMs: this.stampMs + EXPIRY_MS,
        memo: '',
      },
      account,
      arg,
    );
  }

  /** A capture, void or refund of what was begun before, whatever became of it. */
  private onEarlier(arg: number): void {
    const earlier = this.begun[arg % Math.max(1, this.begun.length)];
    if (earlier === undefined) return;
    const reference = { key: earlier.key, txn: earlier.txn };
    const [first] = earlier.body.legs;
    if (first?.effect === 'authorize') {
      if (arg % 3 > 0) this.pay(arg, first.account, this.outside, 'capture', 'capture', reference);
      else this.begin({ kind: 'void', legs: [{ ...first, effect: 'void', amountMinor: 0n }], reference, expiresAtMs: null, memo: '' }, first.account, arg);
      return;
    }
    const payee = earlier.body.legs.find(({ effect, account }) => effect === 'credit' && account !== this.outside);
    if (payee !== undefined) this.pay(arg, payee.account, this.outside, 'refund', 'refund-debit', reference);
  }

  /** One half is prepared here, or the whole is decided here. */
  private begin(content: BodyContent, home: AccountNumber, arg: number): void {
    const body = PaymentBody.of(content);
    const key = this.key(home);
    const payment: Begun = { key, txn: this.txn(key, body), body };
    this.begun.push(payment);
    const local = body.legs.filter(({ account }) => account !== this.outside);
    const common = { ...payment, homeSlot: homeSlotOfKey(key), subject: OPERATOR, undecided: [] };
    if (arg % 2 === 0)
      this.apply({
        kind: 'decide-commit',
        ...common,
        remotePrepared: body.legs.filter(({ account }) => account === this.outside).map(({ account }) => account),
        notBeforeUs: null,
        lockTokens: [],
      });
    else for (const { account } of local) this.apply({ kind: 'prepare', ...common, account, lockToken: null });
  }

  private end(arg: number): void {
    const legs = [...this.ledger.preparedLegs()].sort((a, b) => a.seq - b.seq);
    const leg = legs[arg % Math.max(1, legs.length)];
    if (leg === undefined) return;
    const { account, txn, key, homeSlot, spec } = leg;
    if (arg % 3 > 0) this.apply({ kind: 'commit', account, txn, commitUs: null });
    else this.apply({ kind: 'rollback', account, txn, key, homeSlot, spec, reason: { name: 'CANCELLED', account: null, facts: {} } });
  }

  private change(arg: number): void {
    const number = this.account(arg);
    const changes: readonly ChangeAccount['change'][] = [
      { kind: 'set-minimum', minimumMinor: present(MINIMUMS[arg % MINIMUMS.length], 'minimum') },
      { kind: 'freeze' },
      { kind: 'unfreeze' },
      { kind: 'close' },
    ];
    const change = present(changes[Math.floor(arg / 7) % changes.length], 'change');
    const key = this.key(number);
    this.apply({
      kind: 'change-account',
      key,
      txn: this.txn(key, changeBody(number, change)),
      number,
      change,
      subject: OPERATOR,
      lockToken: null,
      undecided: [],
    });
  }

  private lock(arg: number): void {
    const number = this.account(arg);
    const lock = { slot: slotOfAccount(number), lockId: number, owner: `owner-${arg % 2}` };
    if (arg % 3 > 0) this.apply({ kind: 'release-lock', ...lock });
    else this.apply({ kind: 'acquire-lock', ...lock, mode: 'exclusive', ttlMs: 86_400_000, subject: OPERATOR });
  }

  private expire(): void {
    for (const { account, txn } of [...this.ledger.openAuthorizations()].sort((a, b) => a.seq - b.seq)) this.apply({ kind: 'expire', account, txn });
  }

  /** Its home is the account's slot. */
  private key(account: AccountNumber): PaymentKey {
    this.minted += 1;
    return paymentKey(SCOPE, `{${account}}${this.minted}`);
  }

  private txn(key: PaymentKey, body: PaymentBody): TxnId {
    return txnId(platformDigest.sha256Hex(txnPreimage(1, key, body)));
  }
}
