/** Lists: an account's payments, and all accounts in the order of their slots. Pages by cursor; a page is at most 500 rows. */
import type { LegRow } from '@mas/ledger';
import { slotOfAccount, type LeaderDirectory } from '@mas/placement';
import type { ParticipantRequest } from '@mas/two-phase-commit';
import { parseAccountNumber, slot, SLOT_COUNT, type AccountNumber, type BucketId, type Slot } from '@mas/values';
import { viewOfReading } from '../accounts/account-view';
import type { AccountView, Caller, ListPaymentsRequest, Reply } from '../coordinator-service';
import { mayRead, operatorsOnly } from '../payment/identity';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import type { TransactionState } from '../txn-coordinator-dao';
import { cursorNumber, type CursorFields, type Cursors } from './cursor';
import type { Followers } from './followers';

export const MAX_PAGE = 500;
/** A bucket writes what it has applied to its database before it lists. */
const LIST_TIMEOUT_MS = 10_000;
/** For one page of accounts, of slots that lie together: where few accounts are spread over many of them a page ends early. */
const MAX_RANGES = 64;

type ListLegs = Extract<ParticipantRequest, { readonly kind: 'list-legs' }>;

/** Where a page of payments begins, and what its replica has to have passed. */
interface LegPlace {
  readonly cursorSeq: number | null;
  readonly sinceUs: number | null;
}

const START: LegPlace = { cursorSeq: null, sinceUs: null };

export class Lists {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly cursors: Cursors,
    private readonly followers: Followers,
  ) {}

  async payments(caller: Caller, request: ListPaymentsRequest): Promise<Reply<{ readonly legs: readonly LegRow[]; readonly nextCursor: string | null }>> {
    const { account, direction } = request;
    if (!mayRead(caller.subject, account)) return failure('permission-denied', 'NOT_AUTHORIZED', `The token may not read account ${account}.`, 'account');
    const limit = pageLimit(request.limit);
    if (!limit.ok) return limit;
    const asked: CursorFields = [account, direction, request.state ?? '', request.fromMs ?? '', request.untilMs ?? ''];
    const place = request.cursor === null ? START : this.legCursor(asked, request.cursor);
    if (place === null) return badCursor();
    const { cursorSeq } = place;
    const bucket = this.link.bucketOf(slotOfAccount(account));
    const query = { account, direction, cursorSeq, limit: limit.value, state: legState(request.state), fromMs: request.fromMs, untilMs: request.untilMs };
    const silence = `The bucket of account ${account} did not answer; try again.`;
    const chosen = place === START ? await this.momentOf(bucket, account, caller) : null;
    if (chosen !== null && chosen.kind !== 'accounts') return unanswered(chosen, silence);
    const sinceUs = chosen === null ? place.sinceUs : chosen.momentUs;
    const reply = await this.legs({ kind: 'list-legs', bucket, query, token: caller.token, sinceUs }, caller);
    if (reply.kind !== 'legs') return unanswered(reply, silence);
    const { nextCursorSeq } = reply;
    return success({ legs: reply.legs, nextCursor: nextCursorSeq === null ? null : this.cursors.encode('payments', asked, [nextCursorSeq, sinceUs ?? '']) });
  }

  /** Of now: nothing that was answered before is missing at it. The leader says it, and the pages come from replicas that have passed it; null: it has none to say. */
  private momentOf(bucket: BucketId, account: AccountNumber, caller: Caller): ReturnType<BucketLink['read']> {
    // Its own is enough: what homes have decided and it has not heard of is not in its rows.
    const at = { choose: [{ from: slot(0), to: slot(SLOT_COUNT - 1) }] };
    return this.link.read(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers: [account], token: caller.token, at }, caller.deadlineMs);
  }

  private async legs(request: ListLegs, caller: Caller): ReturnType<BucketLink['read']> {
    const { bucket, sinceUs } = request;
    const early = sinceUs === null ? null : await this.followers.ask(bucket, request, 'legs', caller.deadlineMs);
    return early ?? this.link.read(bucket, { ...request, sinceUs: null }, caller.deadlineMs, LIST_TIMEOUT_MS);
  }

  private legCursor(asked: CursorFields, cursor: string): LegPlace | null {
    const [seq, since] = this.cursors.decode('payments', asked, cursor, 2) ?? [];
    const cursorSeq = cursorNumber(seq);
    const sinceUs = since === '' ? null : cursorNumber(since);
    return cursorSeq === null || (sinceUs === null && since !== '') ? null : { cursorSeq, sinceUs };
  }

  /** Rows as their buckets keep them: settled balances, with holds and pending credits beside them. */
  async accounts(
    caller: Caller,
    cursor: string | null,
    limit: number,
  ): Promise<Reply<{ readonly accounts: readonly AccountView[]; readonly nextCursor: string | null }>> {
    const forbidden = operatorsOnly(caller.subject, 'Listing accounts');
    if (forbidden !== null) return forbidden;
    const page = pageLimit(limit);
    if (!page.ok) return page;
    const place = cursor === null ? { slot: slot(0), after: null } : accountCursor(this.cursors, cursor);
    if (place === null) return badCursor();
    const views: AccountView[] = [];
    let { slot: from, after } = place;
    for (let asked = 1; ; ) {
      const { bucket, to } = this.ownedFrom(from);
      const reply = await this.link.read(
        bucket,
        { kind: 'list-accounts', bucket, after: after === null ? null : { slot: from, number: after }, limit: page.value - views.length, slots: { from, to } },
        caller.deadlineMs,
        LIST_TIMEOUT_MS,
      );
      if (reply.kind === 'wrong-bucket' && (await this.link.placedAgain(caller.deadlineMs))) continue;
      if (reply.kind !== 'account-list') return unanswered(reply, `Bucket ${bucket} did not answer; try again.`);
      for (const reading of reply.accounts) views.push(viewOfReading(reading, 'uncommitted', this.directory, null));
      if (reply.next !== null) return success({ accounts: views, nextCursor: this.accountsCursor(reply.next.slot, reply.next.number) });
      if (to === SLOT_COUNT - 1) return success({ accounts: views, nextCursor: null });
      [from, after] = [slot(to + 1), null];
      if (views.length >= page.value || asked === MAX_RANGES) return success({ accounts: views, nextCursor: this.accountsCursor(from, '') });
      asked += 1;
    }
  }

  /** By the order of slots, which is the same whoever owns them: an account whose slot moves between two pages is in one of them. */
  private accountsCursor(from: Slot, after: AccountNumber | ''): string {
    return this.cursors.encode('accounts', [], [from, after]);
  }

  /** As far as one bucket owns neighbouring slots. */
  private ownedFrom(from: Slot): { readonly bucket: BucketId; readonly to: Slot } {
    const bucket = this.link.bucketOf(from);
    let to = from;
    while (to + 1 < SLOT_COUNT && this.link.bucketOf(slot(to + 1)) === bucket) to = slot(to + 1);
    return { bucket, to };
  }
}

function accountCursor(cursors: Cursors, cursor: string): { readonly slot: Slot; readonly after: AccountNumber | null } | null {
  const [slotText, numberText] = cursors.decode('accounts', [], cursor, 2) ?? [];
  const slotNumber = cursorNumber(slotText);
  if (slotNumber === null || slotNumber >= SLOT_COUNT) return null;
  if (numberText === '') return { slot: slot(slotNumber), after: null };
  const number = parseAccountNumber(numberText ?? '');
  return number.ok ? { slot: slot(slotNumber), after: number.value } : null;
}

function legState(state: TransactionState | null): 'prepared' | 'committed' | 'aborted' | null {
  switch (state) {
    case null:
      return null;
    case 'PENDING':
      return 'prepared';
    case 'COMMITTED':
      return 'committed';
    case 'ABORTED':
      return 'aborted';
  }
}

function pageLimit(limit: number): Reply<number> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE) return failure('invalid', 'LIMIT_INVALID', `A page has 1 to ${MAX_PAGE} rows.`, 'limit');
  return success(limit);
}

function badCursor(): Reply<never> {
  return failure(
    'invalid',
    'CURSOR_INVALID',
    'The cursor does not come from this list, or was cut or changed: give it whole, with the same account, order and filters, or leave it out to start at the beginning.',
    'cursor',
  );
}
