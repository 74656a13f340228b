export type { LogFile, LogFileSystem } from './disk/log-file-system';
export { MemoryFileSystem, type DiskOperation, type MemoryFileSystemOptions, type Tearing } from './disk/memory-file-system';
export { NodeFileSystem } from './disk/node-file-system';
export { LogFailed } from './log-failed';
export { readLog } from './read-log';
export { DEFAULT_SEGMENT_BYTES, SegmentedLogStore, type SegmentedLogOptions } from './segmented-log-store';
