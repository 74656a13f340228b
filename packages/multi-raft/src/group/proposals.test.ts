/** Fates by (term, index): which proposal gets which answer, entry by entry. */
import type { ProposalResult } from '../host';
import { PendingProposals, ProposalQueue } from './proposals';

function recorder(): { readonly fates: string[]; readonly settle: (name: string) => (fate: ProposalResult<string>) => void } {
  const fates: string[] = [];
  return {
    fates,
    settle: (name) => (fate) => fates.push(`${name}:${fate.kind}${fate.kind === 'applied' ? `=${fate.result}@${fate.term}/${fate.index}` : ''}`),
  };
}

describe('pending proposals', () => {
  test('results go to their own entries, also when others were applied in between', () => {
    const { fates, settle } = recorder();
    const pending = new PendingProposals<string>();
    pending.appended(2, 10, [settle('a'), settle('b')]);
    pending.appended(2, 14, [settle('c')]);
    for (const index of [9, 10, 11, 12, 13, 14]) pending.applied(2, index, `r${index}`);
    expect(fates).toEqual(['a:applied=r10@2/10', 'b:applied=r11@2/11', 'c:applied=r14@2/14']);
    expect(pending.size).toBe(0);
  });

  test("an entry of another term at the same index is somebody else's", () => {
    const { fates, settle } = recorder();
    const pending = new PendingProposals<string>();
    pending.appended(2, 10, [settle('a'), settle('b')]);
    pending.applied(3, 10, 'not a');
    pending.applied(2, 11, 'b');
    expect(fates).toEqual(['a:unknown', 'b:applied=b@2/11']);
  });

  test('losing leadership: what is committed waits for its result, the rest is unknown', () => {
    const { fates, settle } = recorder();
    const pending = new PendingProposals<string>();
    pending.appended(2, 10, ['a', 'b', 'c'].map(settle));
    pending.appended(2, 13, ['d'].map(settle));
    pending.applied(2, 10, 'r');
    pending.abandonAbove(11);
    expect(fates).toEqual(['a:applied=r@2/10', 'c:unknown', 'd:unknown']);
    expect(pending.size).toBe(1);
    pending.applied(2, 11, 'r');
    expect(fates.at(-1)).toBe('b:applied=r@2/11');
  });

  test.each([
    [9, ['a:unknown', 'b:unknown']],
    [-1, ['a:unknown', 'b:unknown']],
    [11, []],
  ])('abandoning above %i', (commit, expected) => {
    const { fates, settle } = recorder();
    const pending = new PendingProposals<string>();
    pending.appended(2, 10, ['a', 'b'].map(settle));
    pending.abandonAbove(commit);
    expect(fates).toEqual(expected);
    expect(pending.size).toBe(2 - expected.length);
  });

  test('a snapshot in place of entries: their results are not known here', () => {
    const { fates, settle } = recorder();
    const pending = new PendingProposals<string>();
    pending.appended(2, 10, ['a', 'b', 'c'].map(settle));
    pending.skippedTo(11);
    expect(fates).toEqual(['a:unknown', 'b:unknown']);
    expect(pending.size).toBe(1);
  });
});

describe('proposal queue', () => {
  test('what is peeked stays until it is taken; bounds by count and bytes', () => {
    const { fates, settle } = recorder();
    const queue = new ProposalQueue<string>({ maxQueuedProposals: 3, maxQueuedProposalBytes: 10 });
    const offered = [4, 4, 4].map((bytes, at) => queue.offer(new Uint8Array(bytes), settle(`${at}`)));
    expect(offered).toEqual([true, true, false]);
    expect(queue.peek(10, 100)).toHaveLength(2);
    expect(queue.peek(10, 4)).toHaveLength(1);
    expect(queue.peek(10, 1)).toHaveLength(1);
    expect(queue.length).toBe(2);
    expect(queue.taken(1)).toHaveLength(1);
    expect(queue.offer(new Uint8Array(4), settle('3'))).toBe(true);
    queue.refuseAll({ kind: 'refused', reason: 'overloaded' });
    expect(fates).toEqual(['1:refused', '3:refused']);
    expect(queue.offer(new Uint8Array(99), settle('big'))).toBe(true);
  });
});
