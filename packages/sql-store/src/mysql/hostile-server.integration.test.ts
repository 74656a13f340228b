/**
 * A server whose administrator made its defaults for other programs, each as unlike ours as it can be: the store's sessions
 * see their own values and its contract holds, for a user who has rights on his database and no others.
 */
import { CompiledQuery, sql } from 'kysely';
import { mySqlIsHere, startMariaDb, startMySql, type SqlServerOptions, type TestServer } from '@mas/test-servers';
import { appliedStoreContract } from '@mas/testkit/applied-store';
import { openMysqlStore } from '../open-store';
import { LocalRows } from '../rows/load-lines';
import { DirectSql } from '../testing/direct-sql';
import { LocalLoading } from './local-load';
import { MysqlDatabase } from './mysql-database';
import { mysqlSettings } from './mysql-settings';
import { sessionSettings } from './session-settings';

/** By the variable, what the server is told; those of one kind of server only are tried on that one. */
const HOSTILE: Readonly<Record<string, string>> = {
  autocommit: '0',
  completion_type: "'CHAIN'",
  sql_mode: "'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,ALLOW_INVALID_DATES,NO_UNSIGNED_SUBTRACTION'",
  sql_select_limit: '1',
  sql_safe_updates: '1',
  sql_big_selects: '0',
  sql_auto_is_null: '1',
  max_sort_length: '8',
  unique_checks: '0',
  foreign_key_checks: '0',
  time_zone: "'-11:00'",
  default_storage_engine: 'MyISAM',
  max_error_count: '0',
  sql_notes: '0',
  innodb_lock_wait_timeout: '1',
  wait_timeout: '1',
  net_read_timeout: '1',
  net_write_timeout: '1',
  idle_transaction_timeout: '1',
  idle_readonly_transaction_timeout: '1',
  idle_write_transaction_timeout: '1',
  max_statement_time: '0.05',
  max_execution_time: '1',
  range_optimizer_max_mem_size: '1',
};
/** Neither is read from the session's variables by our list. */
const ALSO = [
  'set global transaction isolation level serializable, read only',
  'set global max_join_size=1',
  'set global max_error_count=0',
  'set global innodb_default_row_format=compact',
  `set global init_connect='set autocommit=0, sql_select_limit=0'`,
];
const ARGS = ['--character-set-server=utf16', '--collation-server=utf16_bin'];
const STATEMENT_TIMEOUT_MS = 30_000;

interface Kind {
  readonly name: 'mariadb' | 'mysql';
  readonly start: (options: SqlServerOptions) => Promise<TestServer>;
  readonly args: readonly string[];
  readonly isolation: string;
  readonly readOnly: string;
}

const here = mySqlIsHere();
const mariaDb: Kind = {
  name: 'mariadb',
  start: startMariaDb,
  args: ['--skip-character-set-client-handshake', '--lower-case-table-names=1', '--innodb-snapshot-isolation=1'],
  isolation: 'tx_isolation',
  readOnly: 'tx_read_only',
};
const mySql: Kind = {
  name: 'mysql',
  start: startMySql,
  args: ['--session-track-state-change=1', '--session-track-transaction-info=CHARACTERISTICS'],
  isolation: 'transaction_isolation',
  readOnly: 'transaction_read_only',
};

describe('MariaDB', () => holdsOn(mariaDb));
(here ? describe : describe.skip)(`MySQL${here ? '' : ' (not here; on Debian: packages/test-servers/mysql-on-debian.sh, elsewhere MAS_MYSQLD)'}`, () =>
  holdsOn(mySql),
);

function holdsOn(kind: Kind): void {
  const settings = sessionSettings(STATEMENT_TIMEOUT_MS).filter(({ only }) => only === undefined || only === kind.name);
  let server: TestServer;
  let url: string;
  beforeAll(async () => {
    server = await kind.start({ extraArgs: [...ARGS, ...kind.args] });
    url = server.url.replace('root@', 'clerk:of-one-database@');
    const root = await DirectSql.connect(server.port);
    await root.run(`create user clerk@'127.0.0.1' identified by 'of-one-database'`);
    await root.run(`grant all on mas_hostile.* to clerk@'127.0.0.1'`);
    await root.run('create database mas_hostile');
    for (const { variable } of settings) await root.run(`set global ${variable}=${HOSTILE[variable] ?? 'the test lacks this one'}`);
    for (const statement of ALSO) await root.run(statement);
    root.close();
  });
  afterAll(async () => server.stop());

  test('every setting that is relied upon has our value in each session, and another one by default', async () => {
    const root = await DirectSql.connect(server.port);
    const database = new MysqlDatabase(
      mysqlSettings({ url: `${url}/mas_hostile`, statementTimeoutMs: STATEMENT_TIMEOUT_MS }),
      new LocalLoading(true, () => undefined),
      null,
    );
    const ours = async (name: string): Promise<unknown> =>
      (await sql<{ value: unknown }>`select ${sql.raw(`@@session.${name}`)} as value`.execute(database.db)).rows[0]?.value;
    for (const { variable } of [
      ...settings,
      { variable: kind.isolation },
      { variable: kind.readOnly },
      { variable: 'character_set_client' },
      { variable: 'character_set_results' },
    ]) {
      const byDefault = await root.value(`select @@global.${variable}`);
      expect({ variable, value: String(await ours(variable)) }).not.toEqual({ variable, value: String(byDefault) });
    }
    expect(String(await ours('autocommit'))).toBe('1');
    expect([await ours(kind.isolation), String(await ours(kind.readOnly)), await ours('character_set_client')]).toEqual(['READ-COMMITTED', '0', 'utf8mb4']);
    await database.close();
    root.close();
  });

  test('a bulk load that loses something is noticed, also where the server keeps no warnings', async () => {
    const database = new MysqlDatabase(
      mysqlSettings({ url: `${url}/mas_hostile`, statementTimeoutMs: STATEMENT_TIMEOUT_MS, connections: 1 }),
      new LocalLoading(true, () => undefined),
      null,
    );
    await sql.raw('create table loaded (k int primary key, v varbinary(4) not null) engine=InnoDB').execute(database.db);
    const load = (text: string): Promise<unknown> =>
      database.db.executeQuery({
        ...CompiledQuery.raw(
          `load data local infile 'rows' replace into table loaded character set binary fields terminated by '\\t' escaped by '\\\\' lines terminated by '\\n' (k, v)`,
        ),
        parameters: [new LocalRows(Buffer.from(text), 1)],
      });
    await load('1\ta\n');
    for (const lossy of ['1\tabcde\n', 'x\ta\n', '2\n', '1\ta\tb\n', '1\t\\N\n']) await expect(load(lossy)).rejects.toThrow();
    await sql.raw('drop table loaded').execute(database.db);
    await database.close();
  });

  appliedStoreContract(async () => {
    const open = async () => {
      const store = await openMysqlStore({ url, database: 'mas_hostile' });
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
      end: () => store.close(),
    };
  });
}
