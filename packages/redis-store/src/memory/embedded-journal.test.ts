/**
 * The stand-in's file has an end: whatever was done for however long, what lies on disk is what is live and a few segments
 * more, and whenever its process dies, or its disk fails, the next start finds what was written.
 */
import { MemoryLockStore } from '@mas/global-lock';
import { PaymentBody } from '@mas/ledger';
import { genesisPlacement } from '@mas/placement';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import { rmId } from '@mas/values';
import type { Retention } from '../retention';
import { ended, sampleEntry } from '../testing/entry-samples';
import { MemoryFiles } from '../testing/memory-files';
import { EmbeddedJournal, entryLine } from './embedded-journal';
import { MemoryTxnCoordinatorDao } from './memory-txn-coordinator-dao';
import { encodeEntry } from '../codec/entry-codec';

const SEGMENT_BYTES = 4_096;
const KEPT = 20;
const MAP = genesisPlacement(
  [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:${id}` })),
  3,
  3,
);

class Run {
  readonly troubles: unknown[] = [];
  monotonicMs = 0;
  readonly clock = {
    wallMs: () => Date.now(),
    monotonicMs: () => this.monotonicMs,
    schedule: () => ({ cancel: () => undefined }),
    defer: (callback: () => void) => void setImmediate(callback),
  };
  readonly journal: EmbeddedJournal;
  readonly dao: MemoryTxnCoordinatorDao;

  constructor(
    readonly files: MemoryFiles,
    retention: Retention = { ageMs: 3_600_000, entries: KEPT },
  ) {
    this.journal = new EmbeddedJournal({ files, clock: this.clock, onTrouble: (trouble) => this.troubles.push(trouble), segmentBytes: SEGMENT_BYTES });
    this.dao = new MemoryTxnCoordinatorDao({ clock: this.clock, locks: new MemoryLockStore(this.clock), retention, journal: this.journal });
  }

  async pay(number: number): Promise<TransactionEntry> {
    const end = ended(sampleEntry(number), 'COMMITTED');
    await this.dao.begin([sampleEntry(number)], []);
    await this.dao.record([end]);
    return end;
  }

  /** What its process leaves behind. */
  left(): MemoryFiles {
    return new MemoryFiles(this.files.contents);
  }

  async states(numbers: readonly number[]): Promise<readonly (string | undefined)[]> {
    return (await this.dao.transactions(numbers.map((number) => sampleEntry(number).key))).map((entry) => entry?.state);
  }
}

const numbers = (from: number, until: number): readonly number[] => Array.from({ length: until - from }, (_, i) => from + i);
/** Lets the journal write what it has. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Twice what is live and five segments, of which the newest may be over by one batch. */
const bound = (lines: readonly string[]): number => 2 * lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) + 6 * SEGMENT_BYTES;
const mostLive = bound(numbers(0, KEPT + 3).map((number) => entryLine(encodeEntry(ended(sampleEntry(1_000 + number), 'COMMITTED')))));

test.each<[string, (run: Run, number: number) => Promise<unknown>]>([
  ['payments', (run, number) => run.pay(number)],
  [
    'payments that are refused without a record',
    async (run, number) => {
      await run.dao.begin([sampleEntry(number)], []);
      await run.dao.forget([sampleEntry(number)]);
    },
  ],
  [
    'one payment, again and again',
    async (run, number) => {
      await run.dao.begin([sampleEntry(7, { createdAtMs: Date.now() })], []);
      await run.dao.recordRepeated([ended(sampleEntry(7, { coordinator: `tm-${number % 5}`, timeline: [] }), 'COMMITTED')]);
    },
  ],
])('after thousands of steps, %s, files hold little more than what is live; what is open and the map stay', async (_, step) => {
  const run = new Run(new MemoryFiles());
  await run.dao.begin([sampleEntry(1)], []);
  await run.dao.publishPlacement(MAP);
  const first = await run.pay(2);
  for (const number of numbers(1_000, 4_000)) {
    await step(run, number);
    if (number % 10 === 0) await settle();
  }
  await run.journal.close();
  expect(run.files.mostBytes).toBeLessThan(mostLive);
  const next = new Run(run.left());
  expect(await next.dao.pending(null, 10)).toEqual([sampleEntry(1)]);
  expect(await next.dao.placement()).toEqual(MAP);
  expect(await next.dao.transactions([first.key])).toEqual(await run.dao.transactions([first.key]));
  expect(run.troubles).toEqual([]);
});

test('the entries that ended last are kept, by number, in the file as in memory', async () => {
  const run = new Run(new MemoryFiles());
  const all = numbers(1, 200);
  for (const number of all) await run.pay(number);
  await run.journal.close();
  for (const one of [run, new Run(run.left())]) {
    expect(await one.states(all)).toEqual(all.map((number) => (number < 200 - KEPT ? undefined : 'COMMITTED')));
    expect(await one.dao.pending(null, 10)).toEqual([]);
  }
});

test('cut at every byte, the file gives back every line before the cut, and takes new ones', async () => {
  const run = new Run(new MemoryFiles());
  await run.dao.publishPlacement(MAP);
  await run.pay(1);
  await run.dao.begin([sampleEntry(2), sampleEntry(3)], []);
  await run.dao.forget([sampleEntry(3)]);
  await run.journal.close();
  expect([...run.files.contents.keys()]).toEqual([1]);
  const whole = run.files.contents.get(1) ?? Buffer.alloc(0);
  // By the end of each line, the line feed not included: what the file says up to there.
  let said = await stateAfter(Buffer.alloc(0));
  for (let cut = 0; cut <= whole.length; cut += 1) {
    if (cut === whole.length || whole[cut] === 0x0a) said = await stateAfter(whole.subarray(0, cut));
    const torn = new Run(new MemoryFiles(new Map([[1, whole.subarray(0, cut)]]), 64));
    expect(await stateOf(torn)).toEqual(said);
    await torn.dao.begin([sampleEntry(9)], []);
    await torn.journal.close();
    expect(await new Run(new MemoryFiles(torn.files.contents, 512)).states([9])).toEqual(['PENDING']);
  }
  expect(said).toEqual([['COMMITTED', 'PENDING', undefined], MAP.version]);
});

const stateOf = async (run: Run): Promise<unknown> => [await run.states([1, 2, 3]), (await run.dao.placement())?.version];
const stateAfter = (bytes: Buffer): Promise<unknown> => stateOf(new Run(new MemoryFiles(new Map([[1, bytes]]), 64)));

test('ended in the middle of any step, also of a compaction, the next start finds what is open, the map and what had been written', async () => {
  const history = async (run: Run, written: number[]): Promise<void> => {
    await run.dao.publishPlacement(MAP);
    await run.dao.begin([sampleEntry(1)], []);
    await settle();
    for (const number of numbers(10, 60)) {
      await run.pay(number);
      // Short of what is kept by number, so that much is live and has to be carried.
      if (number % 4 === 0)
        for (const again of numbers(0, 3))
          await run.dao.recordRepeated([ended(sampleEntry(number, { coordinator: `tm-${again}`, timeline: [] }), 'COMMITTED')]);
      await settle();
      if (run.files.stepsLeft >= 0) written.push(number);
    }
  };
  const retention = { ageMs: 3_600_000, entries: 24 };
  const undisturbed = new Run(new MemoryFiles(), retention);
  await history(undisturbed, []);
  expect(undisturbed.files.steps).toBeGreaterThan(60);
  for (let steps = 3; steps < undisturbed.files.steps; steps += 1) {
    const files = new MemoryFiles();
    files.stepsLeft = steps;
    const run = new Run(files, retention);
    const written: number[] = [];
    await history(run, written);
    const next = new Run(run.left(), retention);
    expect((await next.dao.pending(null, 10)).map((entry) => entry.key)).toContain(sampleEntry(1).key);
    expect(await next.dao.placement()).toEqual(MAP);
    expect(await next.states(written.slice(-23))).toEqual(written.slice(-23).map(() => 'COMMITTED'));
    await next.journal.close();
    expect(next.files.bytes).toBeLessThan(mostLive * 2);
  }
});

test('the single file of earlier versions is read, however long, and goes', async () => {
  const lines = numbers(1, 3_000).map((number) => entryLine(encodeEntry(sampleEntry(number))) + entryLine(encodeEntry(ended(sampleEntry(number), 'ABORTED'))));
  const run = new Run(new MemoryFiles(new Map([[0, Buffer.from(`${lines.join('')}E{"v":1,"key":"torn`)]]), 5_000));
  expect(await run.states([2_979, 2_980, 2_999])).toEqual([undefined, 'ABORTED', 'ABORTED']);
  await run.journal.close();
  expect(run.files.contents.has(0)).toBe(false);
  expect(run.files.bytes).toBeLessThan(mostLive);
  expect(await new Run(run.left()).states([2_980, 2_999])).toEqual(['ABORTED', 'ABORTED']);
});

test('a disk that fails is told of once; meanwhile nothing piles up, and when there is room again it is written again', async () => {
  const run = new Run(new MemoryFiles());
  await run.pay(1);
  await settle();
  run.files.failure = new Error('ENOSPC');
  for (const number of numbers(2, 200)) {
    await run.pay(number);
    await settle();
    run.monotonicMs += 100;
  }
  expect(run.troubles).toEqual([run.files.failure]);
  expect(await run.states([199])).toEqual(['COMMITTED']);
  run.files.failure = null;
  run.monotonicMs += 1_000;
  await run.pay(200);
  await settle();
  await run.pay(201);
  await run.journal.close();
  expect(run.troubles).toEqual([new Error('ENOSPC'), null]);
  expect(await new Run(run.left()).states([1, 200, 201])).toEqual(['COMMITTED', 'COMMITTED', 'COMMITTED']);
});

test('a disk that does not answer holds back a bounded amount', async () => {
  const run = new Run(new MemoryFiles());
  run.files.stepsLeft = 0;
  const big = sampleEntry(1, { body: PaymentBody.of({ ...sampleEntry(1).body, memo: 'x'.repeat(100_000) }) });
  for (let times = 0; times < 100; times += 1) await run.dao.record([big]);
  expect(run.troubles).toHaveLength(1);
  expect(String(run.troubles[0])).toMatch(/behind/);
});
