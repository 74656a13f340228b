export { EmbeddedJournal, type EmbeddedJournalOptions } from './memory/embedded-journal';
export { MemoryTxnCoordinatorDao, type MemoryDaoImage, type MemoryDaoOptions } from './memory/memory-txn-coordinator-dao';
export { NumberedFiles, type SegmentFiles } from './memory/segment-files';
export { RedisLink, RedisSilent, type RedisLinkOptions } from './redis/redis-link';
export { RedisLockStore, type RedisLockStoreOptions } from './redis/redis-lock-store';
export { DEFAULT_RETENTION, type Retention } from './retention';
export { RedisTxnCoordinatorDao, type RedisDaoOptions } from './redis/redis-txn-coordinator-dao';
// A step of a payment's way, which the benchmark of stages takes by itself; and back, for tests that look at what was written.
export { decodeEntry, encodeEntry } from './codec/entry-codec';
