/** Which money was held back on which account, and when, as the applied logs tell: from the prepare to the leg's end. */
import type { LegSpec } from '@mas/ledger';
import type { AccountNumber, TxnId } from '@mas/values';

export interface HoldSeen {
  readonly txn: TxnId;
  readonly spec: LegSpec;
  readonly fromMs: number;
  /** False: at some time between, for all that is known, or never. */
  readonly isCertain: boolean;
  /** When a replica had first applied its end; infinite while it lasts. */
  toMs: number;
}

export class HoldsSeen {
  private readonly byAccount = new Map<AccountNumber, HoldSeen[]>();

  began(account: AccountNumber, txn: TxnId, spec: LegSpec, atMs: number, isCertain = true): void {
    const holds = this.byAccount.get(account);
    const hold = { txn, spec, fromMs: atMs, isCertain, toMs: Infinity };
    if (holds === undefined) this.byAccount.set(account, [hold]);
    else holds.push(hold);
  }

  ended(account: AccountNumber, txn: TxnId, atMs: number): void {
    const hold = this.on(account).find((one) => one.txn === txn);
    if (hold !== undefined) hold.toMs = Math.min(hold.toMs, atMs);
  }

  on(account: AccountNumber): readonly HoldSeen[] {
    return this.byAccount.get(account) ?? [];
  }
}
