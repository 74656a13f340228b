/** The port of the log: its contract, a log in memory under it, and what tests of logs write. */
export { logStoreContract, type LogStoreHarness } from './log-store-contract';
export { appended, dump, entries, entry, G1, G2, hardState, id, THREE_VOTERS, write } from './log-samples';
export { MemoryLogDisk, MemoryLogStore, type MemoryLogOptions } from './memory-log';
