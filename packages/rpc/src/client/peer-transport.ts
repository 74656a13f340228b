/**
 * PeerTransport over gRPC: to each known peer one outgoing Replicate stream, and a connection of its own for snapshots;
 * from each peer its streams, which startRmServer hands in. Both ends verify who the other is by its certificate.
 */
import { randomBytes } from 'node:crypto';
import { status as Code, type Client } from '@grpc/grpc-js';
import { raftIdOf, type MemberId, type PeerName } from '@mas/membership';
import type { PeerBatch, PeerReceiver, PeerTransport, SnapshotHeader } from '@mas/multi-raft';
import type { Clock, Logger, RmId } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { PeerBatchCodec } from '../codec/peer-batch-codec';
import { SnapshotFrameCodec } from '../codec/snapshot-frame-codec';
import type { Begun, CallHead, CallStatus, ServerStream, ServiceMethods } from '../door/methods';
import type { MemberDoor } from '../membership/member-door';
import { IncomingSnapshots } from '../server/incoming-snapshots';
import { INVALID_FRAME } from '../server/node-identity';
import { DIAL_TIMEOUT_MS, dialResourceManager } from './node-channel';
import { OutgoingSnapshot } from './outgoing-snapshot';
import { PeerLink } from './peer-link';

const DEFAULT_SNAPSHOT_BYTES_PER_SECOND = 64 * 1024 * 1024;

export interface PeerTransportOptions {
  readonly self: RmId;
  /** Introduces this process and judges the others. */
  readonly door: MemberDoor;
  /** All processes of the cluster (own entry is ignored), host:port. It may change: it is looked at again whenever another table of members counts. */
  readonly peers: ReadonlyMap<RmId, string>;
  readonly tls: TlsIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Per snapshot; default 64 MiB/s. */
  readonly snapshotBytesPerSecond?: number;
  /** Default DIAL_TIMEOUT_MS. */
  readonly dialTimeoutMs?: number;
}

interface Incoming {
  readonly stream: ServerStream;
  readonly peer: PeerName;
  /** Who waits for a sign of life. */
  readonly waiting: Set<() => void>;
}

/** A resource manager that has been let in, and who hears it. */
interface Visit {
  readonly peer: PeerName;
  readonly member: MemberId;
  readonly receiver: PeerReceiver;
}

export class GrpcPeerTransport implements PeerTransport {
  private readonly links = new Map<RmId, PeerLink>();
  /** At which address each is dialled. */
  private readonly dialled = new Map<RmId, string>();
  private readonly snapshotClients = new Map<RmId, Client>();
  private readonly incoming = new Map<RmId, Incoming>();
  private readonly snapshots: IncomingSnapshots;
  private readonly batches = new PeerBatchCodec();
  private readonly frames = new SnapshotFrameCodec();
  private receiver: PeerReceiver | null = null;
  private isWatching = false;
  private closed = false;

  constructor(private readonly options: PeerTransportOptions) {
    this.snapshots = new IncomingSnapshots(options.clock, options.logger);
  }

  start(receiver: PeerReceiver): void {
    this.receiver = receiver;
    this.becomeMember();
    this.dialPeers(receiver);
  }

  /** To be called once this process is a member, where it was none when this was started: from then on who counts is looked at whenever that changes. */
  becomeMember(): void {
    const member = this.options.door.member();
    if (member === null || this.isWatching) return;
    this.isWatching = true;
    member.onChange(() => this.recheck());
    this.recheck();
  }

  /** Who is new gets a link; who is no member any more, or is reached elsewhere, loses his. */
  private dialPeers(receiver: PeerReceiver): void {
    if (this.closed) return;
    const members = this.options.door.member()?.members;
    for (const [peer, link] of this.links) {
      if (this.dialled.get(peer) === this.options.peers.get(peer) && members?.removed.includes(peer) !== true) continue;
      link.close();
      this.snapshotClients.get(peer)?.close();
      this.snapshotClients.delete(peer);
      this.links.delete(peer);
    }
    for (const [peer, address] of this.options.peers) {
      if (peer === this.options.self || this.links.has(peer) || members?.removed.includes(peer) === true) continue;
      this.dialled.set(peer, address);
      const link = new PeerLink({
        caller: this.options.door,
        peer,
        dial: () => dialResourceManager(peer, address, this.options.tls),
        dialTimeoutMs: this.options.dialTimeoutMs ?? DIAL_TIMEOUT_MS,
        codec: this.batches,
        clock: this.options.clock,
        onConnected: (member) => receiver.onConnected(member),
        onDisconnected: (member, reason) => {
          this.options.logger.info({ peer, reason }, 'the connection to a peer is lost');
          receiver.onDisconnected(member);
        },
      });
      this.links.set(peer, link);
      link.open();
    }
  }

  send(to: RmId, batch: PeerBatch): boolean {
    return this.links.get(to)?.send(batch) ?? false;
  }

  redial(to: RmId): void {
    this.links.get(to)?.dialAnew();
  }

  async sendSnapshot(to: RmId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const client = this.snapshotClient(to);
    if (this.closed || client === undefined) throw new Error(`resource manager ${to} is not known, or the transport is closed`);
    const ports = {
      caller: this.options.door,
      to,
      client,
      codec: this.frames,
      clock: this.options.clock,
      bytesPerSecond: this.options.snapshotBytesPerSecond ?? DEFAULT_SNAPSHOT_BYTES_PER_SECOND,
      isClosed: () => this.closed,
    };
    await new OutgoingSnapshot(ports, randomBytes(16), header, chunks[Symbol.asyncIterator]()).send();
  }

  /** mas.v1.RaftService, for startRmServer. */
  service(): ServiceMethods {
    return {
      replicate: { kind: 'stream', begin: (head) => this.fromPeer(head, (stream, visit) => this.onReplicate(stream, visit)) },
      installSnapshot: {
        kind: 'stream',
        begin: (head) => this.fromPeer(head, (stream, { member, receiver }) => this.snapshots.accept(stream, member, receiver)),
      },
    };
  }

  /** Whether an earlier process on the data of `newcomer` says something within `forMs`: it runs, then. */
  isStillHeard({ rm, incarnation, runs }: PeerName, forMs: number): Promise<boolean> {
    const incoming = this.incoming.get(rm);
    if (incoming === undefined || incoming.peer.incarnation !== incarnation || incoming.peer.runs.at(-1)?.run === runs.at(-1)?.run)
      return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isHeard: boolean): void => {
        timer.cancel();
        incoming.waiting.delete(heard);
        resolve(isHeard);
      };
      const heard = (): void => end(true);
      const timer = this.options.clock.schedule(forMs, () => end(false));
      incoming.waiting.add(heard);
    });
  }

  close(): Promise<void> {
    this.closed = true;
    for (const link of this.links.values()) link.close();
    for (const client of this.snapshotClients.values()) client.close();
    for (const { stream } of [...this.incoming.values()]) stream.end(CLOSING);
    this.snapshots.close();
    return Promise.resolve();
  }

  /** What it is let in to begins with the answer's headers, in which this process says who it is. */
  private fromPeer(head: CallHead, serve: (stream: ServerStream, visit: Visit) => void): Begun<(stream: ServerStream) => void> {
    const entrance = this.options.door.admit(head, ['rm']);
    if (!entrance.ok) return entrance;
    const { receiver } = this;
    if (entrance.role !== 'rm' || this.closed || receiver === null) return { ok: false, status: CLOSING };
    const visit = { peer: entrance.peer, member: { rm: entrance.peer.rm, ordinal: entrance.peer.ordinal }, receiver };
    return {
      ok: true,
      answer: entrance.answer,
      value: (stream) => {
        stream.sendHeaders();
        serve(stream, visit);
      },
    };
  }

  private onReplicate(stream: ServerStream, { peer, member, receiver }: Visit): void {
    // A peer that dials again has lost the old stream, whether or not this side has noticed.
    this.incoming.get(peer.rm)?.stream.end({ code: Code.ABORTED, details: 'replaced by a newer stream' });
    const incoming: Incoming = { stream, peer, waiting: new Set() };
    this.incoming.set(peer.rm, incoming);
    this.links.get(peer.rm)?.dialSoon();
    stream.listen({
      message: (frame, release) => {
        // Decoded entries are bounded by what Raft lets be in flight.
        release();
        for (const heard of incoming.waiting) heard();
        this.receive(member, receiver, frame, stream);
      },
      end: () => {
        stream.write(Buffer.alloc(0));
        stream.end();
      },
      closed: () => {
        if (this.incoming.get(peer.rm)?.stream === stream) this.incoming.delete(peer.rm);
      },
    });
  }

  private receive(from: MemberId, receiver: PeerReceiver, frame: Buffer, stream: ServerStream): void {
    let batch: PeerBatch;
    try {
      batch = this.batches.decode(frame);
    } catch (error) {
      this.options.logger.error({ peer: from.rm, id: raftIdOf(from), err: error }, 'a peer sent a batch that cannot be read; its stream is closed');
      stream.end(INVALID_FRAME);
      return;
    }
    receiver.onBatch(from, batch);
  }

  /** Another table of members counts: streams of who is no member any more end. */
  private recheck(): void {
    const { door } = this.options;
    const current = door.member()?.members;
    for (const { stream, peer } of [...this.incoming.values()])
      if (!door.isWelcome(peer)) stream.end({ code: Code.ABORTED, details: 'this incarnation is no member any more' });
    for (const link of this.links.values()) link.recheck(({ rm, ordinal }) => current?.of(rm)?.ordinal === ordinal);
    if (this.receiver !== null) this.dialPeers(this.receiver);
  }

  private snapshotClient(to: RmId): Client | undefined {
    const address = this.options.peers.get(to);
    if (address === undefined || this.closed) return undefined;
    const client = this.snapshotClients.get(to) ?? dialResourceManager(to, address, this.options.tls);
    this.snapshotClients.set(to, client);
    return client;
  }
}

const CLOSING: CallStatus = { code: Code.UNAVAILABLE, details: 'this process is not taking part' };
