/** The contract of the port on real servers. Debian has MariaDB only; MySQL runs where there is one (see test-servers). */
import { findMySql, startMariaDb, startMySql, type TestServer } from '@mas/test-servers';
import { appliedStoreContract, type StoreUnderTest } from '../contract';
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

describe('MariaDB', () => appliedStoreContract(() => onServer(startMariaDb)));

const mysqlIsHere = findMySql() !== null;
(mysqlIsHere ? describe : describe.skip)(`MySQL${mysqlIsHere ? '' : ' (no mysqld of MySQL on this machine: set MAS_MYSQLD)'}`, () => appliedStoreContract(() => onServer(startMySql)));
