/**
 * What a data folder remembers of a restore (docs/adr/0028): written before the first row and after the last one has been read back. So a restore that was cut short is
 * never taken for a ledger, and the Resource Managers of one cluster are known to be restored from one backup, for one map.
 */
import { MembershipRefused, type Arrival } from '@mas/resource-manager';
import type { ResourceManagerAddress } from '@mas/placement';
import * as z from 'zod/mini';
import type { DataFolder } from '../platform/data-folder';

const NAME = 'restored';

const RECORD = z.object({
  state: z.enum(['begun', 'done']),
  backup: z.string(),
  buckets: z.number(),
  replicas: z.number(),
  /** In the order in which replicas were placed on them. */
  resourceManagers: z.array(z.number()),
});

export type RestoredFolder = z.output<typeof RECORD>;

export interface FoundedShape {
  readonly cluster: readonly ResourceManagerAddress[];
  readonly buckets: number;
  readonly replicas: number;
}

export function restoredFolder(folder: Pick<DataFolder, 'record'>): RestoredFolder | null {
  const text = folder.record(NAME);
  return text === undefined ? null : RECORD.parse(JSON.parse(text));
}

export function keepRestored(folder: Pick<DataFolder, 'keep'>, restored: RestoredFolder): void {
  folder.keep(NAME, JSON.stringify(restored));
}

/** @returns the backup that the folder was restored from; undefined: none. @throws MembershipRefused where this process cannot be founded with it */
export function restoredFrom(folder: DataFolder, shape: FoundedShape, arrival: Arrival): string | undefined {
  const restored = restoredFolder(folder);
  if (restored === null) return undefined;
  if (restored.state !== 'done')
    throw new MembershipRefused(
      'RESTORE_CUT_SHORT',
      `${folder.path}: a restore of backup ${restored.backup} was cut short here, and what there is is no ledger. Delete the folder (and drop its database, where that is on a server) and begin again with "mas restore".`,
    );
  // What it was founded with counts, once it was.
  if (folder.record('identity') !== undefined) return restored.backup;
  if (arrival !== 'founds')
    throw new MembershipRefused(
      'RESTORED_FOLDER_FOUNDS',
      `${folder.path} was restored from backup ${restored.backup}: it founds a cluster, with --cluster, and joins none.`,
    );
  const told = describe({ ...shape, resourceManagers: shape.cluster.map(({ rm }) => rm) });
  const expected = describe(restored);
  if (told !== expected)
    throw new MembershipRefused(
      'RESTORED_FOR_ANOTHER_MAP',
      `${folder.path} was restored for ${expected}; this process is told ${told}. Give it the same settings, in the same order.`,
    );
  return restored.backup;
}

function describe({ buckets, replicas, resourceManagers }: Pick<RestoredFolder, 'buckets' | 'replicas' | 'resourceManagers'>): string {
  return `--buckets ${buckets}, --replicas ${replicas} and the resource managers ${resourceManagers.join(', ')}`;
}
