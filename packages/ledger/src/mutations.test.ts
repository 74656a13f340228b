/** A mutation that no longer fits its source would break nothing, and the long test would notice too late. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUTATIONS } from './testing/mutations';

test.each(MUTATIONS)('$rule: fits its source exactly once', ({ file, from }) => {
  expect(readFileSync(join(__dirname, file), 'utf8').split(from)).toHaveLength(2);
});
