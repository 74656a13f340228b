/** The same histories on real servers: MariaDB, and MySQL where there is one. */
import * as fc from 'fast-check';
import { openMysqlStore } from '@mas/sql-store';
import { mySqlIsHere, startMariaDb, startMySql, type TestServer } from '@mas/test-servers';
import { bucketId } from '@mas/values';
import { checkStore, choices, played } from './testing/edge-laws';

async function onServer(start: () => Promise<TestServer>): Promise<void> {
  const server = await start();
  try {
    const store = await openMysqlStore({ url: server.url, database: 'mas_edges' });
    await store.migrate();
    let bucket = 0;
    await fc.assert(
      fc.asyncProperty(choices, (list) => checkStore(store, bucketId((bucket += 1)), played(list))),
      { numRuns: 20 },
    );
    await store.close();
  } finally {
    await server.stop();
  }
}

test('MariaDB takes them and gives them back', () => onServer(() => startMariaDb()));

const here = mySqlIsHere();
(here ? test : test.skip)(
  `MySQL${here ? '' : ' (not here; on Debian: packages/test-servers/mysql-on-debian.sh, elsewhere MAS_MYSQLD)'} takes them and gives them back`,
  () => onServer(() => startMySql()),
);
