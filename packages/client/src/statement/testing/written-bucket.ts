/** A bucket's rows as its ledger writes them, for tests that read them: accounts, payments within it, promises, decisions, COMMITs. */
import { emptyBucket, Ledger, MemoryRows, PaymentBody, SEMANTICS_VERSION, type Instruction, type LegRow } from '@mas/ledger';
import { accountNumber, bucketId, currency, paymentKey, present, slot, txnId, type AccountNumber, type Slot, type TxnId } from '@mas/values';

export const START_MS = 1_700_000_000_000;
export const USD = currency('USD');
const OPERATOR = { kind: 'operator', name: 'mas|ops' } as const;
const POLICY = { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1_000_000_000n };

export interface Paid {
  readonly txn: TxnId;
  readonly from: string;
  readonly to: string;
  readonly amountMinor: bigint;
}

export class WrittenBucket {
  readonly rows = new MemoryRows();
  stampMs = START_MS;
  private readonly ledger: Ledger;
  private index = 1;

  /** Of the accounts that begin with this letter. */
  constructor(letter: string) {
    const own = slotOfLetter(letter);
    const none = { prepared: [], openAuthorizations: [], undelivered: [], locks: [] };
    this.ledger = new Ledger(emptyBucket(bucketId(own)), none, slotOf, (key) => slotOfLetter(key.charAt(key.indexOf('\0') + 1)));
    this.run({ kind: 'genesis', slots: [{ from: own, to: own }], epoch: 1, policy: POLICY, semanticsVersion: SEMANTICS_VERSION });
  }

  get momentUs(): number {
    return this.ledger.momentUs;
  }

  create(number: string, openingBalanceMinor: bigint): void {
    const txn = txnId(Buffer.from(number).toString('hex').padStart(64, 'c'));
    const request = { key: paymentKey('mas|ops', `${number}`), txn, number: accountNumber(number), currency: USD, openingBalanceMinor };
    this.run({ kind: 'create-account', ...request, minimumMinor: null, owner: '', subject: OPERATOR, checkOnly: false });
  }

  /** @returns the promise's moment; null: refused */
  prepare(paid: Paid): number | null {
    const to = accountNumber(paid.to);
    this.run({ kind: 'prepare', ...identity(paid), account: to, subject: OPERATOR, lockToken: null, undecided: [] });
    const leg = this.leg(paid.to, paid.txn);
    return leg?.state === 'prepared' ? leg.preparedUs : null;
  }

  /** @returns the commit time; null: refused */
  decide(paid: Paid, notBeforeUs: number | null): number | null {
    const remotePrepared = notBeforeUs === null ? [] : [accountNumber(paid.to)];
    this.run({ kind: 'decide-commit', ...identity(paid), subject: OPERATOR, remotePrepared, notBeforeUs, lockTokens: [], undecided: [] });
    return this.leg(paid.from, paid.txn)?.commitUs ?? null;
  }

  commit({ txn, to }: Paid, commitUs: number): void {
    this.run({ kind: 'commit', txn, account: accountNumber(to), commitUs });
  }

  close(behindUs: number): void {
    this.apply([], behindUs);
  }

  leg(account: string, txn: TxnId): LegRow | undefined {
    return this.rows.leg(accountNumber(account), txn);
  }

  private run(instruction: Instruction): void {
    this.apply([instruction], null);
  }

  private apply(instructions: readonly Instruction[], behindUs: number | null): void {
    this.ledger.apply({ stampMs: this.stampMs, behindUs, instructions }, this.rows, this.index);
    this.index += 1;
  }
}

function identity({ txn, from, to, amountMinor }: Paid) {
  const leg = (account: string, effect: 'debit' | 'credit') => ({ account: accountNumber(account), effect, amountMinor, currency: USD });
  const legs = [leg(from, 'debit'), leg(to, 'credit')].sort((a, b) => (a.account < b.account ? -1 : 1));
  const body = PaymentBody.of({ kind: 'payment', legs, reference: null, expiresAtMs: null, memo: '' });
  return { txn, key: paymentKey('mas|ops', `${from}-${txn}`), homeSlot: slotOf(accountNumber(from)), body };
}

function slotOf(number: AccountNumber): Slot {
  return slotOfLetter(present(number.at(0), 'a letter'));
}

function slotOfLetter(letter: string): Slot {
  return slot(letter.charCodeAt(0));
}
