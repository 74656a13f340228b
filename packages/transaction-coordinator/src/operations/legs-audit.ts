/**
 * Every leg that counts at the moment against what its home has recorded, and every recorded leg against the account's: as sums over the parts of all payments (ledger's
 * moment-sums), one replica for each bucket. Only where sums differ are the legs of that part listed, so that the payment can be named.
 */
import { addedSums, differingParts, type LegListing, type MomentLeg, type MomentReport } from '@mas/ledger';
import type { AccountNumber, BucketId, RmId, TxnId } from '@mas/values';
import type { AuditReport } from '../coordinator-service';
import type { AuditCourse, BucketAudits, BucketFindings } from './bucket-audit';

type Check = AuditReport['checks'][number];

const NAME = 'legs and the decisions of their homes agree';
const MAX_DIFFERENCES = 100;
/** Of one listing; a thousandth of the payments each. */
const MAX_PARTS_LISTED = 4;

interface Source {
  readonly bucket: BucketId;
  readonly rm: RmId;
  readonly report: MomentReport;
}

export class LegsAudit {
  constructor(
    private readonly buckets: BucketAudits,
    private readonly course: AuditCourse,
  ) {}

  async run(found: readonly BucketFindings[]): Promise<{ readonly check: Check; readonly incomplete: readonly string[] }> {
    const sources: Source[] = [];
    const unread: BucketId[] = [];
    for (const { bucket, found: replicas } of found) {
      const one = replicas.find(({ moment }) => moment !== null);
      if (one === undefined || one.moment === null) unread.push(bucket);
      else sources.push({ bucket, rm: one.checksum.rm, report: one.moment });
    }
    if (unread.length > 0)
      return {
        check: { name: NAME, count: 0, differences: [] },
        incomplete: [`Legs were not compared with decisions, because no replica of bucket ${unread.join(', ')} was read.`],
      };
    const count = sources.reduce((sum, { report }) => sum + report.legs + report.decidedLegs, 0);
    const parts = differingParts(addedSums(sources.map(({ report }) => report.legSums)), addedSums(sources.map(({ report }) => report.decidedSums)));
    return { check: { name: NAME, count, differences: parts.length === 0 ? [] : await this.named(sources, parts) }, incomplete: [] };
  }

  private async named(sources: readonly Source[], parts: readonly number[]): Promise<readonly string[]> {
    const listed = parts.slice(0, MAX_PARTS_LISTED);
    const listings = await Promise.all(sources.map(({ bucket, rm }) => this.listing(bucket, rm, listed)));
    const all = listings.filter((listing) => listing !== null);
    const texts = all.length === sources.length ? differencesOf(all) : [];
    const isWhole = parts.length === listed.length && !all.some(({ isCut }) => isCut) && texts.length > 0 && texts.length <= MAX_DIFFERENCES;
    const rest = `Legs and decisions differ in ${parts.length} of 1,024 parts of the payments${texts.length === 0 ? '' : '; not all of these are listed'}.`;
    return [...texts.slice(0, MAX_DIFFERENCES), ...(isWhole ? [] : [rest])];
  }

  private async listing(bucket: BucketId, rm: RmId, parts: readonly number[]): Promise<LegListing | null> {
    const findings = await this.buckets.list(bucket, rm, parts, this.course);
    return findings?.moment?.listing ?? null;
  }
}

function differencesOf(listings: readonly LegListing[]): readonly string[] {
  const legs = byPayment(listings.flatMap((listing) => listing.legs));
  const decided = byPayment(listings.flatMap((listing) => listing.decided));
  const texts: string[] = [];
  for (const txn of new Set([...legs.keys(), ...decided.keys()])) {
    const [kept, recorded] = [legs.get(txn) ?? new Map<AccountNumber, MomentLeg>(), decided.get(txn) ?? new Map<AccountNumber, MomentLeg>()];
    for (const account of new Set([...kept.keys(), ...recorded.keys()])) {
      const [leg, record] = [kept.get(account), recorded.get(account)];
      if (leg === undefined) texts.push(`Payment ${txn} is committed, but account ${account} has no committed leg of it.`);
      else if (record === undefined) texts.push(`Payment ${txn}: its leg on ${account} is committed, but its home has recorded no such decision.`);
      else if (textOf(leg) !== textOf(record)) texts.push(`Payment ${txn}: its leg on ${account} is ${textOf(leg)}, its home has recorded ${textOf(record)}.`);
    }
  }
  return texts;
}

function byPayment(legs: readonly MomentLeg[]): ReadonlyMap<TxnId, ReadonlyMap<AccountNumber, MomentLeg>> {
  const payments = new Map<TxnId, Map<AccountNumber, MomentLeg>>();
  for (const leg of legs) {
    const ofPayment = payments.get(leg.txn) ?? new Map<AccountNumber, MomentLeg>();
    payments.set(leg.txn, ofPayment.set(leg.account, leg));
  }
  return payments;
}

function textOf({ effect, amountMinor, commitUs }: MomentLeg): string {
  return `${effect} ${amountMinor}${commitUs === null ? '' : ` at ${commitUs}`}`;
}
