/** Which database goes with which folder: everything that does not is refused, and nothing of it is touched. */
import { clusterId, incarnation, ordinal, type IdentityRecord, type IdentityState } from '@mas/membership';
import { rmId } from '@mas/values';
import type { OwnedStore, StoreOwner, StoreOwnership } from '../applied-store';
import { newIdentity } from './becoming-member';
import { checkDatabase, claimDatabase } from './database-owner';
import { FolderIdentity } from './folder-identity';

const RM = rmId(1);
const OURS = incarnation('a'.repeat(32));
const CLUSTER = clusterId('c'.repeat(32));
const SETTINGS = { buckets: 3, replicas: 3, policy: 'v1', semanticsVersion: 1 };
const MEMBER: IdentityState = { kind: 'member', founding: { clusterId: CLUSTER, founders: [], settings: SETTINGS } };
const ADMITTED: IdentityState = { kind: 'admitted', clusterId: CLUSTER, ordinal: ordinal(1), settings: SETTINGS };
const owner = (rm: number, id: string, cluster = CLUSTER): StoreOwner => ({ clusterId: cluster, rm: rmId(rm), incarnation: id.repeat(32) });

/** One row, kept; it remembers what was written. */
class OneDatabase implements OwnedStore {
  readonly writes: string[] = [];

  constructor(private has: StoreOwnership) {}

  ownership(): Promise<StoreOwnership> {
    return Promise.resolve(this.has);
  }

  claim(by: StoreOwner): Promise<StoreOwner> {
    this.writes.push('claim');
    if (this.has.kind !== 'owned') this.has = { kind: 'owned', owner: by };
    return Promise.resolve(this.has.owner);
  }

  takeOver(by: StoreOwner): Promise<void> {
    this.writes.push('take over');
    this.has = { kind: 'owned', owner: by };
    return Promise.resolve();
  }

  migrate(): Promise<void> {
    return Promise.resolve();
  }
}

function record(state: IdentityState, changes: Partial<IdentityRecord> = {}): IdentityRecord {
  return { ...newIdentity(OURS, 'new'), state, ...changes };
}

type Row = readonly [string, IdentityRecord, StoreOwnership, string | null];
const ALONE = record({ kind: 'alone' });
const REJOINING = record({ kind: 'rejoining' });
const rows: readonly Row[] = [
  ['a new folder, an empty database', ALONE, { kind: 'empty' }, null],
  ['a new folder, the database of its lost one', ALONE, { kind: 'owned', owner: owner(1, 'b') }, 'FOLDER_LOST'],
  ['a new folder, the database of another one', ALONE, { kind: 'owned', owner: owner(2, 'b') }, 'DATABASE_OF_ANOTHER'],
  ['a new folder, rows of an earlier version', ALONE, { kind: 'unnamed' }, 'FOLDER_LOST'],
  ['a folder of an earlier version and its rows', record({ kind: 'alone' }, { isExisting: true }), { kind: 'unnamed' }, null],
  ['a member and its database', record(MEMBER, { hasDatabase: true }), { kind: 'owned', owner: owner(1, 'a') }, null],
  ['a member whose database is lost', record(MEMBER, { hasDatabase: true }), { kind: 'empty' }, 'DATABASE_LOST'],
  ['a member that died before it had one', record(MEMBER), { kind: 'empty' }, null],
  ['a member, the database of another one', record(MEMBER, { hasDatabase: true }), { kind: 'owned', owner: owner(2, 'b') }, 'DATABASE_OF_ANOTHER'],
  [
    'a member, the database of another cluster\u2019s',
    record(MEMBER, { hasDatabase: true }),
    { kind: 'owned', owner: owner(1, 'b', clusterId('e'.repeat(32))) },
    'DATABASE_OF_ANOTHER',
  ],
  ['a member, the database of another incarnation', record(MEMBER, { hasDatabase: true }), { kind: 'owned', owner: owner(1, 'b') }, 'FOLDER_LOST'],
  ['one that rejoins, and its old database', REJOINING, { kind: 'owned', owner: owner(1, 'b') }, null],
  ['one that rejoins, and another one\u2019s database', REJOINING, { kind: 'owned', owner: owner(2, 'b') }, 'DATABASE_OF_ANOTHER'],
];

test.each(rows)('%s', async (_name, folder, found, refused) => {
  const database = new OneDatabase(found);
  const check = checkDatabase(database, RM, folder, 'database mas1');
  if (refused === null) await check;
  else await expect(check).rejects.toMatchObject({ kind: 'membership-refused', reason: refused, message: expect.stringContaining('database mas1') as string });
  expect(database.writes).toEqual([]);
});

async function claim(folder: IdentityRecord, database: OneDatabase): Promise<IdentityRecord> {
  const saved: IdentityRecord[] = [];
  const identity = new FolderIdentity(
    {
      load: () => null,
      save: (one) => (saved.push(one), Promise.resolve()),
      loadMarks: () => [],
      saveMarks: () => Promise.resolve(),
      loadRuns: () => null,
      saveRuns: () => Promise.resolve(),
      loadMap: () => null,
      saveMap: () => Promise.resolve(),
    },
    folder,
  );
  await claimDatabase(database, RM, identity, { clusterId: CLUSTER, ordinal: ordinal(0), settings: SETTINGS }, 'database mas1');
  return identity.current();
}

test('a member claims an empty database, and remembers that it has one', async () => {
  const database = new OneDatabase({ kind: 'empty' });
  expect((await claim(record(MEMBER), database)).hasDatabase).toBe(true);
  expect(await database.ownership()).toEqual({ kind: 'owned', owner: owner(1, 'a') });
});

test('one that was admitted takes its old database over, and nobody else does', async () => {
  const old = new OneDatabase({ kind: 'owned', owner: owner(1, 'b') });
  await claim(record(ADMITTED), old);
  expect(old.writes).toEqual(['take over', 'claim']);
  const refusing = new OneDatabase({ kind: 'owned', owner: owner(1, 'b') });
  await expect(claim(record(MEMBER), refusing)).rejects.toMatchObject({ reason: 'FOLDER_LOST' });
  expect(refusing.writes).toEqual(['claim']);
});

test('two that claim at once: the second one is refused', async () => {
  const database = new OneDatabase({ kind: 'empty' });
  const racing: OwnedStore['claim'] = () => Promise.resolve(owner(2, 'f'));
  database.claim = racing;
  await expect(claim(record(MEMBER), database)).rejects.toMatchObject({ reason: 'DATABASE_OF_ANOTHER' });
});
