/**
 * Loaded into a process before its program (`node --require`): its wall clock is wrong by what a file says, in milliseconds, and looks
 * at the file again now and then. The monotonic clock is the machine's.
 */
import { readFileSync } from 'node:fs';

export const CLOCK_FILE_VARIABLE = 'MAS_TEST_CLOCK_FILE';
const LOOK_EVERY_MS = 50;

const file = process.env[CLOCK_FILE_VARIABLE];
if (file !== undefined) makeWrong(file);

function makeWrong(path: string): void {
  const right = Date.now.bind(Date);
  let [offsetMs, lookedMs] = [0, -Infinity];
  Date.now = () => {
    const nowMs = performance.now();
    if (nowMs - lookedMs >= LOOK_EVERY_MS) {
      lookedMs = nowMs;
      offsetMs = Number(readFileSync(path, 'utf8'));
    }
    return right() + offsetMs;
  };
}
