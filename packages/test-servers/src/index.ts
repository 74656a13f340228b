export { MissingServer } from './binaries';
export { tempFolder, type TempFolder } from './temp-folder';
export { freePort } from './free-port';
export { startMariaDb, type MariaDbOptions } from './mariadb';
export { findMySql, startMySql, type MySqlOptions } from './mysql';
export { startRedis, type RedisOptions } from './redis';
export type { TestServer } from './test-server';
export { waitUntil } from './wait-until';
export { watchOver, type Watchdog } from './watchdog';
