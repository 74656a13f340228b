export { DEFAULT_LOCK_PROPERTIES, type BucketLocks, type EffectiveLock, type GlobalLockService, type LockProperties, type LockReply } from './lock-service';
export * from './lock-store';
