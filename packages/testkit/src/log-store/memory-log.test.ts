/** The log in memory keeps the contract of every log: a crash leaves what was synced, an orderly end everything. */
import { systemClock } from '../clock';
import { logStoreContract } from './log-store-contract';
import { MemoryLogDisk, MemoryLogStore } from './memory-log';

logStoreContract('in memory', () => {
  const disk = new MemoryLogDisk();
  let store: MemoryLogStore | undefined;
  return Promise.resolve({
    open: async () => {
      store = new MemoryLogStore(disk, systemClock, { syncMs: 0 });
      return { store, recovery: await store.recover() };
    },
    crash: () => store?.crash(),
    dispose: () => Promise.resolve(),
  });
});
