/** When what replicas say is enough to know that their bucket has no leader and can have none. */
import { bucketId, rmId } from '@mas/values';
import type { NotSent, ParticipantReply } from './participant-protocol';
import { noQuorumText, noStoreText, Soundings } from './soundings';

const [A, B, C] = [rmId(1), rmId(2), rmId(3)];
const missing = (up: number): ParticipantReply & { readonly kind: 'no-quorum' } => ({ kind: 'no-quorum', missing: { up, of: 3, needed: 2, forMs: 1_000 } });
const refused: NotSent = { kind: 'not-sent', reason: 'connection refused' };
const silent = { kind: 'unknown', reason: 'no reply in time' } as const;
const electing = { kind: 'not-leader', leader: null } as const;

describe('what replicas say', () => {
  test.each<[string, readonly Parameters<Soundings['note']>[1][], number, number | null]>([
    ['one misses a quorum, the others refuse', [missing(1), refused, refused], 0, 1],
    ['one misses a quorum, the others are silent or refuse', [missing(1), silent, refused], 0, 1],
    ['all miss one, each sees something else', [missing(1), missing(0), missing(1)], 0, 1],
    ['one has not been asked', [missing(1), refused], 60_000, null],
    ['one is in an election: it sees a quorum', [missing(1), refused, electing], 60_000, null],
    ['one is busy', [missing(1), { kind: 'unavailable', reason: 'too many instructions wait' }, refused], 60_000, null],
    ['all refuse, just now', [refused, refused, refused], 1_499, null],
    ['all refuse, for longer than a restart takes', [refused, refused, refused], 1_500, 0],
    ['all are silent: they may be slow', [silent, silent, refused], 60_000, null],
  ])('%s', (_what, replies, nowMs, up) => {
    const soundings = new Soundings(bucketId(2), 0);
    for (const [i, reply] of replies.entries()) soundings.note([A, B, C][i] ?? A, reply, nowMs);
    expect(soundings.verdict([A, B, C], nowMs)?.up ?? null).toBe(up);
  });

  test('a leader whose database is away is believed after a moment, unless it says something else meanwhile', () => {
    const away = { kind: 'no-store', rm: B } as const;
    const soundings = new Soundings(bucketId(2), 0);
    soundings.note(B, away, 100);
    expect(soundings.withoutStore(B, 499)).toBeNull();
    expect(soundings.withoutStore(B, 500)).toEqual({ bucket: 2, rm: B, perhapsDone: false });
    soundings.note(B, { kind: 'unavailable', reason: 'transferring' }, 510);
    soundings.note(C, { kind: 'no-store', rm: C }, 600);
    expect(soundings.withoutStore(C, 900)).toBeNull();
    soundings.note(A, silent, 950);
    expect(soundings.withoutStore(C, 1_000)).toEqual({ bucket: 2, rm: C, perhapsDone: true });
    expect(noStoreText({ bucket: bucketId(2), rm: C })).toBe('the SQL server of rm-3, which leads bucket 2, does not answer');
  });

  test('in words', () => {
    expect(noQuorumText({ bucket: bucketId(2), up: 1, of: 3, needed: 2, perhapsDone: false })).toBe(
      'bucket 2 has no quorum: 1 of its 3 replicas is up, 2 are needed',
    );
  });
});
