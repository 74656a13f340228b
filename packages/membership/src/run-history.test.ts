/** Runs of a data folder, as they are numbered, kept and told. */
import { SeededRandom } from '@mas/values';
import { areRuns, endOfRun, hasBeenAt, MAX_RUNS_TOLD, runOf, runsWithNext, type RunStart } from './run-history';

const random = new SeededRandom(7);

function started(times: number): readonly RunStart[] {
  let runs: readonly RunStart[] = [];
  for (let at = 0; at < times; at += 1) runs = runsWithNext(runs, 10 * at, random);
  return runs;
}

test('each start is numbered, and begins where the log ends', () => {
  const runs = started(3);
  expect(runs.map(({ run, from }) => [run.slice(0, 8), from])).toEqual([
    ['00000001', 0],
    ['00000002', 10],
    ['00000003', 20],
  ]);
  expect(areRuns(runs)).toBe(true);
});

test('only the last ones are kept, and their numbers go on', () => {
  const runs = started(MAX_RUNS_TOLD + 5);
  expect([runs.length, runs[0]?.run.slice(0, 8), runs.at(-1)?.from]).toEqual([MAX_RUNS_TOLD, '00000006', 10 * (MAX_RUNS_TOLD + 4)]);
  expect(areRuns(runs)).toBe(true);
});

test('two starts of copies of one folder have different runs of the same number', () => {
  const copied = started(2);
  const [one, other] = [runsWithNext(copied, 50, random), runsWithNext(copied, 50, random)].map((runs) => runs.at(-1)?.run ?? '');
  expect(one?.slice(0, 8)).toBe(other?.slice(0, 8));
  expect(one).not.toBe(other);
});

test('a run ends where the next one begins; the running one has no end', () => {
  const runs = started(2);
  expect(runs.map(({ run }) => endOfRun(runs, run))).toEqual([10, null]);
  expect(endOfRun(runs, runOf('f'.repeat(20)))).toBeNull();
});

test('a log has been where it is said to be if its run had come that far; of its running one that is certain', () => {
  const runs = started(2);
  const [first, running] = runs.map(({ run }) => run);
  const beenAt = (run: typeof first, position: number): boolean => hasBeenAt(runs, { run: run ?? runOf('f'.repeat(20)), position });
  expect([beenAt(first, 10), beenAt(first, 11), beenAt(running, 5_000), beenAt(undefined, 0), beenAt(undefined, 1)]).toEqual([true, false, true, true, false]);
});

test.each<[string, (runs: readonly RunStart[]) => readonly RunStart[]]>([
  ['none', () => []],
  ['out of order', (runs) => [...runs].reverse()],
  ['one twice', (runs) => [...runs, ...runs]],
  ['positions that fall', ([first, ...rest]) => [{ ...(first ?? { run: runOf('0'.repeat(20)) }), from: 5_000 }, ...rest]],
  ['more than are told', () => [...started(MAX_RUNS_TOLD), { run: runOf('f'.repeat(20)), from: 9_999 }]],
])('no history: %s', (_what, spoil) => {
  expect(areRuns(spoil(started(3)))).toBe(false);
});
