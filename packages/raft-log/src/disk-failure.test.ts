/** One sync for all that gathered; a full or failing disk ends the process; segments go when nobody needs them. */
import { MemoryFileSystem } from './disk/memory-file-system';
import type { LogFailed } from './log-failed';
import { SegmentedLogStore } from './segmented-log-store';
import { appended, dump, entry, G1, G2, hardState, id, THREE_VOTERS, write } from '@mas/testkit/log-store';

const START = { at: id(0, 0), confState: THREE_VOTERS };

function open(disk: MemoryFileSystem, onFatal: (error: LogFailed) => void, limits: { segmentBytes?: number; maxTotalBytes?: number } = {}): SegmentedLogStore {
  return new SegmentedLogStore({ directory: '/log', fileSystem: disk, clock: { monotonicMs: () => 0 }, onFatal, segmentBytes: 4096, ...limits });
}

const neverFatal = (error: Error): void => {
  throw error;
};

test('what arrives while a sync runs shares the next one', async () => {
  const disk = new MemoryFileSystem({ schedule: (run) => void setImmediate(run) });
  const store = open(disk, neverFatal, { segmentBytes: 1 << 20 });
  await store.recover();
  await store.reset(G1, START);
  const before = store.stats().syncs;
  const writes = [appended(store, G1, write([entry(1, 1, 'alone')]))];
  await Promise.resolve().then(() => undefined);
  for (let i = 2; i <= 101; i += 1) writes.push(appended(store, G1, write([entry(i, 1, 'gathered')])));
  await Promise.all(writes);
  expect(store.stats().syncs - before).toBe(2);
  await store.close();
});

test.each(['write', 'sync'] as const)(
  'a failed %s is fatal, once; nothing is acknowledged afterwards, and the next start has everything that was',
  async (operation) => {
    const disk = new MemoryFileSystem();
    const fatal: LogFailed[] = [];
    const store = open(disk, (error) => fatal.push(error), { segmentBytes: 1 << 16 });
    await store.recover();
    await store.reset(G1, START);
    await appended(store, G1, write([entry(1, 1, 'safe')]));
    const safe = dump(store, [G1]);
    const acknowledged: string[] = [];
    disk.failNext(operation, new Error('EIO: i/o error'));
    store.append(G1, write([entry(2, 1, 'lost')]), () => acknowledged.push('lost'));
    const closing = store.close();
    await expect(closing).rejects.toMatchObject({ kind: 'log-failed', message: expect.stringContaining('EIO') as string });
    store.append(G1, write([entry(3, 1, 'later')]), () => acknowledged.push('later'));
    await expect(store.reset(G2, START)).rejects.toMatchObject({ kind: 'log-failed' });
    expect([fatal.length, acknowledged]).toEqual([1, []]);
    disk.crash({ kind: 'lose' });
    const again = open(disk, neverFatal);
    await again.recover();
    expect(dump(again, [G1])).toEqual(safe);
  },
);

test('a disk that fills up stops the log; everything acknowledged is there once there is room again', async () => {
  const disk = new MemoryFileSystem({ capacityBytes: 20_000 });
  const fatal: LogFailed[] = [];
  const store = open(disk, (error) => fatal.push(error));
  await store.recover();
  await store.reset(G1, START);
  let acknowledged = 0;
  for (let i = 1; fatal.length === 0; i += 1) {
    store.append(G1, write([entry(i, 1, 'z'.repeat(100))]), () => (acknowledged = i));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(fatal[0]?.message).toContain('ENOSPC');
  expect(acknowledged).toBeGreaterThan(50);
  const larger = new MemoryFileSystem();
  disk.crash({ kind: 'lose' });
  for (const path of disk.paths()) larger.overwrite(path, disk.contentOf(path));
  const again = open(larger, neverFatal);
  expect((await again.recover()).torn).toBeNull();
  expect(again.storage(G1)?.lastIndex()).toBe(acknowledged);
  await again.close();
});

test('segments go once no group needs them; the group that holds them is named, worst first', async () => {
  const disk = new MemoryFileSystem();
  const store = open(disk, neverFatal, { maxTotalBytes: 20_000 });
  await store.recover();
  for (const group of [G1, G2]) await store.reset(group, START);
  await appended(store, G2, write([entry(1, 1, 'pins the first segment')], hardState(1, 3, 0)));
  for (let i = 1; i <= 120; i += 1) {
    await appended(store, G1, write([entry(i, 1, 'w'.repeat(200))]));
    if (i % 10 === 0) store.compact(G1, id(i - 2, 1));
  }
  const full = store.stats().segments;
  expect(store.pinning()).toEqual([{ group: G2, bytes: full * 4096 }]);
  store.compact(G2, id(1, 1));
  const shown = dump(store, [G1, G2]);
  await store.close();
  expect(store.pinning()).toEqual([]);
  expect(store.stats().segments).toBeLessThanOrEqual(2);
  expect(disk.paths()).not.toContain('/log/000000000001.wal');
  const again = open(disk, neverFatal);
  await again.recover();
  expect(dump(again, [G1, G2])).toEqual(shown);
  await again.close();
});

test('a record larger than a segment is written whole', async () => {
  const disk = new MemoryFileSystem();
  const store = open(disk, neverFatal);
  await store.recover();
  await store.reset(G1, START);
  await appended(store, G1, write([entry(1, 1, 'v'.repeat(10_000))]));
  await appended(store, G1, write([entry(2, 1, 'next')]));
  const shown = dump(store, [G1]);
  await store.close();
  const again = open(disk, neverFatal);
  await again.recover();
  expect(dump(again, [G1])).toEqual(shown);
  await again.close();
});
