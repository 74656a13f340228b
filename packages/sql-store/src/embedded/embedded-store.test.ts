/** The embedded store passes the port's contract, and its file is guarded against second users. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '@mas/test-servers';
import Database from 'libsql';
import { bucketId } from '@mas/values';
import { appliedStoreContract } from '@mas/testkit/applied-store';
import { account, batch, manyRows, position } from '@mas/testkit/applied-store';
import { allChunks, rowsOfKind } from '@mas/testkit/applied-store';
import { openEmbeddedStore } from '../open-store';
import { backToSchema4 } from '../testing/rows-of-schema-4';
import { readsAndRewrites } from '../testing/upgraded-from-4';

describe('contract', () => {
  appliedStoreContract(async () => {
    const folder = await tempFolder('mas-embedded');
    const file = join(folder.path, 'deep', 'rm.db');
    let store = await openEmbeddedStore({ file });
    await store.migrate();
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openEmbeddedStore({ file });
        await store.migrate();
        return store;
      },
      end: async () => {
        await store.close();
        await folder.remove();
      },
    };
  });
});

test('rows of replaced and dropped generations are removed in the background, all others stay', async () => {
  const folder = await tempFolder('mas-embedded');
  const file = join(folder.path, 'rm.db');
  const store = await openEmbeddedStore({ file });
  await store.migrate();
  const [replaced, dropped] = [bucketId(1), bucketId(2)];
  for (const bucket of [replaced, dropped]) await (await store.openBucket(bucket)).store.checkpoint(batch(bucket, manyRows(1_100)));
  const { store: rows } = await store.openBucket(replaced);
  const reader = await rows.readSnapshot();
  const install = await rows.beginInstall({ applied: position(20), confState: null, meta: null, blob: null });
  await install.write({ kind: 'accounts', rows: [account('kept')] });
  await install.finish();
  await store.dropBucket(dropped);
  await store.swept();
  expect(rowsOfKind(await allChunks(reader), 'accounts')).toHaveLength(1_100);
  await reader.close();
  await store.swept();
  await store.close();
  const direct = new Database(file);
  const count = (table: string): unknown => direct.prepare(`select count(*) from ${table}`).pluck().all()[0];
  expect(['account', 'payment', 'outcome'].map(count)).toEqual([1, 0, 0]);
  direct.close();
  await folder.remove();
});

test('a migration that died behind its last step is repeated without harm', async () => {
  const folder = await tempFolder('mas-embedded');
  const file = join(folder.path, 'rm.db');
  const migrated = async (): Promise<void> => {
    const store = await openEmbeddedStore({ file });
    await store.migrate();
    await store.close();
  };
  await migrated();
  const direct = new Database(file);
  direct.exec('delete from kysely_migration');
  direct.close();
  await migrated();
  await folder.remove();
});

test('rows of the schema before bodies had a column are read as they were meant, and take the column when they are written next', async () => {
  const folder = await tempFolder('mas-embedded');
  const file = join(folder.path, 'rm.db');
  const before = await openEmbeddedStore({ file });
  await before.migrate();
  await (await before.openBucket(bucketId(1))).store.checkpoint(batch(bucketId(1)));
  await before.close();
  const direct = new Database(file);
  for (const statement of backToSchema4('')) direct.exec(statement);
  direct.close();
  const store = await openEmbeddedStore({ file });
  await store.migrate();
  await readsAndRewrites(store);
  await store.close();
  const after = new Database(file);
  const withBody = (table: string, key: string): unknown =>
    after.prepare(`select ${key} from ${table} where body is not null and detail like '[2,%' order by ${key}`).pluck().all();
  expect([withBody('payment', 'seq'), withBody('outcome', 'id')]).toEqual([[4098, 5000], ['x']]);
  after.close();
  await folder.remove();
});

describe('the file', () => {
  test.each([
    ['', 'file'],
    [':memory:', 'file'],
  ])('"%s" is refused as a path', async (file, setting) => {
    await expect(openEmbeddedStore({ file })).rejects.toMatchObject({ kind: 'store-misconfigured', setting });
  });

  test('a file that is no database, or cannot be made, is refused by name', async () => {
    const folder = await tempFolder('mas-embedded');
    const file = join(folder.path, 'text');
    writeFileSync(file, 'no database, and long enough for a header. '.repeat(100));
    await expect(openEmbeddedStore({ file })).rejects.toThrow(/text .*choose another path|text cannot be opened/);
    await expect(openEmbeddedStore({ file: join(file, 'below-a-file.db') })).rejects.toMatchObject({ kind: 'store-misconfigured' });
    await folder.remove();
  });

  test('a second process is refused while the first has the file', async () => {
    const folder = await tempFolder('mas-embedded');
    const file = join(folder.path, 'rm.db');
    const first = await openEmbeddedStore({ file });
    await first.migrate();
    // SQLite locks per process: only another one can be refused.
    const script = `const D = require('libsql'); try { const d = new D(process.argv[1]); d.exec('begin exclusive'); console.log('opened'); } catch (e) { console.log(e.code); }`;
    const second = spawnSync(process.execPath, ['-e', script, file], { encoding: 'utf8', cwd: __dirname });
    expect(second.stdout.trim()).toMatch(/^SQLITE_BUSY/);
    await first.close();
    const third = await openEmbeddedStore({ file });
    await third.close();
    await folder.remove();
  });
});

test('nobody else on the machine reads the database or its write-ahead log, whatever the umask', async () => {
  const before = process.umask(0);
  const folder = await tempFolder('mas-embedded');
  try {
    const store = await openEmbeddedStore({ file: join(folder.path, 'deep', 'rm.db') });
    await store.migrate();
    const files = readdirSync(join(folder.path, 'deep'));
    expect(files).toEqual(expect.arrayContaining(['rm.db', 'rm.db-wal']));
    expect(statSync(join(folder.path, 'deep')).mode & 0o777).toBe(0o700);
    for (const name of files) expect([name, statSync(join(folder.path, 'deep', name)).mode & 0o077]).toEqual([name, 0]);
    await store.close();
  } finally {
    process.umask(before);
    await folder.remove();
  }
});
