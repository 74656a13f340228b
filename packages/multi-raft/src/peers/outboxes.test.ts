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
  let position = 7;
  const mark = (rm: RmId, at: number): PositionMark => ({ rm, ordinal: ordinal(0), run: runOf('0000000100000000000a'), position: at });
  const outboxes = new Outboxes({ maxBatchBytes: 1_000_000, maxBatchItems: 1_000 }, {
    send: (_to, batch) => {
      sent.push(batch);
      return true;
    },
    dropped: () => undefined,
    ownPosition: () => mark(rmId(1), position),
    positions: () => [mark(rmId(1), position), mark(rmId(3), 4)],
    condition: () => WELL,
    clock: () => ({ wallMs: 0, sentMs: 0, echo: null, agreedMs: null }),
  });
  const say = (message: PeerMessage): readonly (readonly [RmId, number])[] | undefined => {
    outboxes.message(GROUP, message);
    outboxes.flush();
    return sent.at(-1)?.positions.map(({ rm, position: at }) => [rm, at]);
  };
  return { outboxes, say, writesUpTo: (at: number) => (position = at) };
}

const common = { from: SELF, to: PEER, term: term(2) };
const accepted: PeerMessage = { ...common, kind: 'append-accepted', index: logIndex(9) };
const vote: PeerMessage = { ...common, kind: 'vote-response', granted: true };
const preVote: PeerMessage = { ...common, kind: 'pre-vote-response', granted: true };

test('an acknowledgement and a vote carry the own position, as it is when they leave, long before the next sign of life', () => {
  const { say, writesUpTo } = setUp();
  expect(say(accepted)).toEqual([[1, 7]]);
  writesUpTo(8);
  expect([say(accepted), say(vote)]).toEqual([[[1, 8]], [[1, 8]]]);
});

test('what promises nothing carries none', () => {
  const { say } = setUp();
  expect(say(preVote)).toEqual([]);
});

test('where a sign of life is owed, the marks of others go along, once', () => {
  const { outboxes, say } = setUp();
  say(preVote);
  outboxes.signOfLife([PEER], true);
  expect([say(accepted), say(accepted)]).toEqual([[[1, 7], [3, 4]], [[1, 7]]]);
});
