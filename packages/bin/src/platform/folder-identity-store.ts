/** The identity of a Resource Manager's data folder and its marks of others, in the folder's own file. */
import { decodeIdentity, encodeIdentity, memberOfRaftId, raftIdOf, type IdentityRecord, type PositionMark } from '@mas/membership';
import type { IdentityStore } from '@mas/resource-manager';
import type { DataFolder } from './data-folder';

export class FolderIdentityStore implements IdentityStore {
  /** @param name of the record: a folder that gets a new incarnation in place keeps the old one until the new one counts */
  constructor(
    private readonly folder: DataFolder,
    private readonly name: 'identity' | 'next identity' = 'identity',
  ) {}

  load(): IdentityRecord | null {
    const text = this.folder.record(this.name);
    return text === undefined ? null : decodeIdentity(text);
  }

  save(record: IdentityRecord): Promise<void> {
    this.folder.keep(this.name, encodeIdentity(record));
    return Promise.resolve();
  }

  loadMarks(): readonly PositionMark[] {
    const text = this.folder.record('marks');
    if (text === undefined) return [];
    return (JSON.parse(text) as readonly (readonly [number, number])[]).map(([raftId, position]) => ({ ...memberOfRaftId(raftId), position }));
  }

  saveMarks(marks: readonly PositionMark[]): Promise<void> {
    this.folder.keep('marks', JSON.stringify(marks.map((mark) => [raftIdOf(mark), mark.position])));
    return Promise.resolve();
  }
}
