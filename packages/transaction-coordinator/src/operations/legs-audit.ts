/**
 * Every leg that counts at the moment against what its home has recorded, and every recorded leg against the account's: as sums over the parts of all payments (ledger's
 * moment-sums), one replica for each bucket. Only where sums differ are the legs of that part listed, so that the payment can be named.
 */
import { addedSums, differingParts, legDifferences, MAX_DIFFERENCES, type LegListing, type MomentReport } from '@mas/ledger';
import type { BucketId, RmId, SlotSet } from '@mas/values';
import type { AuditReport } from '../coordinator-service';
import type { AuditCourse, BucketAudits, BucketFindings } from './bucket-audit';

type Check = AuditReport['checks'][number];

const NAME = 'legs and the decisions of their homes agree';
/** Of one listing; a thousandth of the payments each. */
const MAX_PARTS_LISTED = 4;

interface Source {
  readonly bucket: BucketId;
  readonly rm: RmId;
  readonly slots: SlotSet;
  readonly report: MomentReport;
}

export class LegsAudit {
  constructor(
    private readonly buckets: BucketAudits,
    private readonly course: AuditCourse,
  ) {}

  /** @param left slots whose rows were not read */
  async run(found: readonly BucketFindings[], left: SlotSet): Promise<{ readonly check: Check; readonly incomplete: readonly string[] }> {
    const sources: Source[] = [];
    const unread: BucketId[] = [];
    for (const { bucket, slots, found: replicas } of found) {
      const one = replicas.find(({ moment }) => moment !== null);
      if (one === undefined || one.moment === null) unread.push(bucket);
      else sources.push({ bucket, rm: one.checksum.rm, slots, report: one.moment });
    }
    if (unread.length > 0)
      return {
        check: { name: NAME, count: 0, differences: [] },
        incomplete: [`Legs were not compared with decisions, because no replica of bucket ${unread.join(', ')} was read.`],
      };
    if (left.size > 0)
      return {
        check: { name: NAME, count: 0, differences: [] },
        incomplete: [`Legs were not compared with decisions, because ${left.size} slots changed hands each time they were to be read.`],
      };
    const count = sources.reduce((sum, { report }) => sum + report.legs + report.decidedLegs, 0);
    const parts = differingParts(addedSums(sources.map(({ report }) => report.legSums)), addedSums(sources.map(({ report }) => report.decidedSums)));
    return { check: { name: NAME, count, differences: parts.length === 0 ? [] : await this.named(sources, parts) }, incomplete: [] };
  }

  private async named(sources: readonly Source[], parts: readonly number[]): Promise<readonly string[]> {
    const listed = parts.slice(0, MAX_PARTS_LISTED);
    const listings = await Promise.all(sources.map(({ bucket, rm, slots }) => this.listing(bucket, rm, slots, listed)));
    const all = listings.filter((listing) => listing !== null);
    const texts = all.length === sources.length ? legDifferences(all) : [];
    const isWhole = parts.length === listed.length && !all.some(({ isCut }) => isCut) && texts.length > 0 && texts.length <= MAX_DIFFERENCES;
    const rest = `Legs and decisions differ in ${parts.length} of 1,024 parts of the payments${texts.length === 0 ? '' : '; not all of these are listed'}.`;
    return [...texts.slice(0, MAX_DIFFERENCES), ...(isWhole ? [] : [rest])];
  }

  private async listing(bucket: BucketId, rm: RmId, slots: SlotSet, parts: readonly number[]): Promise<LegListing | null> {
    const findings = await this.buckets.list(bucket, rm, slots, parts, this.course);
    return findings?.moment?.listing ?? null;
  }
}
