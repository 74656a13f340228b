// A replicated key-value store: node key-value-store.mjs 1 7001:8001,7002:8002,7003:8003 DATA, and the same with 2 and 3. PUT and GET over HTTP, at any of them.
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { deserialize, serialize } from 'node:v8';
import { FOUNDER, founderId, runOf } from '@mas/membership';
import { MultiRaftHost, multiRaftConfig } from '@mas/multi-raft';
import { EMPTY_CONF_STATE, nodeId, ZERO_INDEX, ZERO_TERM } from '@mas/raft';
import { NodeFileSystem, SegmentedLogStore } from '@mas/raft-log';
import { bucketId, rmId, SeededRandom, silentLogger } from '@mas/values';

const self = rmId(Number(process.argv[2]));
const processes = process.argv[3].split(',').map((pair) => pair.split(':').map(Number));
const [raftPort, httpPort] = processes[self - 1];
const RUN = runOf('0'.repeat(20));
const [GROUP, START, LOCAL] = [bucketId(1), { index: ZERO_INDEX, term: ZERO_TERM }, '127.0.0.1'];
const clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  defer: (callback) => void setImmediate(callback),
};
const fatal = (failure) => {
  console.error(failure);
  process.exit(70);
};
const log = new SegmentedLogStore({ directory: process.argv[4], fileSystem: new NodeFileSystem(), clock, onFatal: fatal });

// The applied state: in memory, made again from the log at every start, which is therefore never compacted and never sent as a snapshot.
const values = new Map();
const store = {
  start: async () => ({ applied: START, confState: null }),
  apply: async (entries) => entries.map(({ type, data }) => (type === 'normal' && data.length > 0 ? values.set(...JSON.parse(Buffer.from(data))) : null)),
  durable: () => START,
  requestCheckpoint: () => undefined,
  healthy: () => true,
  onRole: () => undefined,
  stop: async () => undefined,
};

// One connection to each peer, which the one with the higher number makes; what is under way when it breaks is lost, and Raft repeats it.
const sockets = new Map();
function frame(value) {
  const bytes = serialize(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
function use(socket, receiver, dialled) {
  let [unread, peer] = [Buffer.alloc(0), dialled];
  const join = () => {
    const before = sockets.get(peer);
    sockets.set(peer, socket);
    if (before !== undefined) receiver.onDisconnected(founderId(peer));
    before?.destroy();
    receiver.onConnected(founderId(peer));
  };
  if (peer !== undefined) join();
  socket.setNoDelay();
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (sockets.get(peer) === socket && sockets.delete(peer)) receiver.onDisconnected(founderId(peer));
  });
  socket.on('data', (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE()) {
      const end = 4 + unread.readUInt32BE();
      const value = deserialize(unread.subarray(4, end));
      unread = unread.subarray(end);
      if (peer !== undefined) receiver.onBatch(founderId(peer), value);
      else {
        peer = value;
        join();
      }
    }
  });
}
const transport = {
  start(receiver) {
    createServer((socket) => use(socket, receiver)).listen(raftPort, LOCAL);
    const dial = (peer) => {
      const socket = connect(processes[peer - 1][0], LOCAL, () => {
        socket.write(frame(self));
        use(socket, receiver, peer);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => setTimeout(dial, 100, peer));
    };
    for (let peer = 1; peer < self; peer += 1) dial(peer);
  },
  send(to, batch) {
    const socket = sockets.get(to);
    if (socket === undefined || socket.writableLength > 1e6) return false;
    socket.write(frame(batch));
    return true;
  },
  redial: (to) => void sockets.get(to)?.destroy(),
  close: async () => undefined,
};

const own = () => ({ rm: self, ordinal: FOUNDER, run: RUN, position: log.position() });
const positions = { own, tell: () => [own()], heard: () => undefined };
const random = new SeededRandom(process.pid);
const ports = { self: founderId(self), log, transport, positions, processes: () => processes.length, clock, random, logger: silentLogger, onFatal: fatal };
const host = new MultiRaftHost(ports, multiRaftConfig());
await host.start();
await host.addGroup(GROUP, store, { confState: { ...EMPTY_CONF_STATE, voters: processes.map((_, at) => nodeId(at + 1)) } });

createHttpServer(async (request, response) => {
  const isWrite = request.method === 'PUT';
  const fate = isWrite ? await host.propose(GROUP, Buffer.from(JSON.stringify([request.url, await text(request)]))) : await host.readIndex(GROUP, 1_000);
  if (fate.kind === 'applied' || fate.kind === 'ready') return response.end(values.get(request.url) ?? '');
  if (fate.kind !== 'not-leader' || fate.leader === null) return response.writeHead(503).end(fate.kind);
  response.writeHead(307, { location: `http://${LOCAL}:${processes[fate.leader - 1][1]}${request.url}` }).end();
}).listen(httpPort, LOCAL, () => console.log('ready'));
