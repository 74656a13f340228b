/** Files that change are taken once, what is wrong with them is said once, and what was in use stays so meanwhile. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@mas/values';
import { systemClock } from './system-clock';
import { WatchedFiles } from './watched-files';

const folder = mkdtempSync(join(tmpdir(), 'mas-watched-'));
afterAll(() => rmSync(folder, { recursive: true }));

function watched(content: string) {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, content);
  const lines: string[] = [];
  const note =
    (level: string) =>
    (_facts: object, text: string): void =>
      void lines.push(`${level} ${text.split(';')[0] ?? ''}`);
  const state = { isNew: true, problem: null as string | null, looks: 0 };
  const reloads = { done: 0, refused: 0 };
  const files = new WatchedFiles({
    what: 'things',
    paths: () => [path],
    take: () => {
      state.looks += 1;
      if (state.problem !== null) throw new Error(state.problem);
      return state.isNew;
    },
    reloads,
    clock: systemClock,
    logger: { ...silentLogger, info: note('info'), error: note('error') },
  });
  return { files, path, state, reloads, lines };
}

test('the first look takes what has changed since the start, later ones what changes', async () => {
  const { files, path, state, reloads, lines } = watched('one');
  state.isNew = false;
  await files.look();
  expect([state.looks, reloads.done]).toEqual([1, 0]);
  await files.look();
  expect(state.looks).toBe(1);
  state.isNew = true;
  writeFileSync(`${path}.new`, 'two');
  renameSync(`${path}.new`, path);
  await files.look();
  await files.look();
  expect([state.looks, reloads.done, reloads.refused]).toEqual([2, 1, 0]);
  expect(lines).toEqual(['info changed files are in use from now on']);
});

test('what does not fit is looked at again before it is refused, refused once, and taken when it fits', async () => {
  const { files, path, state, reloads, lines } = watched('one');
  state.problem = 'half written';
  await files.look();
  expect(reloads.refused).toBe(0);
  writeFileSync(path, 'the other half');
  await files.look();
  expect(reloads.refused).toBe(0);
  for (const _ of [1, 2, 3]) await files.look();
  expect([reloads.refused, lines]).toEqual([1, ['error changed files cannot be used']]);
  state.problem = null;
  await files.look();
  expect([reloads.done, reloads.refused]).toEqual([1, 1]);
});

test('a file that goes, and one that comes, are changes', async () => {
  const { files, path, reloads } = watched('one');
  await files.look();
  rmSync(path);
  await files.look();
  writeFileSync(path, 'one');
  await files.look();
  expect(reloads.done).toBe(3);
});

test('after its end nothing is taken', async () => {
  const { files, state } = watched('one');
  const looking = files.look();
  files.stop();
  await looking;
  expect(state.looks).toBe(0);
});
