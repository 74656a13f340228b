import type { ClusterStatus } from '@mas/rpc';
import { VirtualClock } from '@mas/testkit/clock';
import type { LiveView } from '../api/views';
import type { BucketVerdict } from './judge';
import { PERIOD_MS, Sampler } from './sampler';

const STATUS = {
  placement: { version: 1, resourceManagers: [{ rm: 1, address: 'one:1' }], buckets: [{ bucket: 1, replicas: [1], slots: [{ from: 0, to: 4095 }] }] },
  replicas: [],
  unreachable: [],
  nodes: [],
  coordinator: null,
} as unknown as ClusterStatus;

let clock: VirtualClock;
let asked: number;
let answer: () => Promise<ClusterStatus>;
let leader: number;
let errors: number;
let sampler: Sampler;

beforeEach(() => {
  [clock, asked, leader, errors] = [new VirtualClock(), 0, 1, 0];
  answer = () => Promise.resolve(STATUS);
  const verdict = (): BucketVerdict => ({ bucket: 1, verdict: 'OK', up: 1, replicas: 1, needed: 1, leader, reasons: [] });
  sampler = new Sampler({
    managers: [
      {
        address: 'tm:1',
        client: {
          clusterStatus: () => {
            asked += 1;
            return answer();
          },
          undecided: () => Promise.resolve({ transactions: [], payments: [], silent: [] }),
          close: () => undefined,
        },
      },
    ],
    judge: { verdicts: () => [verdict()], symptoms: () => '', stops: () => [] },
    clock,
    logger: { error: () => (errors += 1) },
  });
});

function watched(): { readonly views: LiveView[]; readonly end: () => void; isEnded: boolean } {
  const seen = { views: [] as LiveView[], end: (): void => undefined, isEnded: false };
  seen.end = sampler.watch({ onSample: (view) => seen.views.push(view), onEnd: () => (seen.isEnded = true) });
  return seen;
}

test('it asks twice a second while somebody watches, once for all of them, and not at all else', async () => {
  await clock.advance(10 * PERIOD_MS);
  expect(asked).toBe(0);
  const [one, two] = [watched(), watched()];
  await clock.advance(4 * PERIOD_MS);
  expect(asked).toBe(5);
  expect([one.views.length, two.views.length]).toEqual([5, 5]);
  one.end();
  two.end();
  await clock.advance(10 * PERIOD_MS);
  expect(asked).toBe(5);
});

test('a manager that hangs is asked once at a time', async () => {
  answer = () => new Promise(() => undefined);
  watched();
  await clock.advance(20 * PERIOD_MS);
  sampler.soon();
  expect(asked).toBe(1);
});

test('nobody answers: said at once, with what was seen before', async () => {
  const seen = watched();
  await clock.advance(0);
  answer = () => Promise.reject(new Error('gone'));
  await clock.advance(PERIOD_MS);
  expect(seen.views.at(-1)).toMatchObject({ isCurrent: false, problems: [{ id: 'managers', severity: 'bad' }], buckets: [{ name: '1' }] });
});

test('leaders that change are told, newest first, and how they came to it is not a change', async () => {
  const seen = watched();
  await clock.advance(PERIOD_MS);
  leader = 2;
  await clock.advance(PERIOD_MS);
  expect(seen.views.at(-1)?.leaderChanges).toMatchObject([{ bucket: '1', from: 'rm-1', to: 'rm-2' }]);
});

test('a look that fails is said in the log, and the next one comes', async () => {
  const seen = watched();
  await clock.advance(0);
  answer = () => Promise.resolve({ ...STATUS, nodes: null } as unknown as ClusterStatus);
  await clock.advance(PERIOD_MS);
  expect(errors).toBe(1);
  answer = () => Promise.resolve(STATUS);
  await clock.advance(2 * PERIOD_MS);
  expect(seen.views.length).toBeGreaterThanOrEqual(3);
});

test('it ends for all who watch, whatever is under way', async () => {
  const seen = watched();
  sampler.close();
  await clock.advance(10 * PERIOD_MS);
  expect([seen.isEnded, seen.views.length, asked]).toEqual([true, 0, 1]);
});
