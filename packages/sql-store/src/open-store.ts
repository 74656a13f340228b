/** The ways to open a store: by kind, or by a URL that names the kind. Nothing is migrated yet: call `migrate()`. */
import { silentLogger, type Logger } from '@mas/values';
import { EmbeddedDatabase, type EmbeddedStoreOptions } from './embedded/embedded-database';
import { LocalLoading } from './mysql/local-load';
import { MysqlDatabase } from './mysql/mysql-database';
import { mysqlSettings, type MysqlStoreOptions } from './mysql/mysql-settings';
import { prepareServer } from './mysql/prepare-server';
import { SqlAppliedStore } from './store/sql-applied-store';

const EMBEDDED = /^embedded:(?:\/\/)?/;

/** Creates the database if it does not exist, unless told otherwise. @throws StoreMisconfigured (saying what to do), StoreUnavailable */
export async function openMysqlStore(options: MysqlStoreOptions, logger: Logger = silentLogger): Promise<SqlAppliedStore> {
  const settings = mysqlSettings(options);
  const { localInfile, exists } = await prepareServer(settings, logger, options.createsDatabase ?? true);
  const create = async (): Promise<void> => void (await prepareServer(settings, logger, true));
  const refused = (): void =>
    logger.warn(
      { database: settings.description },
      'the SQL server no longer takes rows as a file: local_infile was set to 0; checkpoints go on, at twice its cost',
    );
  return new SqlAppliedStore(new MysqlDatabase(settings, new LocalLoading(localInfile, refused), exists ? null : create), logger);
}

/** Creates the file if it does not exist. @throws StoreMisconfigured, StoreUnavailable (another process has it open) */
export async function openEmbeddedStore(options: EmbeddedStoreOptions, logger: Logger = silentLogger): Promise<SqlAppliedStore> {
  return Promise.resolve(new SqlAppliedStore(new EmbeddedDatabase(options), logger));
}

/** `embedded:/path/to/file.db`, or `mysql://user:password@host:port/database` (also for MariaDB). */
export function openAppliedStore(url: string, options: Omit<MysqlStoreOptions, 'url'> = {}, logger: Logger = silentLogger): Promise<SqlAppliedStore> {
  if (EMBEDDED.test(url)) return openEmbeddedStore({ file: url.replace(EMBEDDED, '') }, logger);
  return openMysqlStore({ ...options, url }, logger);
}
