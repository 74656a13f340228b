/** The contract of the port on real servers, with both ways in which rows get there. On MySQL itself where there is one (see test-servers). */
import { mySqlIsHere, startMariaDb, startMySql, type TestServer } from '@mas/test-servers';
import { appliedStoreContract, type StoreUnderTest } from '@mas/testkit/applied-store';
import { openMysqlStore } from '../open-store';

async function onServer(start: () => Promise<TestServer>): Promise<StoreUnderTest> {
  const server = await start();
  const open = async () => {
    const store = await openMysqlStore({ url: server.url, database: 'mas_contract' });
    await store.migrate();
    return store;
  };
  let store = await open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    end: async () => {
      await store.close();
      await server.stop();
    },
  };
}

const here = mySqlIsHere();
const mysqlName = `MySQL${here ? '' : ' (not here; on Debian: packages/test-servers/mysql-on-debian.sh, elsewhere MAS_MYSQLD)'}`;

describe.each([
  ['as a file', '--local-infile=1'],
  ['in INSERTs', '--local-infile=0'],
])('rows travel %s', (_, arg) => {
  describe('MariaDB', () => appliedStoreContract(() => onServer(() => startMariaDb({ extraArgs: [arg] }))));
  (here ? describe : describe.skip)(mysqlName, () => appliedStoreContract(() => onServer(() => startMySql({ extraArgs: [arg] }))));
});
