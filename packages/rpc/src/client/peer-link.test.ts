/** How often a link dials: at once again after a loss, ever later where one end has refused the other. On the virtual clock; the network is a list of streams. */
import { EventEmitter } from 'node:events';
import { Metadata, status as Code, type Client, type ServiceError } from '@grpc/grpc-js';
import type { PeerRefusal } from '@mas/membership';
import { VirtualClock } from '@mas/testkit/clock';
import { madeUpCluster } from '@mas/testkit/membership';
import { rmId, silentLogger } from '@mas/values';
import { PeerBatchCodec } from '../codec/peer-batch-codec';
import { MemberDoor } from '../membership/member-door';
import { sayMember } from '../membership/node-names';
import { refusalStatus } from '../membership/refusal-status';
import { PeerLink } from './peer-link';
import { MAX_REFUSED_PAUSE_MS } from './redial-pause';

const [ONE, TWO, THREE] = [rmId(1), rmId(2), rmId(3)];
const cluster = madeUpCluster([ONE, TWO, THREE]);
const other = madeUpCluster([ONE, TWO, THREE], 2);
const MINUTE_MS = 60_000;

type Answer = (stream: EventEmitter, ended: (error: ServiceError | null) => void) => void;

/** Each dial is answered in the same turn; undefined: not at all. */
function linkTo(answer: () => Answer | undefined): {
  readonly clock: VirtualClock;
  readonly link: PeerLink;
  readonly dialledAtMs: number[];
  readonly connections: string[];
} {
  const clock = new VirtualClock();
  const dialledAtMs: number[] = [];
  const connections: string[] = [];
  const client = {
    makeClientStreamRequest: (...args: readonly unknown[]) => {
      dialledAtMs.push(clock.monotonicMs());
      const stream = Object.assign(new EventEmitter(), { cancel: () => undefined, write: () => true });
      const say = answer();
      if (say !== undefined) clock.defer(() => say(stream, args.at(-1) as (error: ServiceError | null) => void));
      return stream;
    },
    close: () => undefined,
  };
  const local = cluster.local(ONE, () => 10);
  const door = new MemberDoor({ member: () => local, clock, logger: silentLogger, onRefused: () => undefined });
  const link = new PeerLink({
    caller: door,
    peer: TWO,
    dial: () => client as unknown as Client,
    dialTimeoutMs: 4_000,
    codec: new PeerBatchCodec(),
    clock,
    onConnected: ({ rm }) => void connections.push(`+${rm}`),
    onDisconnected: ({ rm }) => void connections.push(`-${rm}`),
  });
  link.open();
  return { clock, link, dialledAtMs, connections };
}

const elsewhere: PeerRefusal = { name: 'ANOTHER_CLUSTER', message: 'another cluster', isFinal: true, mark: null };
const failsWith =
  (status: { readonly code: number; readonly details: string; readonly metadata?: Metadata }): Answer =>
  (_stream, ended) =>
    ended(Object.assign(new Error(status.details), { metadata: new Metadata(), ...status }));
const turnsAway = (refusal: PeerRefusal): Answer => failsWith(refusalStatus(refusal));
const saysItIs =
  (name = cluster.local(TWO, () => 0).name()): Answer =>
  (stream) =>
    void stream.emit('metadata', sayMember(name));
const gaps = (times: readonly number[]): readonly number[] => times.slice(1).map((at, index) => at - (times[index] ?? 0));

describe.each([
  ['the other end refuses, for good', () => turnsAway(elsewhere)],
  ['the other end refuses, for now', () => turnsAway({ ...elsewhere, name: 'NOT_KNOWN_YET', isFinal: false })],
  ['the certificate is refused', () => failsWith({ code: Code.PERMISSION_DENIED, details: 'not its certificate' })],
  ['this end refuses who answers', () => saysItIs(other.local(TWO, () => 0).name())],
  ['another Resource Manager answers', () => saysItIs(cluster.local(THREE, () => 0).name())],
  ['who answers does not say who it is', (): Answer => (stream) => void stream.emit('metadata', new Metadata())],
] as const)('%s', (_what, answer) => {
  test('it is dialled ever later, with a bound', async () => {
    const { clock, link, dialledAtMs } = linkTo(answer);
    await clock.advance(MINUTE_MS);
    const pauses = gaps(dialledAtMs);
    expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(pauses.at(-1)).toBe(MAX_REFUSED_PAUSE_MS);
    expect(dialledAtMs.length).toBeLessThanOrEqual(7 + MINUTE_MS / MAX_REFUSED_PAUSE_MS);
    link.close();
    await clock.advance(MINUTE_MS);
    expect(gaps(dialledAtMs)).toEqual(pauses);
  });
});

test('a connection that was lost is dialled again as soon as ever, however often', async () => {
  const { clock, dialledAtMs, link } = linkTo(() => failsWith({ code: Code.UNAVAILABLE, details: 'connection reset' }));
  await clock.advance(2_000);
  expect(new Set(gaps(dialledAtMs))).toEqual(new Set([100]));
  link.close();
});

test('who was refused and is welcome in the end begins anew with the least pause', async () => {
  let isMended = false;
  let breakIt: () => void = () => undefined;
  const welcome: Answer = (stream, ended) => {
    saysItIs()(stream, ended);
    breakIt = () => failsWith({ code: Code.UNAVAILABLE, details: 'connection reset' })(stream, ended);
  };
  const { clock, link, dialledAtMs, connections } = linkTo(() => (isMended ? welcome : turnsAway(elsewhere)));
  await clock.advance(MINUTE_MS);
  isMended = true;
  await clock.advance(MAX_REFUSED_PAUSE_MS);
  expect(connections).toEqual(['+2']);
  isMended = false;
  breakIt();
  await clock.advance(700);
  expect(gaps(dialledAtMs).slice(-2)).toEqual([100, 200]);
  link.close();
});

test('once the other one has been let in here it is dialled at once', async () => {
  let isMended = false;
  const { clock, link, connections, dialledAtMs } = linkTo(() => (isMended ? saysItIs() : turnsAway(elsewhere)));
  await clock.advance(MINUTE_MS);
  isMended = true;
  link.dialSoon();
  await clock.settle();
  expect(connections).toEqual(['+2']);
  const dialled = dialledAtMs.length;
  link.dialSoon();
  await clock.advance(MINUTE_MS);
  expect([connections, dialledAtMs.length]).toEqual([['+2'], dialled]);
  link.close();
});
