import { rmId, type RmId } from '@mas/values';
import { Turns } from './turns';

const rms = (...ids: readonly number[]): readonly RmId[] => ids.map(rmId);

class Work {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, (failure?: Error) => void>();
  private readonly turns: Turns;

  constructor(atOnce: number) {
    this.turns = new Turns(atOnce);
  }

  add(name: string, ...ids: readonly number[]): Promise<string> {
    return this.turns.of(rms(...ids), () => {
      this.begun.push(name);
      return new Promise((resolve, reject) => void this.ends.set(name, (failure) => (failure === undefined ? resolve(name) : reject(failure))));
    });
  }

  async end(name: string, failure?: Error): Promise<void> {
    this.ends.get(name)?.(failure);
    await new Promise(setImmediate);
  }
}

test('what shares no Resource Manager is done at the same time, the rest in the order in which it came', async () => {
  const work = new Work(1);
  const all = [work.add('a', 1, 2), work.add('b', 2, 3), work.add('c', 3, 4), work.add('d', 5)];
  await new Promise(setImmediate);
  // c could begin before b, which came first and needs 3 as well.
  expect(work.begun).toEqual(['a', 'd']);
  await work.end('a');
  expect(work.begun).toEqual(['a', 'd', 'b']);
  await work.end('b');
  expect(work.begun).toEqual(['a', 'd', 'b', 'c']);
  await work.end('c');
  await work.end('d');
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('work that fails gives its turn back', async () => {
  const work = new Work(1);
  const failing = work.add('a', 1).catch((error: Error) => error.message);
  const later = work.add('b', 1);
  await new Promise(setImmediate);
  await work.end('a', new Error('no'));
  expect(await failing).toBe('no');
  await work.end('b');
  expect(await later).toBe('b');
});

test('one that is stuck leaves the others their turns', async () => {
  const work = new Work(2);
  for (const name of ['stuck', 'b', 'c', 'd']) void work.add(name, 1, 2, 3);
  await new Promise(setImmediate);
  expect(work.begun).toEqual(['stuck', 'b']);
  for (const name of ['b', 'c', 'd']) await work.end(name);
  expect(work.begun).toEqual(['stuck', 'b', 'c', 'd']);
  await work.end('stuck');
});
