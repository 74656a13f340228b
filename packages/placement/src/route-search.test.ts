/**
 * Whom one exchange asks next, as scenarios of a bucket with the replicas 1, 2 and 3. Time is the scenario's; a step is shown as
 * `ask 2`, `ask 1 through 2`, `question`, `pause` or `nobody`.
 */
import { bucketId, rmId } from '@mas/values';
import { LeaderDirectory } from './leader-directory';
import { genesisPlacement, PlacementIndex } from './placement-map';
import { RouteSearch, type AttemptEnd, type RouteStep } from './route-search';

const BUCKET = bucketId(1);
const members = [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:${id}` }));
const silent: AttemptEnd = { kind: 'silent' };
const refuses = (leader: number | null = null): AttemptEnd => ({ kind: 'not-leading', leader: leader === null ? null : rmId(leader) });

function show(step: RouteStep): string {
  return step.kind === 'ask' ? `ask ${step.rm}${step.through === null ? '' : ` through ${step.through}`}` : step.kind;
}

class Story {
  readonly directory = new LeaderDirectory(new PlacementIndex(genesisPlacement(members, 1, 3)));
  nowMs = 1_000;
  private search = this.fresh();

  /** Another exchange of the same process. */
  again(): this {
    this.search = this.fresh();
    return this;
  }

  get next(): string {
    return show(this.search.next(this.nowMs));
  }

  ends(end: AttemptEnd): this {
    this.search.ended(end, this.nowMs);
    return this;
  }

  leaves(): this {
    expect(this.mayLeave).toBe(true);
    this.search.left(this.nowMs);
    return this;
  }

  pass(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }

  asks(...rms: readonly number[]): this {
    for (const rm of rms) this.directory.silences.asked(rmId(rm), this.nowMs);
    return this;
  }

  says(from: number, leader: number | null, term: number, heardAgoMs: number | null = 0, askedMs = this.nowMs): this {
    this.directory.said(BUCKET, rmId(from), { leader: leader === null ? null : rmId(leader), term, heardAgoMs }, askedMs, this.nowMs);
    return this;
  }

  /** What goes on after each step, for steps that need no answer of their own. */
  steps(...ends: readonly AttemptEnd[]): readonly string[] {
    return ends.map((end) => {
      const step = this.next;
      if (step.startsWith('ask')) this.ends(end);
      return step;
    });
  }

  get mayLeave(): boolean {
    return this.search.mayLeave(this.nowMs);
  }

  get canGoOn(): boolean {
    return this.search.canGoOn(this.nowMs);
  }

  private fresh(): RouteSearch {
    return new RouteSearch(this.directory, BUCKET, null);
  }
}

/** Replica 1 is known to lead in term 5. */
const led = (): Story => new Story().says(1, 1, 5);

describe('looking for the leader', () => {
  test('nobody is known: the replicas in turn, each once, then a pause; in the next round one after each', () => {
    const story = new Story();
    expect(story.steps(refuses(), refuses(), refuses(), silent)).toEqual(['ask 1', 'ask 2', 'ask 3', 'pause']);
    expect(story.steps(refuses(), refuses(), refuses(), refuses())).toEqual(['ask 1', 'pause', 'ask 2', 'pause']);
  });

  test('one that failed is not asked again while there is another, whatever the others hint', () => {
    expect(led().steps(refuses(), refuses(1), refuses(1), silent)).toEqual(['ask 1', 'ask 2', 'ask 3', 'pause']);
    expect(led().steps({ kind: 'unknown' }, refuses(1), refuses(1), silent)).toEqual(['ask 1', 'ask 2', 'ask 3', 'pause']);
  });

  test('a hint is followed at once, and two that name each other do not keep it busy', () => {
    expect(new Story().steps(refuses(3), refuses(1), refuses(), silent)).toEqual(['ask 1', 'ask 3', 'ask 2', 'pause']);
  });

  test('who answered leads, for the next exchange as well', () => {
    const story = new Story();
    expect(story.steps(refuses(), { kind: 'answered' })).toEqual(['ask 1', 'ask 2']);
    expect(story.again().next).toBe('ask 2');
  });

  test('who has refused the caller, as anybody would, is not taken for the leader', () => {
    const story = new Story();
    story.steps(refuses(), { kind: 'refused' });
    expect(story.again().next).toBe('ask 1');
  });

  test('a pause ends with a leader of a later term, though it has refused before', () => {
    const story = led();
    expect(story.steps(silent, silent, refuses(), refuses(), silent)).toEqual(['ask 1', 'question', 'ask 2', 'ask 3', 'pause']);
    expect(story.says(2, 1, 5, null).canGoOn).toBe(false);
    expect(story.says(2, 3, 6).canGoOn).toBe(true);
    expect(story.next).toBe('ask 3');
  });

  test('a stale name does not send it back to a leader of an older term', () => {
    const story = led();
    expect(story.says(2, 2, 6).says(3, 1, 5).next).toBe('ask 2');
  });

  test('a busy leader is asked again after a pause, if others still name it', () => {
    const story = led();
    expect(story.steps({ kind: 'busy' }, silent)).toEqual(['ask 1', 'pause']);
    story.pass(1).says(2, 1, 5);
    expect(story.canGoOn).toBe(false);
    expect(story.pass(9).next).toBe('ask 1');
  });

  test('a busy one that nobody names is no longer asked', () => {
    expect(led().steps({ kind: 'busy' }, silent, refuses())).toEqual(['ask 1', 'pause', 'ask 2']);
  });

  test('a bucket without replicas', () => {
    expect(show(new RouteSearch(new Story().directory, bucketId(9), null).next(0))).toBe('nobody');
  });

  test('of a bucket that was retired nobody is asked, though its last leader is known', () => {
    const { directory } = new Story();
    directory.said(bucketId(9), rmId(1), { leader: rmId(1), term: 7, heardAgoMs: 0 }, 0, 0);
    const search = new RouteSearch(directory, bucketId(9), null);
    expect(show(search.next(1))).toBe('nobody');
    expect(search.canGoOn(1)).toBe(false);
  });
});

describe('a leader that hangs', () => {
  test('another one with a later term ends the wait, and is asked at once', () => {
    const story = led();
    expect(story.next).toBe('ask 1');
    story.pass(150).asks(1, 2, 3).says(2, 1, 5, 190).says(3, 1, 5, 190);
    expect(story.mayLeave).toBe(false);
    expect(story.pass(200).says(2, 3, 6).leaves().next).toBe('ask 3');
  });

  test('a name of the same term or an older one does not', () => {
    const story = led().says(2, 2, 6);
    expect(story.next).toBe('ask 2');
    expect(story.pass(300).says(3, 1, 5).mayLeave).toBe(false);
    expect(story.says(3, 1, 6).mayLeave).toBe(false);
    expect(story.says(3, 1, 7).mayLeave).toBe(true);
  });

  test('who was only guessed is left for any leader that is named', () => {
    const story = new Story();
    expect(story.next).toBe('ask 1');
    expect(story.pass(150).says(2, 3, 1).leaves().next).toBe('ask 3');
  });

  test('the next exchange does not wait for it: it puts the question, then asks the others, and it last', () => {
    const story = led();
    story.steps(silent);
    expect(story.again().steps(silent, refuses(1), refuses(1), refuses())).toEqual(['question', 'ask 2', 'ask 3', 'ask 1']);
  });

  test('it heals: it is asked twice a second, and any answer makes it a leader like others', () => {
    const story = led();
    story.steps(silent);
    const { silences } = story.directory;
    expect([
      silences.isDue(rmId(1), story.pass(499).nowMs),
      silences.isDue(rmId(1), story.pass(1).nowMs),
      silences.isDue(rmId(1), story.nowMs),
      silences.isDue(rmId(2), story.nowMs),
    ]).toEqual([false, true, false, false]);
    expect(story.pass(1).says(1, 1, 5).again().next).toBe('ask 1');
  });

  test('one that is slow is not left: it answers questions, or nobody has heard it either', () => {
    const story = led();
    expect(story.next).toBe('ask 1');
    story.pass(150).asks(1, 2, 3).pass(1).says(1, 1, 5).says(2, 1, 5, 20).pass(10_000).says(2, 1, 5, 20);
    expect(story.mayLeave).toBe(false);
  });

  test('nor one that stalls: what was heard of it is older than the question', () => {
    const story = led();
    expect(story.next).toBe('ask 1');
    story.pass(150).asks(1, 2, 3).pass(50).says(2, 1, 5, 60).pass(200).says(2, 1, 5, 260);
    expect(story.mayLeave).toBe(false);
  });
});

describe('a leader that only this process does not reach', () => {
  const cut = (): Story => {
    const story = led();
    expect(story.next).toBe('ask 1');
    return story.pass(150).asks(1, 2, 3).pass(50).says(2, 1, 5, 10).says(3, 1, 5, 5);
  };

  test('it gets time to answer the question; then the request goes through one that hears it', () => {
    const story = cut();
    expect(story.mayLeave).toBe(false);
    expect(story.pass(150).leaves().next).toBe('ask 1 through 3');
  });

  test('the next exchange takes the same way at once', () => {
    const story = cut().pass(150).leaves();
    expect(story.steps({ kind: 'answered' })).toEqual(['ask 1 through 3']);
    expect(story.again().next).toBe('ask 1 through 3');
  });

  test('one that answers late, because it is busy, gets as much time again and a half', () => {
    const story = led();
    story
      .asks(1)
      .pass(400)
      .says(1, 1, 5, 0, story.nowMs - 400);
    expect(story.next).toBe('ask 1');
    story.pass(150).asks(1, 2, 3).pass(50).says(3, 1, 5, 5);
    expect([story.pass(600).mayLeave, story.pass(150).mayLeave]).toEqual([false, true]);
  });

  test('what a question took that was put to it while it was out of reach is nothing to learn from: the next time it is left as soon', () => {
    const story = cut().pass(150).leaves();
    story.steps({ kind: 'answered' });
    const probes = [story.pass(14_000).asks(1).nowMs, story.pass(500).asks(1).nowMs];
    story.pass(500);
    for (const askedMs of probes) story.says(1, 1, 5, 0, askedMs);
    expect(story.pass(10_000).again().next).toBe('ask 1');
    story.pass(150).asks(1, 2, 3).pass(50).says(3, 1, 5, 5);
    expect(story.pass(150).leaves().next).toBe('ask 1 through 3');
  });

  test('a stall that was taken for that is learned by the question that was put before', () => {
    const story = cut();
    const askedMs = story.nowMs - 50;
    story.pass(150).leaves();
    story.steps({ kind: 'answered' });
    story.pass(400).says(1, 1, 5, 0, askedMs);
    expect(story.again().next).toBe('ask 1');
    story.pass(150).asks(1, 2, 3).pass(50).says(3, 1, 5, 5);
    expect([story.pass(700).mayLeave, story.pass(300).mayLeave]).toEqual([false, true]);
  });

  test('an answer that waited while this process stood still proves nothing', () => {
    const story = led();
    expect(story.next).toBe('ask 1');
    story
      .pass(150)
      .asks(1, 2, 3)
      .pass(400)
      .says(3, 1, 5, 20, story.nowMs - 400);
    expect(story.pass(1_000).mayLeave).toBe(false);
  });

  test('a relay that cannot reach it either: the other one, then the replicas in turn', () => {
    const story = cut().pass(150).leaves();
    expect(story.steps(refuses(), refuses(), silent, refuses(), refuses())).toEqual(['ask 1 through 3', 'ask 1 through 2', 'question', 'ask 2', 'ask 3']);
  });

  test('a relay that hangs is left for a leader of a later term', () => {
    const story = cut().pass(150).leaves();
    expect(story.next).toBe('ask 1 through 3');
    expect(story.pass(200).says(2, 2, 6).leaves().next).toBe('ask 2');
  });

  test('once it answers a question the direct way is taken', () => {
    const story = cut().pass(150).leaves();
    story.steps({ kind: 'answered' });
    expect(story.pass(500).says(1, 1, 5).again().next).toBe('ask 1');
  });

  test('who asks is no relay for itself', () => {
    const story = cut().pass(150);
    story.directory.silences.silent(rmId(1), 0, story.nowMs);
    expect(show(new RouteSearch(story.directory, BUCKET, rmId(3)).next(story.nowMs))).toBe('ask 1 through 2');
  });
});
