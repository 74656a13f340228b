export { EmbeddedJournal } from './memory/embedded-journal';
export { MemoryTxnCoordinatorDao, type MemoryDaoOptions } from './memory/memory-txn-coordinator-dao';
export { RedisLink, RedisSilent, type RedisLinkOptions } from './redis/redis-link';
export { RedisLockStore, type RedisLockStoreOptions } from './redis/redis-lock-store';
export { RedisTxnCoordinatorDao, type RedisDaoOptions } from './redis/redis-txn-coordinator-dao';
// A step of a payment's way, which the benchmark of stages takes by itself.
export { encodeEntry } from './codec/entry-codec';
