/**
 * The identity of a Resource Manager's data folder and its marks of others. The identity stands in the folder's own file, written rarely and
 * on the spot. Marks are written every second for as long as the process lives, so they have a file of their own, whose fsync
 * holds nobody up: on a disk that limps, a process that waited for it would stand still.
 */
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeIdentity,
  decodeMarks,
  decodeRuns,
  encodeIdentity,
  encodeMarks,
  encodeRuns,
  type FolderRuns,
  type IdentityRecord,
  type PositionMark,
} from '@mas/membership';
import type { PlacementMap } from '@mas/placement';
import { decodePlacement, encodePlacement, type IdentityStore } from '@mas/resource-manager';
import type { DataFolder } from './data-folder';

const MARKS = 'marks of runs';
const MARKS_FILE = 'marks';
const RUNS = 'runs';
const MAP = 'map';
const OWNER_ONLY = 0o600;

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
    // Earlier versions kept them as a record.
    const text = this.marksFile() ?? this.folder.record(MARKS);
    return text === undefined ? [] : decodeMarks(text);
  }

  /** One at a time. The file is whole at any moment. */
  async saveMarks(marks: readonly PositionMark[]): Promise<void> {
    const path = join(this.folder.path, MARKS_FILE);
    const file = await open(`${path}.next`, 'w', OWNER_ONLY);
    try {
      await file.writeFile(encodeMarks(marks));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.next`, path);
  }

  private marksFile(): string | undefined {
    try {
      return readFileSync(join(this.folder.path, MARKS_FILE), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  loadRuns(): FolderRuns | null {
    const text = this.folder.record(RUNS);
    return text === undefined ? null : decodeRuns(text);
  }

  saveRuns(runs: FolderRuns): Promise<void> {
    this.folder.keep(RUNS, encodeRuns(runs));
    return Promise.resolve();
  }

  loadMap(): PlacementMap | null {
    const text = this.folder.record(MAP);
    return text === undefined ? null : decodePlacement(Buffer.from(text, 'utf8'));
  }

  saveMap(map: PlacementMap): Promise<void> {
    this.folder.keep(MAP, Buffer.from(encodePlacement(map)).toString('utf8'));
    return Promise.resolve();
  }
}
