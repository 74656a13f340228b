/** Sessions over real TLS: many requests in flight, what a timeout and a lost connection mean, and who may call. */
import { Client, credentials, Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import type { ClusterId, LocalMember } from '@mas/membership';
import { systemClock } from '@mas/testkit/clock';
import { madeUpCluster } from '@mas/testkit/membership';
import type { ParticipantReply, ParticipantRequest, Passage } from '@mas/two-phase-commit';
import { bucketId, rmId, silentLogger } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { EncodedInstructions, ProtoLedgerCodec } from '../codec/ledger-codec';
import { SessionCodec } from '../codec/session-codec';
import { TransactionServiceService } from '../generated/mas/v1/transaction_service';
import type { RunningServer } from '../server/running-server';
import { startRmServer } from '../server/start-rm-server';
import { eventually } from '../testing/eventually';
import { TcpProxy } from '../testing/tcp-proxy';
import { makeTestCerts } from '../testing/test-certs';
import { MemberDoor } from '../membership/member-door';
import { CoordinatorCaller, type ClusterKnowledge, type NodeCaller } from '../membership/node-caller';
import { sayMember } from '../membership/node-names';
import { identity } from './node-channel';
import { GrpcParticipantClient } from './participant-client';

/** Enough for a handshake on a busy machine. */
const DIAL_TIMEOUT_MS = 2_000;

const RM = rmId(2);
const certs = makeTestCerts();
const encoded = new EncodedInstructions();
const locks = (bucket: number): ParticipantRequest => ({ kind: 'locks', bucket: bucketId(bucket), lockId: null });

let server: RunningServer;
let proxy: TcpProxy;
let client: GrpcParticipantClient;
let handled: { readonly request: ParticipantRequest; readonly caller: 'tm' | 'rm'; readonly passage: Passage | undefined }[];
let answer: (request: ParticipantRequest) => Promise<ParticipantReply>;

const cluster = madeUpCluster([rmId(1), RM, rmId(3)]);
const doorOf = (local: LocalMember): MemberDoor =>
  new MemberDoor({ member: () => local, clock: systemClock, logger: silentLogger, onRefused: ({ name }) => void refusals.push(name) });
const asCoordinator = (knowledge: ClusterKnowledge = { clusterId: () => null, learn: () => undefined }): NodeCaller =>
  new CoordinatorCaller({
    name: 'tm-1',
    dialled: () => 1,
    knowledge,
    clock: systemClock,
    logger: silentLogger,
    onRefused: ({ name }) => void refusals.push(name),
  });
let refusals: string[] = [];

const connect = (tls: TlsIdentity, caller: NodeCaller = asCoordinator()): GrpcParticipantClient =>
  new GrpcParticipantClient({ caller, addressOf: (rm) => (rm === RM ? `localhost:${proxy.port}` : undefined), tls, clock: systemClock, logger: silentLogger });

beforeAll(async () => {
  server = await startRmServer({
    address: '127.0.0.1:0',
    tls: certs.rm(2),
    membership: null,
    raft: null,
    door: doorOf(cluster.local(RM, () => 0)),
    encoded,
    clock: systemClock,
    logger: silentLogger,
    participant: {
      handle: (request, caller, passage) => {
        handled.push({ request, caller, passage });
        return answer(request);
      },
    },
  });
  proxy = await TcpProxy.open(() => server.port);
});
beforeEach(() => {
  handled = [];
  refusals = [];
  answer = () => Promise.resolve({ kind: 'no-replica' });
  client = connect(certs.tm);
});
afterEach(() => {
  client.close();
  proxy.refuse(false);
});
afterAll(async () => {
  await server.stop(0);
  await proxy.close();
  certs.remove();
});

test('replies find their requests, in whatever order they come', async () => {
  answer = async (request) => {
    if (request.kind !== 'locks') throw new Error('unexpected');
    if (request.bucket % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { kind: 'unavailable', reason: String(request.bucket) };
  };
  const replies = await Promise.all(Array.from({ length: 500 }, (_, bucket) => client.send(RM, locks(bucket), 60_000)));
  expect(replies).toEqual(Array.from({ length: 500 }, (_, bucket) => ({ kind: 'unavailable', reason: String(bucket) })));
});

test('the role comes from the certificate', async () => {
  const resourceManager = connect(certs.rm(1), doorOf(cluster.local(rmId(1), () => 0)));
  await client.send(RM, locks(1), 60_000);
  await resourceManager.send(RM, locks(2), 60_000);
  resourceManager.close();
  expect(handled.map(({ caller }) => caller)).toEqual(['tm', 'rm']);
});

test('how a request travels arrives beside the role of who sends it, which alone says what is believed', async () => {
  const resourceManager = connect(certs.rm(1), doorOf(cluster.local(rmId(1), () => 0)));
  await client.send(RM, locks(1), 60_000);
  await client.send(RM, locks(1), 60_000, { kind: 'relay', forMs: 900 });
  await client.send(RM, locks(1), 60_000, { kind: 'relayed', caller: 'rm' });
  await resourceManager.send(RM, locks(1), 60_000, { kind: 'relayed', caller: 'tm' });
  resourceManager.close();
  expect(handled.map(({ caller, passage }) => [caller, passage])).toEqual([
    ['tm', undefined],
    ['tm', { kind: 'relay', forMs: 900 }],
    ['tm', { kind: 'relayed', caller: 'rm' }],
    ['rm', { kind: 'relayed', caller: 'tm' }],
  ]);
});

test('who leads', async () => {
  answer = () => Promise.resolve({ kind: 'leadership', leader: RM, term: 7, heardAgoMs: null });
  expect(await client.send(RM, { kind: 'who-leads', bucket: bucketId(3) }, 60_000)).toEqual({ kind: 'leadership', leader: RM, term: 7, heardAgoMs: null });
  expect(handled.map(({ request }) => request)).toEqual([{ kind: 'who-leads', bucket: bucketId(3) }]);
});

describe('who belongs elsewhere', () => {
  test('a coordinator learns the cluster from the first answer, and talks to no other one from then on', async () => {
    let known: ClusterId | null = null;
    const knowledge = { clusterId: () => known, learn: (id: ClusterId) => void (known = id) };
    const coordinator = connect(certs.tm, asCoordinator(knowledge));
    expect(await coordinator.send(RM, locks(1), 60_000)).toEqual({ kind: 'no-replica' });
    expect(known).toBe(cluster.clusterId);
    coordinator.close();
    known = madeUpCluster([RM], 2).clusterId;
    const stranger = connect(certs.tm, asCoordinator(knowledge));
    expect((await stranger.send(RM, locks(2), 60_000)).kind).toBe('not-sent');
    expect(refusals).toEqual(['ANOTHER_CLUSTER']);
    stranger.close();
    expect(handled).toHaveLength(1);
  });

  test('a new coordinator believes one of three Resource Managers nothing, and asks nothing of it', async () => {
    let known: ClusterId | null = null;
    const knowledge = { clusterId: () => known, learn: (id: ClusterId) => void (known = id) };
    const caller = new CoordinatorCaller({
      name: 'tm-1',
      dialled: () => 3,
      knowledge,
      clock: systemClock,
      logger: silentLogger,
      onRefused: ({ name }) => void refusals.push(name),
    });
    const coordinator = connect(certs.tm, caller);
    for (let tries = 0; tries < 3; tries += 1) expect((await coordinator.send(RM, locks(1), 60_000)).kind).toBe('not-sent');
    expect([known, handled, refusals]).toEqual([null, [], []]);
    caller.judge(rmId(1), sayMember(cluster.local(rmId(1), () => 0).name()));
    expect(await coordinator.send(RM, locks(1), 60_000)).toEqual({ kind: 'no-replica' });
    expect(known).toBe(cluster.clusterId);
    coordinator.close();
  });

  test('a Resource Manager of another cluster, or that is no member, is refused before anything of it is handled', async () => {
    const stranger = connect(certs.rm(1), doorOf(madeUpCluster([rmId(1), RM], 2).local(rmId(1), () => 0)));
    expect((await stranger.send(RM, locks(1), 60_000)).kind).toBe('not-sent');
    stranger.close();
    const unknown = connect(certs.rm(1), doorOf(madeUpCluster([rmId(1)]).local(rmId(1), () => 0)));
    expect((await unknown.send(RM, locks(1), 60_000)).kind).toBe('not-sent');
    unknown.close();
    const nobody = connect(certs.rm(1), new MemberDoor({ member: () => null, clock: systemClock, logger: silentLogger, onRefused: () => undefined }));
    expect((await nobody.send(RM, locks(1), 60_000)).kind).toBe('not-sent');
    nobody.close();
    expect(refusals).toEqual(['ANOTHER_CLUSTER']);
    expect(handled).toEqual([]);
  });
});

test('instructions arrive with the bytes that will be proposed', async () => {
  const codec = new ProtoLedgerCodec(encoded);
  await client.send(
    RM,
    {
      kind: 'instructions',
      bucket: bucketId(1),
      phase: 'phase-2-commit',
      items: [{ instruction: { kind: 'commit', txn: 'ab'.repeat(32), account: 'abc', commitUs: null } as never, token: null }],
    },
    60_000,
  );
  const request = handled[0]!.request;
  if (request.kind !== 'instructions') throw new Error('unexpected');
  const { instruction } = request.items[0]!;
  expect(encoded.of(instruction)).toBe(codec.encodeInstruction(instruction));
  expect(codec.decodeInstruction(codec.encodeInstruction(instruction))).toEqual(instruction);
});

test('no reply in time: unknown, because it was sent', async () => {
  await client.send(RM, locks(0), 60_000);
  answer = () => new Promise(() => undefined);
  expect(await client.send(RM, locks(1), 50)).toEqual({ kind: 'unknown', reason: 'no reply in time' });
});

test('a lost connection: what was sent is unknown, and the next request goes through again', async () => {
  answer = () => new Promise(() => undefined);
  const sent = client.send(RM, locks(1), 60_000);
  await eventually('the request has arrived', () => handled.length === 1);
  proxy.cut();
  expect((await sent).kind).toBe('unknown');
  answer = () => Promise.resolve({ kind: 'no-replica' });
  expect(await client.send(RM, locks(2), 60_000)).toEqual({ kind: 'no-replica' });
});

test('nobody there: not sent', async () => {
  proxy.refuse(true);
  expect((await client.send(RM, locks(1), 60_000)).kind).toBe('not-sent');
  expect((await client.send(rmId(9), locks(1), 60_000)).kind).toBe('not-sent');
  client.close();
  expect((await client.send(RM, locks(1), 60_000)).kind).toBe('not-sent');
  expect(handled).toEqual([]);
});

test('a connection that does not come up is given up for a new one, not waited for', async () => {
  const slow = await TcpProxy.open(() => server.port);
  const impatient = new GrpcParticipantClient({
    caller: asCoordinator(),
    addressOf: () => `localhost:${slow.port}`,
    tls: certs.tm,
    clock: systemClock,
    logger: silentLogger,
    dialTimeoutMs: DIAL_TIMEOUT_MS,
  });
  slow.swallow(2);
  for (let tries = 0; tries < 2; tries += 1)
    expect(await impatient.send(RM, locks(1), 60_000)).toEqual({ kind: 'not-sent', reason: 'no connection in time; the request was not sent' });
  expect(await impatient.send(RM, locks(1), 60_000)).toEqual({ kind: 'no-replica' });
  // Once it is up it may be silent for as long as it likes.
  answer = () => new Promise((resolve) => setTimeout(() => resolve({ kind: 'no-replica' }), 1.5 * DIAL_TIMEOUT_MS));
  expect(await impatient.send(RM, locks(1), 60_000)).toEqual({ kind: 'no-replica' });
  impatient.close();
  await slow.close();
});

test('a connection from which nothing comes back is left for a new one, and what was on it is unknown', async () => {
  await client.send(RM, locks(1), 60_000);
  answer = () => new Promise(() => undefined);
  const slow = client.send(RM, locks(2), 600_000);
  await eventually('the request has arrived', () => handled.length === 2);
  answer = () => Promise.resolve({ kind: 'no-replica' });
  proxy.mute();
  const answers: string[] = [];
  while (answers.at(-1) !== 'no-replica') answers.push((await client.send(RM, { kind: 'who-leads', bucket: bucketId(1) }, 300)).kind);
  expect(answers[0]).toBe('unknown');
  expect(await slow).toEqual({ kind: 'unknown', reason: 'nothing has come back for a second' });
});

test('one request that takes long is waited for, however many end without an answer, as long as anything comes back', async () => {
  answer = (request) => (request.kind === 'locks' && request.bucket === 9 ? new Promise(() => undefined) : Promise.resolve({ kind: 'no-replica' }));
  let isSettled = false;
  const slow = client.send(RM, locks(9), 600_000).finally(() => (isSettled = true));
  const startedMs = systemClock.monotonicMs();
  while (systemClock.monotonicMs() - startedMs < 2_500) {
    await Promise.all([client.send(RM, locks(9), 100), client.send(RM, locks(1), 60_000)]);
  }
  expect(isSettled).toBe(false);
  client.close();
  expect((await slow).kind).toBe('unknown');
});

test('a participant that throws: unknown, and nothing of the error crosses the wire', async () => {
  answer = () => Promise.reject(new Error('SELECT * FROM secrets'));
  const reply = await client.send(RM, locks(1), 60_000);
  expect(reply.kind).toBe('unknown');
  expect(JSON.stringify(reply)).not.toContain('SELECT');
});

describe('single calls', () => {
  const codec = new SessionCodec(new EncodedInstructions());
  const single = (
    tls: TlsIdentity | null,
    path: string,
    bytes: Buffer,
  ): Promise<{ readonly error: ServiceError | null; readonly answer: Buffer | undefined }> =>
    new Promise((resolve) => {
      const caller = new Client(
        `localhost:${server.port}`,
        tls === null ? credentials.createSsl(certs.tm.ca) : credentials.createSsl(tls.ca, tls.key, tls.certificate),
      );
      caller.makeUnaryRequest(path, identity, identity, bytes, new Metadata(), { deadline: Date.now() + 60_000 }, (error, reply) => {
        caller.close();
        resolve({ error, answer: reply });
      });
    });

  test.each([
    TransactionServiceService.processPhase1,
    TransactionServiceService.processPhase2Commit,
    TransactionServiceService.processPhase2Rollback,
    TransactionServiceService.exchange,
  ])('$path', async ({ path }) => {
    const { answer: reply } = await single(certs.tm, path, codec.encodeRequest({ request: locks(3), passage: null }));
    expect(codec.decodeReply(reply!)).toEqual({ kind: 'no-replica' });
  });

  test('bytes that nobody wrote are refused', async () => {
    expect((await single(certs.tm, TransactionServiceService.exchange.path, Buffer.from('garbage'))).error?.code).toBe(Code.INVALID_ARGUMENT);
  });

  test('a caller without a certificate does not get through the handshake', async () => {
    expect((await single(null, TransactionServiceService.exchange.path, codec.encodeRequest({ request: locks(3), passage: null }))).error?.code).toBe(
      Code.UNAVAILABLE,
    );
    expect(handled).toEqual([]);
  });
});
