/** Rounds of reads: what an answer has to wait for, and what happens without one. */
import { logIndex } from '@mas/raft';
import type { ReadIndexResult } from '../host';
import { Reads } from './reads';

function setUp() {
  const reads = new Reads(100, 3);
  const answers: string[] = [];
  const offer = (name: string, deadlineMs = 1000): boolean =>
    reads.offer(deadlineMs, (result: ReadIndexResult) => answers.push(`${name}:${result.kind}${result.kind === 'ready' ? `@${result.index}` : ''}`));
  return { reads, answers, offer };
}

describe('rounds of reads', () => {
  test('a confirmed read waits until its index is applied here', () => {
    const { reads, answers, offer } = setUp();
    offer('a');
    const context = reads.nextRound();
    reads.confirm({ index: logIndex(7), context }, 5);
    expect(answers).toEqual([]);
    reads.applied(6);
    expect(answers).toEqual([]);
    reads.applied(7);
    expect(answers).toEqual(['a:ready@7']);
    expect(reads.size).toBe(0);
  });

  test('what arrives after a round began is not confirmed by it', () => {
    const { reads, answers, offer } = setUp();
    offer('a');
    const context = reads.nextRound();
    offer('b');
    reads.confirm({ index: logIndex(7), context }, 9);
    expect(answers).toEqual(['a:ready@7']);
    expect(reads.canAsk).toBe(true);
    reads.confirm({ index: logIndex(8), context }, 9);
    expect(answers).toHaveLength(1);
  });

  test('a round without an answer is asked again, and its late answer counts for nothing', () => {
    const { reads, answers, offer } = setUp();
    offer('a');
    const first = reads.nextRound();
    for (let tick = 1; tick < 3; tick += 1) reads.tick(tick);
    expect(reads.canAsk).toBe(false);
    reads.tick(3);
    expect(reads.canAsk).toBe(true);
    const second = reads.nextRound();
    reads.confirm({ index: logIndex(3), context: first }, 9);
    expect(answers).toEqual([]);
    reads.confirm({ index: logIndex(4), context: second }, 9);
    expect(answers).toEqual(['a:ready@4']);
  });

  test('few rounds are under way at once; the rest shares the next one', () => {
    const { reads, offer } = setUp();
    let rounds = 0;
    for (let at = 0; at < 50; at += 1) {
      offer(`${at}`);
      if (!reads.canAsk) continue;
      reads.nextRound();
      rounds += 1;
    }
    expect(rounds).toBe(4);
  });

  test('time is up wherever a read is: arriving, in a round, or confirmed and not applied', () => {
    const { reads, answers, offer } = setUp();
    offer('confirmed', 10);
    reads.confirm({ index: logIndex(9), context: reads.nextRound() }, 0);
    offer('asked', 10);
    offer('patient', 100);
    reads.nextRound();
    offer('arriving', 10);
    reads.tick(10);
    expect([...answers].sort()).toEqual(['arriving:unavailable', 'asked:unavailable', 'confirmed:unavailable']);
    expect(reads.size).toBe(1);
    reads.failAll({ kind: 'not-leader', leader: null });
    expect(answers.at(-1)).toBe('patient:not-leader');
    expect(reads.size).toBe(0);
  });
});
