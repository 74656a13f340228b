/**
 * The transport contract over real TLS on loopback, through relays that can be cut; a snapshot that survives its
 * connection; and what a peer may not be.
 */
import { Client, credentials, Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import { MemberTable, ordinal, runOf, type LocalMember, type PeerName, type PeerRefusal } from '@mas/membership';
import { EMPTY_BATCH, type PeerReceiver, type SnapshotHeader } from '@mas/multi-raft';
import { logIndex, nodeId, NO_DATA, term } from '@mas/raft';
import { systemClock } from '@mas/testkit/clock';
import { FIRST_RUN, madeUpCluster, madeUpIncarnation } from '@mas/testkit/membership';
import { peerTransportContract, type TransportPair } from '@mas/testkit/peer-transport';
import { bucketId, rmId, silentLogger, type LogFacts, type Logger, type RmId } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { EncodedInstructions } from '../codec/ledger-codec';
import { fromServiceError } from '../errors/status-details';
import { RaftServiceService } from '../generated/mas/v1/raft_service';
import type { RunningServer } from '../server/running-server';
import { startRmServer } from '../server/start-rm-server';
import { eventually } from '../testing/eventually';
import { TcpProxy } from '../testing/tcp-proxy';
import { makeTestCerts, type TestCerts } from '../testing/test-certs';
import { MemberDoor } from '../membership/member-door';
import { sayMember } from '../membership/node-names';
import { identity } from './node-channel';
import { GrpcPeerTransport, type PeerTransportOptions } from './peer-transport';

/** Enough for a handshake on a busy machine. */
const DIAL_TIMEOUT_MS = 2_000;

const [ONE, TWO] = [rmId(1), rmId(2)];
const cluster = madeUpCluster([ONE, TWO]);
const founder = (rm: RmId): LocalMember => cluster.local(rm, () => 100);
const refusals: string[] = [];
const doorOf = (local: LocalMember, logger = silentLogger): MemberDoor =>
  new MemberDoor({ member: () => local, clock: systemClock, logger, onRefused: ({ name }, by) => void refusals.push(`${name} by ${by}`) });
const certs: TestCerts = makeTestCerts();
afterAll(() => certs.remove());

interface Node {
  readonly local: LocalMember;
  readonly transport: GrpcPeerTransport;
  readonly server: RunningServer;
  readonly proxy: TcpProxy;
}

async function openNodes(
  options: Pick<PeerTransportOptions, 'snapshotBytesPerSecond' | 'dialTimeoutMs'> = {},
  members = [founder(ONE), founder(TWO)],
  logger: Logger = silentLogger,
): Promise<readonly [Node, Node]> {
  const ports = new Map<RmId, number>();
  const proxies = await Promise.all([ONE, TWO].map((rm) => TcpProxy.open(() => ports.get(rm) ?? 0)));
  const addresses = new Map([ONE, TWO].map((rm, at) => [rm, `localhost:${proxies[at]!.port}`]));
  const nodes = await Promise.all(
    [ONE, TWO].map(async (rm, at) => {
      const local = members[at] ?? founder(rm);
      const door = doorOf(local, logger);
      const transport = new GrpcPeerTransport({ self: rm, door, peers: addresses, tls: certs.rm(rm), clock: systemClock, logger: silentLogger, ...options });
      const server = await serve(certs.rm(rm), transport, local, logger);
      ports.set(rm, server.port);
      return { local, transport, server, proxy: proxies[at]! };
    }),
  );
  return nodes as unknown as readonly [Node, Node];
}

function serve(tls: TlsIdentity, transport: GrpcPeerTransport, local: LocalMember, logger = silentLogger): Promise<RunningServer> {
  return startRmServer({
    address: '127.0.0.1:0',
    tls,
    membership: null,
    raft: transport,
    door: doorOf(local, logger),
    encoded: new EncodedInstructions(),
    clock: systemClock,
    logger: silentLogger,
    participant: { handle: () => Promise.resolve({ kind: 'no-replica' }) },
  });
}

async function closeNodes(nodes: readonly Node[]): Promise<void> {
  for (const { transport } of nodes) await transport.close();
  for (const { server, proxy } of nodes) {
    await server.stop(0);
    await proxy.close();
  }
}

peerTransportContract('gRPC over TLS', async (members): Promise<TransportPair> => {
  // What either end writes names the reason.
  const reasons: PeerRefusal['name'][] = [];
  const keep = (facts: LogFacts): void => void (facts['refused'] !== undefined && reasons.push(facts['reason'] as PeerRefusal['name']));
  const logger = { ...silentLogger, info: keep, warn: keep, error: keep };
  refusals.length = 0;
  const nodes = await openNodes({}, [...members], logger);
  const guests: GrpcPeerTransport[] = [];
  return {
    ids: [ONE, TWO],
    transports: [nodes[0].transport, nodes[1].transport],
    eventually,
    breakConnections: () => {
      for (const { proxy } of nodes) proxy.cut();
      return Promise.resolve();
    },
    guest: (member) => {
      const peers = new Map([ONE, TWO].filter((rm) => rm !== member.self.rm).map((rm) => [rm, `localhost:${nodes[rm - 1]?.server.port ?? 0}`]));
      const guest = new GrpcPeerTransport({
        self: member.self.rm,
        door: doorOf(member, logger),
        peers,
        tls: certs.rm(member.self.rm),
        clock: systemClock,
        logger: silentLogger,
      });
      guests.push(guest);
      return guest;
    },
    refusals: () => reasons,
    dispose: async () => {
      await Promise.all(guests.map((guest) => guest.close()));
      await closeNodes(nodes);
    },
  };
});

const header: SnapshotHeader = {
  group: bucketId(7),
  message: {
    kind: 'snapshot',
    from: nodeId(1),
    to: nodeId(2),
    term: term(3),
    snapshot: {
      metadata: {
        index: logIndex(12),
        term: term(2),
        confState: { voters: [nodeId(1), nodeId(2)], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
      },
      data: NO_DATA,
    },
  },
};
const receiver = (overrides: Partial<PeerReceiver> = {}): PeerReceiver => ({
  onBatch: () => undefined,
  onSnapshot: () => Promise.reject(new Error('not expected')),
  onConnected: () => undefined,
  onDisconnected: () => undefined,
  ...overrides,
});

test('a connection that does not come up is given up for a new one: the network may be whole again long before TCP tries', async () => {
  const nodes = await openNodes({ dialTimeoutMs: DIAL_TIMEOUT_MS });
  const connected: RmId[] = [];
  nodes[1].proxy.swallow(3);
  nodes[1].transport.start(receiver());
  nodes[0].transport.start(receiver({ onConnected: ({ rm }) => connected.push(rm) }));
  await eventually('the fourth connection is up', () => connected.length === 1);
  // And stays so: the time for dialling is over for it.
  await new Promise((resolve) => setTimeout(resolve, 1.5 * DIAL_TIMEOUT_MS));
  expect([connected, nodes[0].transport.send(TWO, EMPTY_BATCH)]).toEqual([[TWO], true]);
  await closeNodes(nodes);
});

test('a log that grows while the connection is being made is no copy of an earlier time', async () => {
  let position = 100;
  const growing = cluster.local(ONE, () => position);
  const listening = cluster.local(TWO, () => 100);
  const connected: RmId[] = [];
  const lines: string[] = [];
  const ports = new Map<RmId, number>();
  const proxy = await TcpProxy.open(() => ports.get(TWO) ?? 0);
  const logger = { ...silentLogger, info: (_: object, text: string) => void lines.push(text) };
  const door = (local: LocalMember): MemberDoor =>
    new MemberDoor({ member: () => local, clock: systemClock, logger, onRefused: ({ name }) => void lines.push(name) });
  const dialling = new GrpcPeerTransport({
    self: ONE,
    door: door(growing),
    peers: new Map([[TWO, `localhost:${proxy.port}`]]),
    tls: certs.rm(ONE),
    clock: systemClock,
    logger: silentLogger,
    dialTimeoutMs: 60_000,
  });
  const other = new GrpcPeerTransport({ self: TWO, door: door(listening), peers: new Map(), tls: certs.rm(TWO), clock: systemClock, logger: silentLogger });
  other.start(receiver());
  // Nobody listens yet: the stream is begun, and waits for its connection.
  dialling.start(receiver({ onConnected: ({ rm }) => connected.push(rm) }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  position = 200;
  listening.heard([{ rm: ONE, ordinal: ordinal(0), run: FIRST_RUN.run, position }]);
  const server = await startRmServer({
    address: '127.0.0.1:0',
    tls: certs.rm(TWO),
    membership: null,
    raft: other,
    door: door(listening),
    encoded: new EncodedInstructions(),
    clock: systemClock,
    logger: silentLogger,
    participant: { handle: () => Promise.resolve({ kind: 'no-replica' }) },
  });
  ports.set(TWO, server.port);
  await eventually('connected', () => connected.length === 1);
  expect(lines).toEqual([]);
  await dialling.close();
  await other.close();
  await server.stop(0);
  await proxy.close();
});

describe('a snapshot', () => {
  test('goes on where it stopped, over as many connections as it takes', async () => {
    const nodes = await openNodes();
    const received: Uint8Array[] = [];
    let transfers = 0;
    nodes[0].transport.start(receiver());
    nodes[1].transport.start(
      receiver({
        onSnapshot: async (_from, _header, chunks) => {
          transfers += 1;
          for await (const chunk of chunks) received.push(Uint8Array.from(chunk));
        },
      }),
    );
    const sent = Array.from({ length: 30 }, (_, at) => new Uint8Array(100_000).fill(at));
    async function* source(): AsyncGenerator<Uint8Array> {
      for (const [at, chunk] of sent.entries()) {
        if (at === 5 || at === 17) {
          await eventually('what was sent has arrived', () => received.length >= at - 2);
          nodes[1].proxy.cut();
        }
        yield chunk;
      }
    }
    await nodes[0].transport.sendSnapshot(TWO, header, source());
    expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
    expect(transfers).toBe(1);
    await closeNodes(nodes);
  });

  test('keeps to its rate', async () => {
    const nodes = await openNodes({ snapshotBytesPerSecond: 2_000_000 });
    nodes[0].transport.start(receiver());
    nodes[1].transport.start(
      receiver({
        onSnapshot: async (_from, _header, chunks) => {
          for await (const chunk of chunks) void chunk;
        },
      }),
    );
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 10; at += 1) yield await Promise.resolve(new Uint8Array(100_000));
    }
    const startedMs = performance.now();
    await nodes[0].transport.sendSnapshot(TWO, header, source());
    expect(performance.now() - startedMs).toBeGreaterThan(400);
    await closeNodes(nodes);
  });
});

describe('refused', () => {
  let nodes: readonly [Node, Node];
  beforeAll(async () => {
    nodes = await openNodes();
    nodes[1].transport.start(receiver());
  });
  afterAll(() => closeNodes(nodes));

  const replicate = (tls: TlsIdentity | null, metadata: Metadata, port = nodes[1].server.port): Promise<ServiceError | null> =>
    new Promise((resolve) => {
      const channel = tls === null ? credentials.createSsl(certs.tm.ca) : credentials.createSsl(tls.ca, tls.key, tls.certificate);
      const client = new Client(`localhost:${port}`, channel);
      const stream = client.makeClientStreamRequest<Buffer, Buffer>(
        RaftServiceService.replicate.path,
        identity,
        identity,
        metadata,
        { deadline: Date.now() + 60_000 },
        (error) => {
          client.close();
          resolve(error);
        },
      );
      stream.on('error', () => undefined);
      stream.on('metadata', () => stream.end());
    });
  const saying = (of: Partial<PeerName> = {}): Metadata => sayMember({ ...founder(ONE).name(), ...of });

  test('a Resource Manager that says who it is passes', async () => {
    expect(await replicate(certs.rm(1), saying())).toBeNull();
  });

  test.each([
    ['a Transaction Manager', () => certs.tm, saying()],
    ['a Resource Manager that says it is another', () => certs.rm(3), saying()],
    ['one that does not say who it is', () => certs.rm(1), new Metadata()],
  ])('%s', async (_who, tls, said) => {
    const error = await replicate(tls(), said);
    expect(error?.code).toBe(Code.PERMISSION_DENIED);
    expect(fromServiceError(error!).error.reason).toBe('NODE_ROLE_REFUSED');
  });

  test.each([
    ['another cluster', saying({ clusterId: madeUpCluster([ONE], 2).clusterId }), Code.FAILED_PRECONDITION, 'ANOTHER_CLUSTER'],
    ['another incarnation', saying({ incarnation: madeUpIncarnation({ rm: ONE, ordinal: ordinal(7) }) }), Code.FAILED_PRECONDITION, 'OTHER_INCARNATION'],
    ['an incarnation that is not known yet', saying({ ordinal: ordinal(1) }), Code.UNAVAILABLE, 'NOT_KNOWN_YET'],
    [
      'a copy of an earlier time',
      saying({ runs: [FIRST_RUN, { run: runOf('2'.padStart(8, '0').padEnd(20, 'c')), from: 99 }] }),
      Code.FAILED_PRECONDITION,
      'OLD_COPY',
    ],
    [
      'the same data started a second time',
      saying({ runs: [{ run: runOf('2'.padStart(8, '0').padEnd(20, 'b')), from: 0 }] }),
      Code.FAILED_PRECONDITION,
      'OLD_COPY',
    ],
  ])('%s, and the stream of the right one lives on', async (_who, said, code, reason) => {
    const batches: number[] = [];
    const marked = await openNodes();
    marked[1].transport.start(receiver({ onBatch: (from) => void batches.push(from.rm) }));
    marked[0].transport.start(receiver());
    const send = (): boolean => marked[0].transport.send(TWO, EMPTY_BATCH);
    await eventually('the right one is connected', send);
    await eventually('and heard', () => batches.length > 0);
    marked[1].local.heard([{ rm: ONE, ordinal: ordinal(0), run: FIRST_RUN.run, position: 100 }]);
    const refused = await replicate(certs.rm(1), said, marked[1].server.port);
    expect([refused?.code, fromServiceError(refused!).error.reason]).toEqual([code, reason]);
    const heard = batches.length;
    expect(send()).toBe(true);
    await eventually('the right one is still heard', () => batches.length > heard);
    await closeNodes(marked);
  });

  test('an incarnation that was replaced: its streams end when the news arrives, and it is told when it dials again', async () => {
    refusals.length = 0;
    const both = await openNodes();
    const seen: string[] = [];
    both[1].transport.start(receiver({ onConnected: ({ rm }) => void seen.push(`+${rm}`), onDisconnected: ({ rm }) => void seen.push(`-${rm}`) }));
    both[0].transport.start(receiver());
    await eventually('connected', () => seen.length > 0);
    const next = { rm: ONE, ordinal: ordinal(1) };
    both[1].local.adopt(new MemberTable(1, [{ ...next, incarnation: madeUpIncarnation(next) }, both[1].local.self]));
    await eventually('the old one is gone for the other', () => seen.at(-1) === '-1');
    await eventually('and knows it', () => refusals.includes('REPLACED_INCARNATION by 2'));
    await closeNodes(both);
  });

  test('who dials one that its cluster does not have, in what it hears as in what it says', async () => {
    refusals.length = 0;
    const stranger = new GrpcPeerTransport({
      self: ONE,
      door: doorOf(madeUpCluster([ONE, TWO], 2).local(ONE, () => 0)),
      peers: new Map([[TWO, `localhost:${nodes[1].server.port}`]]),
      tls: certs.rm(1),
      clock: systemClock,
      logger: silentLogger,
    });
    stranger.start(receiver());
    await expect(
      stranger.sendSnapshot(
        TWO,
        header,
        (async function* () {
          yield await Promise.resolve(new Uint8Array(1));
        })(),
      ),
    ).rejects.toThrow('belongs to cluster');
    await eventually('it is told', () => refusals.includes('ANOTHER_CLUSTER by 2'));
    await stranger.close();
  });

  test('who shows no certificate, in the handshake', async () => {
    expect((await replicate(null, saying()))?.code).toBe(Code.UNAVAILABLE);
  });

  test('who shows a certificate of another authority, in the handshake', async () => {
    const foreign = makeTestCerts();
    expect((await replicate({ ...foreign.rm(1), ca: certs.tm.ca }, saying()))?.code).toBe(Code.UNAVAILABLE);
    foreign.remove();
  });
});

test('a server that holds the certificate of another Resource Manager is not talked to', async () => {
  const proxy = await TcpProxy.open(() => port);
  const impostor = new GrpcPeerTransport({
    self: ONE,
    door: doorOf(founder(ONE)),
    peers: new Map(),
    tls: certs.rm(3),
    clock: systemClock,
    logger: silentLogger,
  });
  const server = await serve(certs.rm(3), impostor, founder(ONE));
  const port: number = server.port;
  let connected = false;
  impostor.start(receiver());
  const transport = new GrpcPeerTransport({
    self: ONE,
    door: doorOf(founder(ONE)),
    peers: new Map([[TWO, `localhost:${proxy.port}`]]),
    tls: certs.rm(1),
    clock: systemClock,
    logger: silentLogger,
  });
  transport.start(
    receiver({
      onConnected: () => {
        connected = true;
      },
    }),
  );
  await expect(
    transport.sendSnapshot(
      TWO,
      header,
      (async function* () {
        yield await Promise.resolve(new Uint8Array(1));
      })(),
    ),
  ).rejects.toThrow('was not installed');
  expect(connected).toBe(false);
  await transport.close();
  await impostor.close();
  await server.stop(0);
  await proxy.close();
});
