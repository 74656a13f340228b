/** Log Matching, at rest: where two replicas' logs both hold an entry, they hold the same one. */
import type { Findings } from '@mas/auditor';
import { META_GROUP } from '@mas/placement';
import { indexPlus, type Entry } from '@mas/raft';
import type { BucketId, RmId } from '@mas/values';
import type { Cluster } from '../cluster/cluster';

const ALL_BYTES = Number.MAX_SAFE_INTEGER;

export function expectEqualLogs(cluster: Cluster, findings: Findings): void {
  for (const group of [META_GROUP, ...cluster.kept]) {
    const seen = new Map<number, { readonly rm: RmId; readonly entry: Entry }>();
    for (const [rm, entries] of logsOf(cluster, group)) {
      for (const entry of entries) {
        const known = seen.get(entry.index);
        if (known === undefined) seen.set(entry.index, { rm, entry });
        else
          findings.expect(
            known.entry.term === entry.term && Buffer.compare(known.entry.data, entry.data) === 0,
            'equal logs',
            () => `group ${group}: rm-${known.rm} and rm-${rm} hold different entries ${entry.index}`,
          );
      }
    }
  }
}

/** Of the members as the leader knows them: one that was replaced while it was cut off does not know, and keeps what nobody committed. */
function logsOf(cluster: Cluster, group: BucketId): readonly (readonly [RmId, readonly Entry[]])[] {
  const leader = cluster.leaderOf(group);
  const led =
    leader === null
      ? undefined
      : cluster.rms
          .get(leader)
          ?.host?.status()
          .find((one) => one.group === group);
  return [...cluster.rms.values()].flatMap(({ rm, parts }) => {
    const storage = parts?.log.storage(group);
    const isMember = (led ?? parts?.host.status().find((one) => one.group === group))?.voters.some((voter) => voter.rm === rm) === true;
    return storage === undefined || !isMember ? [] : [[rm, storage.entries(storage.firstIndex(), indexPlus(storage.lastIndex(), 1), ALL_BYTES) ?? []] as const];
  });
}
