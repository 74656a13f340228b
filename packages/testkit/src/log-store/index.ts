/** The port of the log: a log in memory. */
export { MemoryLogDisk, MemoryLogStore, type MemoryLogOptions } from './memory-log';
