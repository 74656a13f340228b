/** What became of reads: answered, answered wrongly, not answered; anything else is an error of the benchmark itself. */
import { expect, it } from '@jest/globals';
import { MasCallFailed } from '@mas/client';
import { Reads, type Read } from './read-flow';

const silent = new MasCallFailed(14, { kind: 'unavailable', reason: 'NO_QUORUM', field: null, message: 'bucket 1 has no quorum', facts: {} }, 1);

it('counts what was not answered, and keeps what was wrong', async () => {
  const unanswered: Read = () => Promise.reject(silent);
  const answers: readonly Read[] = [() => Promise.resolve(null), () => Promise.resolve('half a payment'), unanswered, unanswered];
  let at = 0;
  const reads = new Reads(() => answers[at++]?.() ?? Promise.resolve(null));
  for (let made = 0; made < 5; made += 1) await reads.once();
  expect(reads.figures()).toMatchObject({ reads: 5, unanswered: { 'unavailable NO_QUORUM': 2 }, wrong: ['half a payment'] });
});

it('hides no error of its own', async () => {
  await expect(new Reads(() => Promise.reject(new TypeError('undefined'))).once()).rejects.toThrow('undefined');
});
