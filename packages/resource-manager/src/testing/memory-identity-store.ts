/** IdentityStore in memory, for simulations and unit tests: what was saved outlives the process. */
import type { FolderRuns, Founding, IdentityRecord, LocalMember, PositionMark } from '@mas/membership';
import type { PlacementMap } from '@mas/placement';
import type { RmMembership } from '../resource-manager-options';
import { FolderIdentity } from '../membership/folder-identity';
import type { IdentityStore } from '../membership/membership-ports';

export class MemoryIdentityStore implements IdentityStore {
  private marks: readonly PositionMark[] = [];
  private runs: FolderRuns | null = null;
  private map: PlacementMap | null = null;

  constructor(private record: IdentityRecord | null = null) {}

  load(): IdentityRecord | null {
    return this.record;
  }

  save(record: IdentityRecord): Promise<void> {
    this.record = record;
    return Promise.resolve();
  }

  loadMarks(): readonly PositionMark[] {
    return this.marks;
  }

  saveMarks(marks: readonly PositionMark[]): Promise<void> {
    this.marks = marks;
    return Promise.resolve();
  }

  loadRuns(): FolderRuns | null {
    return this.runs;
  }

  saveRuns(runs: FolderRuns): Promise<void> {
    this.runs = runs;
    return Promise.resolve();
  }

  loadMap(): PlacementMap | null {
    return this.map;
  }

  saveMap(map: PlacementMap): Promise<void> {
    this.map = map;
    return Promise.resolve();
  }
}

/** Of a member of a cluster that was founded before anything that is looked at began. */
export function founderMembership(local: LocalMember, store: IdentityStore): RmMembership {
  const { incarnation } = local.self;
  const settings = { buckets: 1, replicas: 1, policy: '', semanticsVersion: 1 };
  const founding: Founding = {
    clusterId: local.clusterId,
    founders: local.members.members().map(({ rm, incarnation: id }) => ({ rm, incarnation: id, isExisting: false })),
    settings,
  };
  const record: IdentityRecord = store.load() ?? {
    incarnation,
    isExisting: false,
    state: { kind: 'member', founding },
    members: local.members,
    hasDatabase: true,
    hasGroups: false,
  };
  return { identity: new FolderIdentity(store, record), settings, local, keepMap: (map) => store.saveMap(map) };
}
