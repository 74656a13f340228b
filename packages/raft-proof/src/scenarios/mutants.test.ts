/** A mutant whose place has moved would be noticed by the long test only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceOnce } from '@mas/testkit/mutation';
import { mutants } from './mutants';

test.each(mutants)('$rule: its place is in the source exactly once', ({ file, find, replace }) => {
  const source = readFileSync(join(__dirname, '../../../raft/src', file), 'utf8');
  expect(replaceOnce(source, find, replace)).not.toBe(source);
});
