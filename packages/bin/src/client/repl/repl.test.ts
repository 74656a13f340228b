/** What the repl offers, and what it keeps. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '../program';
import { completions } from './completer';
import { historyFile, readHistory, writeHistory } from './history';

test.each([
  ['pay', ['payment '], 'pay'],
  ['payment cr', ['create '], 'cr'],
  ['payment create --f', ['--from ', '--file '], '--f'],
  ['payment create --js', ['--json '], '--js'],
  ['account list --al', ['--all '], '--al'],
  ['nonsense x', [], 'x'],
])('%p', (line, offered, typed) => {
  expect(completions(createProgram([]), line)).toEqual([offered, typed]);
});

test('the history is its owner\u2019s, newest first, and has no token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mas-history-'));
  try {
    const file = historyFile({ XDG_STATE_HOME: folder });
    expect(readHistory(file)).toEqual([]);
    writeHistory(file, ['account list', 'token show eyJhbGciOi.x.y', 'audit --token abc', 'audit']);
    expect(readHistory(file)).toEqual(['account list', 'audit']);
    expect(readFileSync(file, 'utf8')).toBe('audit\naccount list\n');
    expect(statSync(file).mode & 0o077).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(historyFile({}, '/home/a')).toBe('/home/a/.local/state/mas/history');
  writeHistory('/dev/null/history', ['audit']);
});
