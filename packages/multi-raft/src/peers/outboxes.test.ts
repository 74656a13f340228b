/** What a batch says of the log behind it (docs/adr/0011, rule 3): whoever counts on a promise hears how far the log was that made it. */
import { ordinal, runOf, type PositionMark } from '@mas/membership';
import { logIndex, nodeId, term, type PeerMessage } from '@mas/raft';
import { bucketId, rmId, type RmId } from '@mas/values';
import { WELL } from '@mas/health';
import type { PeerBatch } from '../peer-transport';
import { Outboxes } from './outboxes';

const [SELF, PEER] = [nodeId(1), nodeId(2)];
const GROUP = bucketId(1);

function setUp() {
  const sent: PeerBatch[] = [];
  const timers: (() => void)[] = [];
  let position = 7;
  const mark = (rm: RmId, at: number): PositionMark => ({ rm, ordinal: ordinal(0), run: runOf('0000000100000000000a'), position: at });
  const outboxes = new Outboxes(
    { maxBatchBytes: 1_000_000, maxBatchItems: 1_000 },
    {
      send: (_to, batch) => {
        sent.push(batch);
        return true;
      },
      dropped: () => undefined,
      ownPosition: () => mark(rmId(1), position),
      positions: () => [mark(rmId(1), position), mark(rmId(3), 4)],
      condition: () => WELL,
      clock: () => ({ wallMs: 0, sentMs: 0, echo: null, agreedMs: null }),
    },
    { schedule: (_delayMs, callback) => ({ cancel: () => undefined, at: timers.push(callback) }) },
  );
  const say = (message: PeerMessage): readonly (readonly [RmId, number])[] | undefined => {
    outboxes.message(GROUP, message);
    outboxes.flush();
    return sent.at(-1)?.positions.map(({ rm, position: at }) => [rm, at]);
  };
  const pass = (): void => {
    for (const fire of timers.splice(0)) fire();
  };
  const kinds = (): readonly (readonly string[])[] => sent.splice(0).map(({ messages }) => messages.map(({ group, message }) => `${message.kind}@${group}`));
  return { outboxes, say, pass, kinds, timers, writesUpTo: (at: number) => (position = at) };
}

const common = { from: SELF, to: PEER, term: term(2) };
const accepted: PeerMessage = { ...common, kind: 'append-accepted', index: logIndex(9) };
const vote: PeerMessage = { ...common, kind: 'vote-response', granted: true };
const preVote: PeerMessage = { ...common, kind: 'pre-vote-response', granted: true };

const acceptedNext: PeerMessage = { ...common, kind: 'append-accepted', index: logIndex(10) };
const append = (entries: number, commit = 3): PeerMessage => ({
  ...common,
  kind: 'append',
  prevIndex: logIndex(9),
  prevTerm: term(2),
  entries: Array.from({ length: entries }, (_, at) => ({ index: logIndex(10 + at), term: term(2), type: 'normal', data: new Uint8Array(1) })),
  commit: logIndex(commit),
});

test('an acknowledgement and a vote carry the own position, as it is when they leave, long before the next sign of life', () => {
  const { say, writesUpTo } = setUp();
  expect(say(accepted)).toEqual([[1, 7]]);
  writesUpTo(8);
  expect([say(acceptedNext), say(vote)]).toEqual([[[1, 8]], [[1, 8]]]);
});

test('an append without entries waits for the next message to the peer, of whatever group', () => {
  const { outboxes, pass, kinds } = setUp();
  outboxes.message(GROUP, append(0));
  outboxes.flush();
  expect(kinds()).toEqual([]);
  outboxes.message(bucketId(2), vote);
  outboxes.flush();
  expect(kinds()).toEqual([['vote-response@2', 'append@1']]);
  pass();
  expect(kinds()).toEqual([]);
});

test('where nothing else is said it leaves by itself, the latest of each group, and those of all groups in one batch', () => {
  const { outboxes, pass, kinds, timers } = setUp();
  for (const commit of [3, 4]) for (const group of [GROUP, bucketId(2)]) outboxes.message(group, append(0, commit));
  expect(timers).toHaveLength(1);
  pass();
  expect(kinds()).toEqual([['append@1', 'append@2']]);
});

test('an append with entries takes the place of one without; another kind of message does not', () => {
  const { outboxes, kinds, pass } = setUp();
  outboxes.message(GROUP, append(0));
  outboxes.message(GROUP, append(1));
  outboxes.flush();
  pass();
  expect(kinds()).toEqual([['append@1']]);
  outboxes.message(GROUP, append(0));
  outboxes.message(GROUP, vote);
  outboxes.flush();
  expect(kinds()).toEqual([['vote-response@1', 'append@1']]);
});

test('an acceptance that has been told before waits as well, and still carries the position; a new one leaves at once', () => {
  const { outboxes, say, pass, kinds, writesUpTo } = setUp();
  expect([say(accepted), say(acceptedNext)]).toEqual([[[1, 7]], [[1, 7]]]);
  kinds();
  writesUpTo(8);
  expect(say(acceptedNext)).toBeUndefined();
  outboxes.message(bucketId(2), preVote);
  outboxes.message(GROUP, { ...common, kind: 'append-accepted', index: logIndex(11) });
  outboxes.flush();
  expect(kinds()).toEqual([['pre-vote-response@2', 'append-accepted@1']]);
  expect(say({ ...common, kind: 'append-accepted', index: logIndex(11) })).toBeUndefined();
  pass();
  expect(kinds()).toEqual([['append-accepted@1']]);
});

test('what promises nothing carries none', () => {
  const { say } = setUp();
  expect(say(preVote)).toEqual([]);
});

test('where a sign of life is owed, the marks of others go along, once', () => {
  const { outboxes, say } = setUp();
  say(preVote);
  outboxes.signOfLife([PEER], true);
  expect([say(accepted), say(acceptedNext)]).toEqual([
    [
      [1, 7],
      [3, 4],
    ],
    [[1, 7]],
  ]);
});
