/** Marks of others in a data folder: whole at any moment, and what an earlier version kept is still known. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeMarks, ordinal, runOf, type PositionMark } from '@mas/membership';
import { rmId } from '@mas/values';
import { DataFolder } from './data-folder';
import { FolderIdentityStore } from './folder-identity-store';

let path: string;
let folder: DataFolder;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'mas-folder-'));
  folder = DataFolder.open(path, 'rm-1');
});

afterEach(() => {
  folder.close();
  rmSync(path, { recursive: true, force: true });
});

const marksAt = (position: number): readonly PositionMark[] => [{ rm: rmId(2), ordinal: ordinal(0), run: runOf('00000000000000000003'), position }];

test('what was written last is known, and nothing is left beside it', async () => {
  const store = new FolderIdentityStore(folder);
  expect(store.loadMarks()).toEqual([]);
  await store.saveMarks(marksAt(5));
  await store.saveMarks(marksAt(7));
  expect(new FolderIdentityStore(folder, 'next identity').loadMarks()).toEqual(marksAt(7));
  expect(readdirSync(path).filter((name) => name.startsWith('marks'))).toEqual(['marks']);
});

test('what an earlier version kept as a record is known until something is written', async () => {
  folder.keep('marks of runs', encodeMarks(marksAt(4)));
  const store = new FolderIdentityStore(folder);
  expect(store.loadMarks()).toEqual(marksAt(4));
  await store.saveMarks(marksAt(6));
  expect(store.loadMarks()).toEqual(marksAt(6));
});
