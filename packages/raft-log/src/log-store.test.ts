/** The contract on each implementation; small segments, so that rolling and dropping happen all the time. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { logStoreContract } from '@mas/testkit/log-store';
import { SeededRandom } from '@mas/values';
import { MemoryFileSystem, type Tearing } from './disk/memory-file-system';
import { NodeFileSystem } from './disk/node-file-system';
import { SegmentedLogStore } from './segmented-log-store';

const clock = { monotonicMs: (): number => performance.now() };
const onFatal = (error: Error): void => {
  throw error;
};

const tearings: readonly Tearing['kind'][] = ['lose', 'keep', 'prefix', 'sectors'];
for (const kind of tearings) {
  logStoreContract(`simulated disk, a crash may ${kind} unsynced writes`, () => {
    const disk = new MemoryFileSystem({ schedule: (run) => void setImmediate(run) });
    const random = new SeededRandom(77);
    return Promise.resolve({
      open: async () => {
        const store = new SegmentedLogStore({ directory: '/log', fileSystem: disk, clock, onFatal, segmentBytes: 8192 });
        return { store, recovery: await store.recover() };
      },
      crash: () => disk.crash({ kind, random }),
      dispose: () => Promise.resolve(),
    });
  });
}

logStoreContract('files', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mas-raft-log-'));
  let store: SegmentedLogStore | undefined;
  return Promise.resolve({
    open: async () => {
      await store?.close();
      store = new SegmentedLogStore({ directory, fileSystem: new NodeFileSystem(), clock, onFatal, segmentBytes: 8192 });
      return { store, recovery: await store.recover() };
    },
    // Files outlive their process as the page cache has them; lost writes need the simulated disk.
    crash: () => undefined,
    dispose: async () => {
      await store?.close();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  });
});
