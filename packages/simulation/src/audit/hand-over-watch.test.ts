/** A leader hands over by its own will only what it has had for a while, and only to those that have not long said that they ail. */
import { Findings } from '@mas/auditor';
import { founderId, raftIdOf } from '@mas/membership';
import { EMPTY_BATCH, type PeerBatch } from '@mas/multi-raft';
import { nodeId, term } from '@mas/raft';
import { bucketId, rmId } from '@mas/values';
import { World } from '../world/world';
import { HandOverWatch } from './hand-over-watch';

const [LEADER, OTHER] = [founderId(rmId(1)), founderId(rmId(2))];
const [BUCKET, TERM] = [bucketId(1), term(5)];
const AILING: PeerBatch = { ...EMPTY_BATCH, condition: { kind: 'ailing', of: ['disk'] } };
const WELL: PeerBatch = { ...EMPTY_BATCH, condition: { kind: 'well' } };
const HAND_OVER: PeerBatch = {
  ...EMPTY_BATCH,
  messages: [{ group: BUCKET, message: { kind: 'timeout-now', from: nodeId(raftIdOf(LEADER)), to: nodeId(raftIdOf(OTHER)), term: TERM } }],
};

function start() {
  const world = new World({ seed: 1, keepsDetails: false });
  const findings = new Findings();
  const watch = new HandOverWatch(world, findings);
  watch.leads(BUCKET, TERM, LEADER);
  return {
    world,
    watch,
    rules: (): readonly string[] => findings.list().map(({ rule }) => rule),
    goOn: (forMs: number) => world.time.runUntil(world.time.nowMs() + forMs),
  };
}

test('a group that its leader has had for three seconds may go to somebody who is well', async () => {
  const { watch, rules, goOn, world } = start();
  await goOn(3_000);
  watch.sent(LEADER, HAND_OVER);
  expect(rules()).toEqual([]);
  expect(world.counters.get('hand-overs')).toBe(1);
});

test('not before, unless somebody has asked for it', async () => {
  const { watch, rules, goOn } = start();
  await goOn(1_000);
  watch.isAskedFor = () => true;
  watch.sent(LEADER, HAND_OVER);
  expect(rules()).toEqual([]);
  watch.isAskedFor = () => false;
  watch.sent(LEADER, HAND_OVER);
  expect(rules()).toEqual(['who is given a group keeps it for a while']);
});

test('not to somebody whom the leader has heard say, for longer than a hand-over takes, that it ails', async () => {
  const { watch, rules, goOn } = start();
  await goOn(3_000);
  watch.taken(LEADER, OTHER, AILING);
  await goOn(2_000);
  watch.taken(LEADER, OTHER, AILING);
  watch.sent(LEADER, HAND_OVER);
  expect(rules()).toEqual([]);
  await goOn(1_000);
  watch.sent(LEADER, HAND_OVER);
  expect(rules()).toEqual(['nothing is handed to who ails']);
});

test('what was said and did not arrive, or was taken back, does not count', async () => {
  const { watch, rules, goOn } = start();
  watch.sent(OTHER, AILING);
  watch.taken(LEADER, OTHER, AILING);
  await goOn(4_000);
  watch.taken(LEADER, OTHER, WELL);
  watch.sent(LEADER, HAND_OVER);
  expect(rules()).toEqual([]);
});

test('each ailment that a process says it has is counted once, until it is well', () => {
  const { watch, world } = start();
  for (const batch of [AILING, AILING, WELL, AILING]) watch.sent(OTHER, batch);
  expect(world.counters.get('ails: disk')).toBe(2);
});
