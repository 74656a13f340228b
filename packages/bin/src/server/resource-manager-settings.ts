/** What `mas rm` can be told. Apart from the process, so that `mas --help` and `mas health` load nothing heavy. */
import { z } from 'zod';
import { clusterMembers, commonSettings, policySettings } from '../config/common-settings';
import { addressList, integer, listenAddress, onOrOff, setting, text } from '../config/setting';

/** One that answers is enough. */
const MAX_SEEDS = 8;

/** Of a SQL server; embedded it is the file's name. */
const databaseName = (): z.ZodType<string> => z.string().regex(/^[A-Za-z0-9_]{1,64}$/, 'expected 1 to 64 letters, digits or underscores');

/** Nothing where it is not given. */
const optional = <Item>(list: z.ZodType<readonly Item[]>): z.ZodType<readonly Item[]> => z.union([z.literal('').transform((): readonly Item[] => []), list]);

export const resourceManagerSettings = {
  id: setting('id', '<n>', 'id of this resource manager, unique in the cluster for good', undefined, integer(1, 65535), 'MAS_RM_ID'),
  listen: setting('listen', '<host:port>', 'where to listen', undefined, listenAddress()),
  sql: setting(
    'sql',
    '<url>',
    'embedded, or mysql://user@host:port (MySQL or MariaDB); with a password only in the variable; the database is --db',
    'embedded',
    text(),
  ),
  sqlPasswordFile: setting('sql-password-file', '<file>', 'file with the password of the SQL user, instead of one in MAS_SQL', '', z.string()),
  sqlWaitMs: setting('sql-wait-ms', '<ms>', 'how long a start waits for a SQL server that does not answer', '60000', integer(0, 3_600_000)),
  db: setting('db', '<name>', 'database of this resource manager; created where it does not exist', 'mas', databaseName()),
  tickMs: setting('tick-ms', '<ms>', 'length of a Raft tick, and how often this process gives the others a sign of life', '40', integer(10, 100)),
  rejoin: setting(
    'rejoin',
    '[true|false]',
    'take the place of this resource manager\u2019s lost disk, once "mas-client cluster replace-node" allows it; ignored where nothing is lost',
    'false',
    onOrOff(),
  ),
  replaceAfterMs: setting(
    'replace-after-ms',
    '<ms>',
    'another node takes the replicas of one that has been silent for so long, where there is a spare one; the same everywhere; 0: never',
    '600000',
    integer(0, 2_678_400_000),
  ),
  ...commonSettings,
  cluster: setting(
    'cluster',
    '<id=host:port,…>',
    'the resource managers that found the cluster; one that comes later is given --join instead',
    '',
    optional(clusterMembers()),
  ),
  join: setting(
    'join',
    '<host:port,…>',
    'instead of --cluster: where resource managers of a running cluster are, which this one joins once "mas-client cluster add-node" has named it; counts until the folder is a member\u2019s',
    '',
    optional(addressList('localhost:50041,localhost:50051', MAX_SEEDS)),
  ),
  ...policySettings,
} as const;
