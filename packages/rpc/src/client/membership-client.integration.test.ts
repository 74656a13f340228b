/** What a process asks the others before it takes part, over real TLS: who it is judged to be, and whether somebody speaks for its data already. */
import { runOf, type FoundingStatement, type LocalMember } from '@mas/membership';
import { EMPTY_BATCH, type PeerReceiver } from '@mas/multi-raft';
import { systemClock } from '@mas/testkit/clock';
import { FIRST_RUN, madeUpCluster } from '@mas/testkit/membership';
import { rmId, silentLogger } from '@mas/values';
import { EncodedInstructions } from '../codec/ledger-codec';
import { MemberDoor } from '../membership/member-door';
import type { RunningServer } from '../server/running-server';
import { startRmServer } from '../server/start-rm-server';
import { eventually } from '../testing/eventually';
import { makeTestCerts } from '../testing/test-certs';
import { GrpcMembershipClient } from './membership-client';
import { GrpcPeerTransport } from './peer-transport';

const [ONE, TWO] = [rmId(1), rmId(2)];
const SIGN_OF_LIFE_MS = 20;
const certs = makeTestCerts();
const cluster = madeUpCluster([ONE, TWO]);
const founder = (rm = ONE): LocalMember => cluster.local(rm, () => 10);
const doorOf = (local: LocalMember): MemberDoor =>
  new MemberDoor({ member: () => local, clock: systemClock, logger: silentLogger, onRefused: () => undefined });
const transportOf = (rm: typeof ONE, peers: ReadonlyMap<typeof ONE, string>): GrpcPeerTransport =>
  new GrpcPeerTransport({ self: rm, door: doorOf(founder(rm)), peers, tls: certs.rm(rm), clock: systemClock, logger: silentLogger });
const receiver: PeerReceiver = {
  onBatch: () => undefined,
  onSnapshot: () => Promise.reject(new Error('not expected')),
  onConnected: () => undefined,
  onDisconnected: () => undefined,
};

let local: LocalMember;
let two: GrpcPeerTransport;
let server: RunningServer;
let client: GrpcMembershipClient;
let asked: (readonly [FoundingStatement, boolean])[];

beforeAll(async () => {
  local = founder(TWO);
  two = new GrpcPeerTransport({ self: TWO, door: doorOf(local), peers: new Map(), tls: certs.rm(TWO), clock: systemClock, logger: silentLogger });
  two.start(receiver);
  server = await startRmServer({
    address: '127.0.0.1:0',
    tls: certs.rm(TWO),
    raft: two,
    door: doorOf(local),
    encoded: new EncodedInstructions(),
    clock: systemClock,
    logger: silentLogger,
    participant: { handle: () => Promise.resolve({ kind: 'no-replica' }) },
    membership: {
      found: (statement, isQuestion) => {
        asked.push([statement, isQuestion]);
        return statement;
      },
      rejoin: () => Promise.resolve({ kind: 'pending', message: 'nobody has allowed it' }),
      join: () => Promise.resolve({ kind: 'pending', message: 'nobody has added it' }),
    },
  });
});
beforeEach(() => {
  asked = [];
  client = new GrpcMembershipClient({
    self: ONE,
    peers: new Map([
      [TWO, `localhost:${server.port}`],
      [rmId(3), 'localhost:1'],
    ]),
    tls: certs.rm(ONE),
    clock: systemClock,
    logger: silentLogger,
    timeoutMs: 60_000,
  });
});
afterEach(() => client.close());
afterAll(async () => {
  await two.close();
  await server.stop(0);
  certs.remove();
});

test('a member is welcome, one of another cluster is told why it is not, and who is not there says nothing', async () => {
  expect(await client.introduce(TWO, founder().name())).toEqual({ kind: 'welcome' });
  expect(
    await client.introduce(
      TWO,
      madeUpCluster([ONE, TWO], 2)
        .local(ONE, () => 10)
        .name(),
    ),
  ).toMatchObject({ kind: 'turned-away', refusal: { name: 'ANOTHER_CLUSTER', isFinal: true } });
  expect(await client.introduce(rmId(3), founder().name())).toBeNull();
});

test('a question about founding arrives as one', async () => {
  const statement: FoundingStatement = {
    self: { rm: ONE, incarnation: founder().self.incarnation, isExisting: false },
    first: [ONE, TWO],
    settings: { buckets: 3, replicas: 3, policy: 'p', semanticsVersion: 1 },
    state: { kind: 'alone' },
  };
  expect(await client.found(TWO, statement, true)).toEqual(statement);
  await client.found(TWO, statement, false);
  expect(asked).toEqual([
    [statement, true],
    [statement, false],
  ]);
  expect(await client.rejoin(TWO, founder().self.incarnation)).toEqual({ kind: 'pending', message: 'nobody has allowed it' });
});

test('the next process on the same data is turned away while the one before it is heard, and welcome once that has ended', async () => {
  const name = founder().name();
  const next = { ...name, runs: [FIRST_RUN, { run: runOf('2'.padStart(8, '0').padEnd(20, 'b')), from: 10 }] };
  const running = transportOf(ONE, new Map([[TWO, `localhost:${server.port}`]]));
  running.start(receiver);
  await eventually('the one that runs is connected', () => running.send(TWO, EMPTY_BATCH));
  const signs = setInterval(() => running.send(TWO, EMPTY_BATCH), SIGN_OF_LIFE_MS);
  expect(await client.introduce(TWO, next)).toMatchObject({ kind: 'turned-away', refusal: { name: 'STILL_HEARD', isFinal: false } });
  // Nothing of who only asks is remembered: the one that runs is no copy of it.
  expect(local.marks.of(ONE, name.ordinal)?.run).toBe(FIRST_RUN.run);
  // It may ask for itself.
  expect(await client.introduce(TWO, name)).toEqual({ kind: 'welcome' });
  clearInterval(signs);
  // Connected, and silent: killed a moment ago, or cut off.
  expect(await client.introduce(TWO, next)).toEqual({ kind: 'welcome' });
  await running.close();
  expect(await client.introduce(TWO, next)).toEqual({ kind: 'welcome' });
});
