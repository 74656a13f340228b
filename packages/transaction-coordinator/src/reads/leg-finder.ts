/** Asks an account's bucket for the leg of a transaction, when only the txn is known. */
import type { LegRow } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber, TxnId } from '@mas/values';
import type { Reply } from '../coordinator-service';
import { success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';

export class LegFinder {
  constructor(private readonly link: BucketLink) {}

  /** Null: the account has no such leg. */
  async find(account: AccountNumber, txn: TxnId, token: string | null, untilMs: number): Promise<Reply<LegRow | null>> {
    const reply = await this.link.readOf(slotOfAccount(account), (bucket) => ({ kind: 'leg', bucket, account, txn, token }), untilMs);
    if (reply.kind === 'leg') return success(reply.leg);
    return unanswered(reply, `The bucket of account ${account} does not answer; try again.`);
  }
}
