/** A mutation that no longer fits its source would break nothing, and the long test would notice too late. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceOnce } from '@mas/testkit/mutation';
import { MOVE_MUTATIONS } from './testing/move-mutations';
import { MUTATIONS } from './testing/mutations';

test.each([...MUTATIONS, ...MOVE_MUTATIONS])('$rule: fits its source exactly once', ({ file, from, to }) => {
  const source = readFileSync(join(__dirname, file), 'utf8');
  expect(replaceOnce(source, from, to)).not.toBe(source);
});
