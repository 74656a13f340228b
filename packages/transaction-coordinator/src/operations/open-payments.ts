/**
 * Payments that are open without a prepared leg to tell of them: their home or the bucket of a leg has no majority, or their coordinator
 * has died. Known from this coordinator's memory and from the PENDING entries of all; both are hints, and the home has the last word.
 */
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import type { PaymentBody } from '@mas/ledger';
import { splitPaymentKey, type BucketId, type PaymentKey, type TxnId } from '@mas/values';
import { HOMES_ASKED_FOR_DOUBTS } from '../coordinator-config';
import type { OpenPayment } from '../coordinator-service';
import type { RunServices } from '../payment/run-services';
import { isUnreachable } from '../transport/bucket-link';
import type { TxnCoordinatorDAO } from '../txn-coordinator-dao';

/** Of each source: two thirds of HOMES_ASKED_FOR_DOUBTS. */
const MAX_LISTED = HOMES_ASKED_FOR_DOUBTS / 3;
/** A younger entry is a payment on its usual way. */
const ON_ITS_WAY_MS = 1_000;

interface Hint {
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly body: PaymentBody;
  readonly coordinator: string;
  readonly createdAtMs: number;
}

/** @param listed transactions that buckets have told of already. @param silent buckets that did not answer. */
export async function openPayments(
  services: RunServices,
  dao: TxnCoordinatorDAO,
  listed: ReadonlySet<TxnId>,
  silent: readonly BucketId[],
  untilMs: number,
): Promise<readonly OpenPayment[]> {
  const { link, clock } = services;
  const hints = new Map<TxnId, Hint>();
  for (const hint of [...ownHints(services), ...(await journalHints(services, dao))])
    if (!listed.has(hint.txn) && !hints.has(hint.txn)) hints.set(hint.txn, hint);
  const found = await Promise.all(
    [...hints.values()].map(async (hint): Promise<OpenPayment | null> => {
      const { key, txn, coordinator, createdAtMs } = hint;
      const homeSlot = homeSlotOfKey(key);
      const homeBucket = link.bucketOf(homeSlot);
      const row = silent.includes(homeBucket) ? null : await link.query(key, homeSlot, untilMs);
      const answers = !silent.includes(homeBucket) && !isUnreachable(row);
      // Decided, or bound to another transaction: its entry will say so soon.
      if (answers && row !== null) return null;
      return {
        ...splitPaymentKey(key),
        txn,
        coordinator,
        homeBucket,
        ageMs: Math.max(0, clock.wallMs() - createdAtMs),
        home: sentence(homeBucket, answers, waitsFor(services, hint, silent, homeBucket)),
      };
    }),
  );
  return found.filter((payment) => payment !== null).sort((a, b) => b.ageMs - a.ageMs);
}

function ownHints({ unfinished, config }: RunServices): readonly Hint[] {
  return unfinished
    .list()
    .slice(0, MAX_LISTED)
    .map(({ plan: { key, txn, body, createdAtMs } }) => ({ key, txn, body, createdAtMs, coordinator: config.coordinatorId }));
}

async function journalHints({ clock }: RunServices, dao: TxnCoordinatorDAO): Promise<readonly Hint[]> {
  const entries = await dao.pending(null, MAX_LISTED).catch(() => []);
  return entries.filter((entry) => clock.wallMs() - entry.createdAtMs >= ON_ITS_WAY_MS);
}

function waitsFor({ link }: RunServices, { body }: Hint, silent: readonly BucketId[], home: BucketId): readonly BucketId[] {
  const buckets = new Set(body.legs.map((leg) => link.bucketOf(slotOfAccount(leg.account))));
  return [...buckets].filter((bucket) => bucket !== home && silent.includes(bucket)).sort((a, b) => a - b);
}

function sentence(home: BucketId, answers: boolean, others: readonly BucketId[]): string {
  const also = others.length === 0 ? '' : ` Bucket ${others.join(', ')} of its legs does not answer.`;
  if (answers) return `Home bucket ${home} has recorded nothing yet; the payment is under way or will be aborted by resolution.${also}`;
  return `Home bucket ${home} does not answer; the payment ends when it has a majority again.${also}`;
}
