/**
 * Finds the leg of a transaction on an account, when only the txn is known. Buckets find legs by txn through their
 * own filter; here the account's history is read page by page, newest first, because refunds and questions are
 * about recent payments.
 */
import type { LegRow } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber, TxnId } from '@mas/values';
import type { BucketLink } from '../transport/bucket-link';

const PAGE = 500;
const LIST_TIMEOUT_MS = 10_000;
/** 100,000 legs of one account; an older payment is asked for by its id. */
const MAX_PAGES = 200;

export class LegFinder {
  constructor(private readonly link: BucketLink) {}

  async find(account: AccountNumber, txn: TxnId, token: string | null, untilMs: number): Promise<LegRow | null | 'unreachable'> {
    const bucket = this.link.bucketOf(slotOfAccount(account));
    let cursorSeq: number | null = null;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const reply = await this.link.read(bucket, { kind: 'list-legs', bucket, token, query: { account, direction: 'newest-first', cursorSeq, limit: PAGE, state: null, fromMs: null, untilMs: null } }, untilMs, LIST_TIMEOUT_MS);
      if (reply.kind !== 'legs') return 'unreachable';
      const found = reply.legs.find((leg) => leg.txn === txn);
      if (found !== undefined) return found;
      if (reply.nextCursorSeq === null) return null;
      cursorSeq = reply.nextCursorSeq;
    }
    return null;
  }
}
