/** What is watched goes on over what passes, and ends with what does not. */
import { CommandFailed, EXIT } from './exit-codes';
import type { Session } from './session';
import { watched } from './watch';

function rounds(shows: readonly (() => void)[], watch: string | true | undefined) {
  const [printed, pauses]: [unknown[], number[]] = [[], []];
  let at = 0;
  const output = { print: (value: unknown) => printed.push(value), again: () => Promise.resolve(at < shows.length) };
  const session = { output, described: (error: unknown) => error as CommandFailed } as unknown as Session;
  const show = (): Promise<void> => {
    const now = shows[at];
    at += 1;
    return Promise.resolve().then(() => now?.());
  };
  const ended = watched(session, watch === undefined ? {} : { watch }, show, (ms) => Promise.resolve(void pauses.push(ms)));
  return { ended, printed, pauses, shown: () => at };
}

const fine = (): void => undefined;
const fail = (code: number) => () => {
  throw new CommandFailed(code, `code ${code}`);
};

test('without it, once, and what fails fails', async () => {
  const once = rounds([fine, fine], undefined);
  await once.ended;
  expect(once.shown()).toBe(1);
  await expect(rounds([fail(EXIT.unavailable)], undefined).ended).rejects.toThrow('code 7');
});

test('again until nobody takes it any more, over a cluster that does not answer', async () => {
  const run = rounds([fine, fail(EXIT.unavailable), fail(EXIT.degraded), fine], '5');
  await run.ended;
  expect([run.shown(), run.pauses]).toEqual([4, [5_000, 5_000, 5_000, 5_000]]);
  expect(run.printed).toMatchObject([{ error: { message: 'code 7' } }, { error: { message: 'code 11' } }]);
});

test('what asking again does not mend ends it; so does a time that is none', async () => {
  const run = rounds([fine, fail(EXIT.denied), fine], true);
  await expect(run.ended).rejects.toThrow('code 3');
  expect([run.shown(), run.pauses]).toEqual([2, [2_000]]);
  for (const watch of ['0', 'x', '1.5']) await expect(rounds([fine], watch).ended).rejects.toThrow('--watch');
});
