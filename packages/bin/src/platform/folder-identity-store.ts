/** The identity of a Resource Manager's data folder and its marks of others, in the folder's own file. */
import { decodeIdentity, decodeMarks, decodeRuns, encodeIdentity, encodeMarks, encodeRuns, type FolderRuns, type IdentityRecord, type PositionMark } from '@mas/membership';
import type { IdentityStore } from '@mas/resource-manager';
import type { DataFolder } from './data-folder';

const MARKS = 'marks of runs';
const RUNS = 'runs';

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
    const text = this.folder.record(MARKS);
    return text === undefined ? [] : decodeMarks(text);
  }

  saveMarks(marks: readonly PositionMark[]): Promise<void> {
    this.folder.keep(MARKS, encodeMarks(marks));
    return Promise.resolve();
  }

  loadRuns(): FolderRuns | null {
    const text = this.folder.record(RUNS);
    return text === undefined ? null : decodeRuns(text);
  }

  saveRuns(runs: FolderRuns): Promise<void> {
    this.folder.keep(RUNS, encodeRuns(runs));
    return Promise.resolve();
  }
}
