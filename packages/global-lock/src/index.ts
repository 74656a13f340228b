export { GlobalLocks, MAX_LOCK_IDS, MAX_LOCKS_LISTED, type GlobalLocksPorts } from './global-locks';
export { handleMode, mintHandle } from './lock-handle';
export { DEFAULT_REPUBLISH_INTERVAL_MS, LockRepublisher, type RepublisherPorts } from './lock-republisher';
export {
  DEFAULT_LOCK_PROPERTIES,
  type BreakReply,
  type BucketGrant,
  type BucketLocks,
  type EffectiveLock,
  type GlobalLockService,
  type LockList,
  type LockProperties,
  type LockReply,
  type LockReport,
  type LockReportHolder,
} from './lock-service';
export * from './lock-store';
export { MemoryLockStore } from './memory-lock-store';
export { ReleaseWaiters } from './release-waiters';
