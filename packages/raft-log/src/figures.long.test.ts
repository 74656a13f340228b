/**
 * The figures that the log is built for, on this machine's disk (MAS_LOG_BENCH_DIR chooses another one): commits one at a time,
 * entries per second in batches of 64, restart of 1,000,000 entries over 100 groups. Only the restart has a hard bound;
 * the others depend on the disk's sync and are printed.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { bucketId } from '@mas/values';
import { NodeFileSystem } from './disk/node-file-system';
import { SegmentedLogStore } from './segmented-log-store';
import { appended, hardState, id, THREE_VOTERS, write } from '@mas/testkit/log-store';
import { logIndex, term, type Entry } from '@mas/raft';

const DATA = Buffer.alloc(100, 'd');
const directory = fs.mkdtempSync(path.join(process.env['MAS_LOG_BENCH_DIR'] ?? os.tmpdir(), 'mas-log-figures-'));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

async function open(name: string): Promise<SegmentedLogStore> {
  const store = new SegmentedLogStore({
    directory: `${directory}/${name}`,
    fileSystem: new NodeFileSystem(),
    clock: performanceClock,
    onFatal: (error) => {
      throw error;
    },
  });
  await store.recover();
  return store;
}

const performanceClock = { monotonicMs: (): number => performance.now() };

function batchOf(from: number, count: number): readonly Entry[] {
  return Array.from({ length: count }, (_, i) => ({ index: logIndex(from + i), term: term(1), type: 'normal', data: DATA }));
}

function report(what: string, perSecond: number, extra: string): void {
  process.stdout.write(`${what}: ${Math.round(perSecond).toLocaleString('en')}/s ${extra}\n`);
}

test('single commits, one after the other', async () => {
  const store = await open('single');
  const group = bucketId(1);
  await store.reset(group, { at: id(0, 0), confState: THREE_VOTERS });
  const count = 10_000;
  const started = performance.now();
  for (let i = 1; i <= count; i += 1) await appended(store, group, write(batchOf(i, 1)));
  report(
    'single commits',
    (count * 1000) / (performance.now() - started),
    `sync p50 ${store.stats().syncP50Ms?.toFixed(3)} ms, p99 ${store.stats().syncP99Ms?.toFixed(3)} ms`,
  );
  await store.close();
});

test('batches of 64 entries from 16 groups at once', async () => {
  const store = await open('batched');
  const groups = Array.from({ length: 16 }, (_, i) => bucketId(i + 1));
  for (const group of groups) await store.reset(group, { at: id(0, 0), confState: THREE_VOTERS });
  const rounds = 600;
  const started = performance.now();
  await Promise.all(
    groups.map(async (group) => {
      for (let round = 0; round < rounds; round += 1) await appended(store, group, write(batchOf(round * 64 + 1, 64), hardState(1, 1, round * 64)));
    }),
  );
  report('entries in batches of 64, 16 groups', (groups.length * rounds * 64 * 1000) / (performance.now() - started), `${store.stats().syncs} syncs`);
  await store.close();
});

test('batches of 64 entries, one after the other', async () => {
  const store = await open('batched-one');
  const group = bucketId(1);
  await store.reset(group, { at: id(0, 0), confState: THREE_VOTERS });
  const rounds = 5000;
  const started = performance.now();
  for (let round = 0; round < rounds; round += 1) await appended(store, group, write(batchOf(round * 64 + 1, 64), hardState(1, 1, round * 64)));
  report('entries in batches of 64, one group', (rounds * 64 * 1000) / (performance.now() - started), `${store.stats().syncs} syncs`);
  await store.close();
});

test('1,000,000 entries over 100 groups are read back in under 5 s', async () => {
  const store = await open('restart');
  const groups = Array.from({ length: 100 }, (_, i) => bucketId(i + 1));
  for (const group of groups) await store.reset(group, { at: id(0, 0), confState: THREE_VOTERS });
  for (let round = 0; round < 500; round += 1)
    await Promise.all(groups.map((group) => appended(store, group, write(batchOf(round * 20 + 1, 20), hardState(1, 1, round * 20)))));
  await store.close();
  const started = performance.now();
  const again = await open('restart');
  const tookMs = performance.now() - started;
  expect(groups.map((group) => again.storage(group)?.lastIndex())).toEqual(groups.map(() => 10_000));
  process.stdout.write(`restart of 1,000,000 entries over 100 groups: ${Math.round(tookMs)} ms\n`);
  expect(tookMs).toBeLessThan(5000);
  await again.close();
});
