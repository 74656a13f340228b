/** A server that comes late is waited for, with one line; one that never comes, and one that says no, end the start. */
import { StoreUnavailable } from '@mas/resource-manager';
import type { Clock, Logger } from '@mas/values';
import { storeWhenThere } from './store-when-there';

/** Time passes where somebody waits for it. */
function instantClock(): Clock {
  let nowMs = 0;
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    schedule: (delayMs, run) => {
      nowMs += delayMs;
      queueMicrotask(run);
      return { cancel: () => undefined };
    },
    defer: (run) => queueMicrotask(run),
  };
}

function opening(failures: readonly unknown[]): { readonly open: () => Promise<string>; readonly lines: string[]; readonly logger: Logger; attempts: number } {
  const lines: string[] = [];
  const line = (level: string) => (facts: object, text: string) => void lines.push(`${level} ${text} ${'reason' in facts ? String(facts.reason) : ''}`.trim());
  const made = {
    lines,
    attempts: 0,
    logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') } as unknown as Logger,
    open: (): Promise<string> => {
      const failure = failures[made.attempts];
      made.attempts += 1;
      return failure === undefined ? Promise.resolve('store') : Promise.reject(failure as Error);
    },
  };
  return made;
}

const away = new StoreUnavailable('no SQL server answers at db:3306', false);
const wrong = Object.assign(new Error('the password is wrong'), { kind: 'store-misconfigured' });

test('one that comes late: one line before and one after', async () => {
  const made = opening([away, away, away]);
  expect(await storeWhenThere(made.open, 60_000, instantClock(), made.logger)).toBe('store');
  expect(made.lines).toEqual(['warn waiting for the SQL server no SQL server answers at db:3306', 'info the SQL server answers now']);
});

test('one that is there: nothing to say', async () => {
  const made = opening([]);
  await storeWhenThere(made.open, 60_000, instantClock(), made.logger);
  expect(made.lines).toEqual([]);
});

test('one that never comes: its own words, once the time is over', async () => {
  const made = opening(new Array<unknown>(1_000).fill(away));
  await expect(storeWhenThere(made.open, 10_000, instantClock(), made.logger)).rejects.toBe(away);
  expect([made.attempts, made.lines.length]).toEqual([41, 1]);
});

test.each([
  ['what is misconfigured', wrong],
  ['anything else', new TypeError('x')],
])('%s is not waited for, also after waiting', async (_, failure) => {
  const [at, later] = [opening([failure]), opening([away, failure])];
  await expect(storeWhenThere(at.open, 10_000, instantClock(), at.logger)).rejects.toBe(failure);
  await expect(storeWhenThere(later.open, 10_000, instantClock(), later.logger)).rejects.toBe(failure);
  expect([at.attempts, later.attempts]).toEqual([1, 2]);
});
