/**
 * What a crash leaves is cut off and said; anything else refuses to start and names the place. Every byte at which the last
 * record may be cut, and every bit that may flip anywhere, is tried.
 */
import type { LogDamaged, LogRecovery } from '@mas/multi-raft';
import { MemoryFileSystem } from './disk/memory-file-system';
import { readHeader, SECTOR_BYTES, SEGMENT_HEADER_BYTES, type RecordHeader } from './format/record-format';
import { SegmentedLogStore } from './segmented-log-store';
import { appended, dump, entries, entry, G1, G2, hardState, id, THREE_VOTERS, write } from '@mas/testkit/log-store';

const SEGMENT_BYTES = 4096;
const FILE = '/log/000000000001.wal';

function open(disk: MemoryFileSystem, segmentBytes = SEGMENT_BYTES): SegmentedLogStore {
  return new SegmentedLogStore({
    directory: '/log',
    fileSystem: disk,
    clock: { monotonicMs: () => 0 },
    onFatal: (error) => {
      throw error;
    },
    segmentBytes,
  });
}

async function start(
  content: Buffer,
  segmentBytes = SEGMENT_BYTES,
): Promise<{ readonly recovery: LogRecovery; readonly shown: string; readonly disk: MemoryFileSystem }> {
  const disk = new MemoryFileSystem();
  disk.overwrite(FILE, content);
  return restart(disk, segmentBytes);
}

async function restart(
  disk: MemoryFileSystem,
  segmentBytes = SEGMENT_BYTES,
): Promise<{ readonly recovery: LogRecovery; readonly shown: string; readonly disk: MemoryFileSystem }> {
  const store = open(disk, segmentBytes);
  const recovery = await store.recover();
  const shown = JSON.stringify(dump(store, [G1, G2]));
  await store.close();
  return { recovery, shown, disk };
}

async function damageOf(content: Buffer): Promise<LogDamaged | undefined> {
  try {
    await start(content);
    return undefined;
  } catch (error) {
    if ((error as LogDamaged).kind === 'log-damaged') return error as LogDamaged;
    throw error;
  }
}

function recordsOf(content: Buffer): readonly RecordHeader[] {
  const found: RecordHeader[] = [];
  for (let at = SEGMENT_HEADER_BYTES, header = readHeader(content, at); header !== undefined; header = readHeader(content, at)) {
    found.push(header);
    at = header.end;
  }
  return found;
}

/** `together`: how many writes the last batch carries. */
async function sampleLog(together: number, lastText = 'the last entry', segmentBytes = SEGMENT_BYTES): Promise<Buffer> {
  const disk = new MemoryFileSystem();
  const store = open(disk, segmentBytes);
  await store.recover();
  await store.reset(G1, { at: id(0, 0), confState: THREE_VOTERS });
  await store.reset(G2, { at: id(4, 1), confState: THREE_VOTERS });
  await appended(store, G1, write(entries(1, 3, 1), hardState(1, 2, 0)));
  await appended(store, G2, write(entries(5, 6, 2), hardState(2, undefined, 4)));
  const last = Array.from({ length: together }, (_, i) => appended(store, G1, write([entry(4 + i, 1, `${lastText} ${i}`)], hardState(1, 2, 3 + i))));
  await Promise.all(last);
  await store.close();
  return disk.contentOf(FILE);
}

const cuts: readonly (readonly [string, (content: Buffer, at: number) => Buffer])[] = [
  ['the file ends there', (content, at) => content.subarray(0, at)],
  ['the rest is still zero', (content, at) => Buffer.concat([content.subarray(0, at), Buffer.alloc(content.length - at)])],
];

describe.each(cuts)('a last write cut at any byte, %s', (_, cut) => {
  test.each([
    ['in one sector', 1, 'the last entry'],
    ['over several sectors', 1, 'long '.repeat(300)],
    ['in a batch of three', 3, 'the last entry'],
  ])('%s', async (__, together, text) => {
    const content = await sampleLog(together, text);
    const records = recordsOf(content);
    const batch = records.filter((record) => record.batch === records[records.length - 1]?.batch);
    const shownBefore = new Map<number, string>();
    for (const record of batch) shownBefore.set(record.at, (await start(cuts[1]![1](content, record.at))).shown);
    const batchAt = batch[0]!.at;
    for (let at = batchAt; at < batch[batch.length - 1]!.end; at += 1) {
      const record = batch.find((each) => at < each.end)!;
      const first = await start(cut(content, at));
      const said = at === batchAt ? null : { file: FILE, offset: record.at, bytes: expect.any(Number) as number };
      expect({ at, ...first.recovery }).toEqual({ at, groups: [G1, G2], torn: said });
      expect(first.shown).toBe(shownBefore.get(record.at));
      const second = await restart(first.disk);
      expect(second.recovery.torn).toBeNull();
      expect(second.shown).toBe(first.shown);
    }
  });
});

test('a log goes on behind a torn tail', async () => {
  const content = await sampleLog(3);
  const records = recordsOf(content);
  const { disk } = await start(content.subarray(0, records[records.length - 1]!.at + 5));
  const store = open(disk);
  await store.recover();
  await appended(store, G1, write([entry(6, 3, 'after the cut')], hardState(3, 1, 5)));
  const shown = JSON.stringify(dump(store, [G1, G2]));
  await store.close();
  expect(await restart(disk)).toMatchObject({ shown, recovery: { torn: null } });
});

test.each([1, 3])(
  'a single flipped bit anywhere is damage, also in the last batch (of %i)',
  async (together) => {
    const content = await sampleLog(together);
    const records = recordsOf(content);
    const end = records[records.length - 1]!.end;
    for (let at = 0; at < end; at += 1) {
      const record = records.find((each) => at >= each.at && at < each.end);
      for (let bit = 0; bit < 8; bit += 1) {
        content[at]! ^= 1 << bit;
        const damage = await damageOf(content);
        content[at]! ^= 1 << bit;
        expect({ at, bit, file: damage?.file, offset: damage?.offset }).toEqual({ at, bit, file: FILE, offset: record?.at ?? 0 });
      }
    }
  },
  30_000,
);

test('a synced sector that reads as zeros is damage: a later batch proves that it had been written', async () => {
  const content = await sampleLog(2);
  for (const record of recordsOf(content).slice(0, -2)) {
    const holed = Buffer.from(content);
    holed.fill(0, record.at, record.end);
    expect(await damageOf(holed)).toMatchObject({ file: FILE, offset: record.at });
  }
});

test('any subset of the sectors of the last batch may be missing', async () => {
  const content = await sampleLog(3, 'x'.repeat(700), 1 << 16);
  const records = recordsOf(content);
  const batch = records.slice(-3);
  expect(new Set(batch.map((record) => record.batch)).size).toBe(1);
  const from = batch[0]!.at;
  const to = batch[2]!.end;
  const firstSector = Math.floor(from / SECTOR_BYTES);
  const sectors = Math.ceil(to / SECTOR_BYTES) - firstSector;
  for (let missing = 1; missing < 2 ** sectors - 1; missing += 1) {
    const torn = Buffer.from(content);
    for (let i = 0; i < sectors; i += 1) {
      if ((missing & (1 << i)) === 0) continue;
      torn.fill(0, Math.max(from, (firstSector + i) * SECTOR_BYTES), Math.min(to, (firstSector + i + 1) * SECTOR_BYTES));
    }
    const { recovery, disk, shown } = await start(torn, 1 << 16);
    expect(recovery.torn?.offset).toBeGreaterThanOrEqual(from);
    expect(await restart(disk, 1 << 16)).toMatchObject({ shown, recovery: { torn: null } });
  }
});

test('a missing segment, and a last segment that is cut although a later one was written, are damage', async () => {
  const disk = new MemoryFileSystem();
  const store = open(disk);
  await store.recover();
  await store.reset(G1, { at: id(0, 0), confState: THREE_VOTERS });
  for (let i = 1; i <= 60; i += 1) await appended(store, G1, write([entry(i, 1, 'y'.repeat(200))]));
  await store.close();
  expect(store.stats().segments).toBeGreaterThan(3);
  const whole = disk.contentOf('/log/000000000002.wal');
  const records = recordsOf(whole);
  disk.overwrite('/log/000000000002.wal', whole.subarray(0, records[records.length - 1]!.at));
  await expect(restart(disk)).rejects.toMatchObject({ kind: 'log-damaged', file: '/log/000000000003.wal', offset: SEGMENT_HEADER_BYTES });
  await disk.remove('/log/000000000002.wal');
  await expect(restart(disk)).rejects.toMatchObject({ kind: 'log-damaged', file: '/log/000000000002.wal', offset: 0 });
  await disk.remove('/log/000000000001.wal');
  await expect(restart(disk)).rejects.toMatchObject({ kind: 'log-damaged', message: expect.stringContaining('entries 1 …') as string });
});
