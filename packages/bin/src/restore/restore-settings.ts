/** What `mas restore` can be told: which backup, and of the settings of `mas rm` those that say where its data lie and which buckets are its own. */
import { setting, text } from '../config/setting';
import { clusterMembers, commonSettings } from '../config/common-settings';
import { resourceManagerSettings } from '../server/resource-manager-settings';

const { id, sql, sqlPasswordFile, sqlWaitMs, db } = resourceManagerSettings;
const { buckets, replicas, logLevel, logFormat, data } = commonSettings;

export const restoreSettings = {
  from: setting('from', '<folder>', 'the backup, as mas-client backup create has written it', undefined, text()),
  id,
  cluster: setting('cluster', '<id=host:port,…>', 'the resource managers that will found the new cluster', undefined, clusterMembers()),
  buckets,
  replicas,
  sql,
  sqlPasswordFile,
  sqlWaitMs,
  db,
  data,
  logLevel,
  logFormat,
} as const;
