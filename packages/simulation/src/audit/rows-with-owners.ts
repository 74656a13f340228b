/** At rest, of slots that have moved: rows are with the owner of their slot and nowhere else, and each bucket knows what it owns and that nothing is under way. */
import type { BucketRows, Findings } from '@mas/auditor';
import { slotsIn, type SlotOwners } from './slot-owners';

export function expectRowsWithOwners(buckets: readonly BucketRows[], owners: SlotOwners, findings: Findings): void {
  for (const { bucket, meta, accounts, legs, outcomes, locks } of buckets) {
    for (const [kind, rows] of Object.entries({ accounts, legs, outcomes, locks })) {
      const stray = rows.find(({ slot }) => !owners.owns(bucket, slot));
      findings.expect(
        stray === undefined,
        'rows are with the owner of their slot',
        () => `bucket ${bucket} has ${kind} of slot ${stray?.slot}, which is not its own`,
      );
    }
    const { departing = [], arriving = [] } = meta?.moves ?? {};
    const move = [...departing, ...arriving][0];
    findings.expect(move === undefined, 'every move ends', () => `bucket ${bucket} still has move ${move?.move} under way at rest`);
    const claimed = (meta?.slots ?? []).flatMap(slotsIn);
    const owned = owners.slotsOf(bucket);
    findings.expect(
      claimed.join() === owned.join(),
      'a slot has one owner',
      () => `bucket ${bucket} says that it owns ${claimed.length} slots, by its log it owns ${owned.length}`,
    );
  }
}
