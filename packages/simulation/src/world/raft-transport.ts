/**
 * PeerTransport between simulated Resource Managers: ordered streams that lose batches, break when the link is cut for
 * long or an end dies, and come back. Batches travel as the bytes of production's codec. Snapshots arrive whole or not at all.
 */
import type { LocalMember, MemberId, PeerName, PeerRefusal } from '@mas/membership';
import type { PeerBatch, PeerReceiver, PeerTransport, SnapshotHeader } from '@mas/multi-raft';
import { PeerBatchCodec } from '@mas/rpc';
import type { RmId } from '@mas/values';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

/** A link without an answer for so long is taken for broken, as keep-alive does. */
const SILENCE_MS = 2_000;
const RECONNECT_MS = 300;
/** Batches under way on one stream; more are refused. */
const MAX_IN_FLIGHT = 5_000;

/** What is seen of all streams from outside. */
export interface StreamObserver {
  onBatch(from: MemberId, to: RmId, batch: PeerBatch): void;
  onTaken(by: MemberId, from: MemberId, batch: PeerBatch): void;
  /** Somebody whom nobody should hear is heard. */
  onHeard(process: string, by: string, why: string): void;
}

/** The process that a transport belongs to, and what the simulator knows of it. */
export interface TransportOwner {
  readonly process: SimProcess;
  readonly member: LocalMember;
  /** Why nobody should hear it, as only the simulator knows; null: it is a member. */
  readonly standing: () => string | null;
  /** It was turned away for good. */
  readonly onRefused: (refusal: PeerRefusal) => void;
}

interface Connection {
  readonly low: SimTransport;
  readonly high: SimTransport;
  isOpen: boolean;
  /** Since when no direction or only one passes; null: both do. */
  silentSinceMs: number | null;
  /** What waits for the end of it. */
  readonly breakers: Set<() => void>;
  /** Who has yet to hear of its end. */
  readonly notices: Set<() => void>;
}

/** All streams of the world; looks after connections at a fixed interval. */
export class RaftFabric {
  /** Who listens at the address of each Resource Manager. */
  readonly ends = new Map<RmId, SimTransport>();
  /** Who dials these addresses and listens at none of them: processes of another cluster, or disks that were given up. */
  private readonly guests = new Set<SimTransport>();
  private readonly connections = new Map<string, Connection>();
  private readonly dialling = new Set<string>();

  constructor(
    readonly network: Network,
    readonly observer: StreamObserver,
  ) {
    this.keepLooking();
  }

  transport(owner: TransportOwner): SimTransport {
    const transport = new SimTransport(this, owner);
    this.ends.set(transport.rm, transport);
    return transport;
  }

  guest(owner: TransportOwner): SimTransport {
    const transport = new SimTransport(this, owner);
    this.guests.add(transport);
    return transport;
  }

  connection(a: SimTransport, b: SimTransport): Connection | undefined {
    const known = this.connections.get(key(a, b));
    return known !== undefined && known.isOpen && (known.low === a || known.high === a) && (known.low === b || known.high === b) ? known : undefined;
  }

  close(end: SimTransport): void {
    this.guests.delete(end);
    for (const connection of this.connections.values()) if (connection.isOpen && (connection.low === end || connection.high === end)) this.break(connection);
  }

  /** Another table of members counts at this end: streams of who is no member any more end. */
  recheck(end: SimTransport): void {
    for (const connection of this.connections.values()) {
      if (!connection.isOpen || (connection.low !== end && connection.high !== end)) continue;
      const peer = connection.low === end ? connection.high : connection.low;
      if (end.member.keeps(peer.member.name())) continue;
      this.network.world.counters.add('connections of replaced incarnations ended');
      this.break(connection);
    }
  }

  /** Whoever dials anew has given the old one up; the next comes when both directions pass. */
  dropConnection(end: SimTransport, peer: RmId): void {
    const other = this.ends.get(peer);
    const connection = other === undefined ? undefined : this.connection(end, other);
    if (connection !== undefined) this.break(connection);
  }

  private keepLooking(): void {
    this.network.world.time.at(RECONNECT_MS, () => {
      this.look();
      this.keepLooking();
    });
  }

  private look(): void {
    const ends = [...this.ends.values()].sort((a, b) => a.rm - b.rm);
    for (const a of ends) for (const b of ends) if (a.rm < b.rm) this.lookAt(a, b);
    for (const guest of this.guests) for (const end of ends) if (guest.rm !== end.rm) this.lookAt(end, guest);
  }

  private lookAt(low: SimTransport, high: SimTransport): void {
    if (!low.isOpen || !high.isOpen) return;
    const { world } = this.network;
    const passes = !this.network.isBlocked(low.process.name, high.process.name) && !this.network.isBlocked(high.process.name, low.process.name);
    const connection = this.connection(low, high);
    if (connection === undefined) {
      if (passes) this.dial(low, high);
    } else if (passes) {
      connection.silentSinceMs = null;
    } else {
      connection.silentSinceMs ??= world.time.nowMs();
      if (world.time.nowMs() - connection.silentSinceMs >= SILENCE_MS) this.break(connection);
    }
  }

  /** Each says who it is; what it has said is judged when it arrives, and others may know more by then. */
  private dial(low: SimTransport, high: SimTransport): void {
    const pair = key(low, high);
    if (this.dialling.has(pair)) return;
    this.dialling.add(pair);
    const [lowName, highName] = [low.member.name(), high.member.name()];
    this.network.world.time.at(this.network.delayMs(), () => {
      this.dialling.delete(pair);
      if (!low.isOpen || !high.isOpen || this.connection(low, high) !== undefined) return;
      // As production: both ends judge before either takes the other; who is turned away hears it, and dials again or ends.
      const away = [this.turnsAway(low, high, highName), this.turnsAway(high, low, lowName)];
      if (away.every((isAway) => !isAway)) this.connect(low, high);
    });
  }

  private turnsAway(judge: SimTransport, peer: SimTransport, said: PeerName): boolean {
    const refusal = judge.member.judge(said);
    if (refusal === null) return false;
    const { world } = this.network;
    world.counters.add('peers turned away');
    world.trace.note(`${judge.process.name} turns ${peer.process.name} away: ${refusal.name}`);
    // Nobody dials a guest.
    if (!this.guests.has(judge)) world.time.at(this.network.delayMs(), () => peer.process.enter(() => peer.turnedAway(judge.rm, refusal)));
    return true;
  }

  private connect(low: SimTransport, high: SimTransport): void {
    // An end hears that the last one is gone before it hears of the next.
    for (const tell of this.connections.get(key(low, high))?.notices ?? []) tell();
    this.connections.set(key(low, high), { low, high, isOpen: true, silentSinceMs: null, breakers: new Set(), notices: new Set() });
    low.member.letIn(high.rm);
    high.member.letIn(low.rm);
    low.process.enter(() => low.receiver?.onConnected(high.self));
    high.process.enter(() => high.receiver?.onConnected(low.self));
  }

  private break(connection: Connection): void {
    connection.isOpen = false;
    const { low, high, breakers, notices } = connection;
    for (const breaker of [...breakers]) breaker();
    this.network.world.counters.add('raft connections broken');
    for (const [end, peer] of [
      [low, high],
      [high, low],
    ] as const) {
      const tell = (): void => {
        if (!notices.delete(tell)) return;
        end.process.enter(() => {
          if (end.isOpen) end.receiver?.onDisconnected(peer.self);
        });
      };
      notices.add(tell);
      this.network.world.time.at(this.network.delayMs(), tell);
    }
  }
}

export class SimTransport implements PeerTransport {
  receiver: PeerReceiver | undefined;
  private readonly codec = new PeerBatchCodec();
  private readonly lastArrivalMs = new Map<RmId, number>();
  private readonly inFlight = new Map<RmId, number>();

  constructor(
    private readonly fabric: RaftFabric,
    private readonly owner: TransportOwner,
  ) {}

  get process(): SimProcess {
    return this.owner.process;
  }

  get member(): LocalMember {
    return this.owner.member;
  }

  get self(): MemberId {
    return this.member.self;
  }

  get rm(): RmId {
    return this.member.self.rm;
  }

  get isOpen(): boolean {
    return this.receiver !== undefined && this.process.isAlive && this.member.hasBegun;
  }

  start(receiver: PeerReceiver): void {
    this.receiver = receiver;
    this.member.onChange(() => this.fabric.recheck(this));
  }

  /** The other end does not take this one. */
  turnedAway(by: RmId, refusal: PeerRefusal): void {
    const final = this.member.turnedAway(by, refusal);
    if (final !== null) this.owner.onRefused(final);
  }

  send(to: RmId, batch: PeerBatch): boolean {
    const { fabric } = this;
    const peer = fabric.ends.get(to);
    const connection = peer === undefined ? undefined : fabric.connection(this, peer);
    if (peer === undefined || connection === undefined || !this.isOpen || (this.inFlight.get(to) ?? 0) >= MAX_IN_FLIGHT) return false;
    const bytes = this.codec.encode(batch);
    fabric.observer.onBatch(this.self, to, batch);
    this.isHeardBy(peer);
    const { world } = fabric.network;
    const copies = fabric.network.copies(this.process.name, peer.process.name);
    world.trace.record(`raft ${this.rm}>${to} x${copies}`, bytes);
    for (let copy = 0; copy < copies; copy += 1) this.travel(peer, connection, bytes);
    return true;
  }

  redial(to: RmId): void {
    this.fabric.dropConnection(this, to);
  }

  async sendSnapshot(to: RmId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { fabric, process } = this;
    const peer = fabric.ends.get(to);
    const connection = peer === undefined ? undefined : fabric.connection(this, peer);
    const source = chunks[Symbol.asyncIterator]();
    try {
      if (peer === undefined || connection === undefined) throw new Error(`no connection to resource manager ${to}`);
      await this.pass(peer, connection);
      const { receiver } = peer;
      if (receiver === undefined) throw new Error(`resource manager ${to} is not there`);
      fabric.network.world.counters.add('snapshots sent');
      const feed = new SnapshotFeed(() => unlessBroken(connection, this.nextChunk(source, peer, connection)));
      const installed = new Promise<void>((resolve, reject) => {
        peer.process.enter(() => void receiver.onSnapshot(this.self, header, feed.chunks(peer.process)).then(resolve, reject));
      });
      await process.hears(unlessBroken(connection, installed));
      await this.pass(peer, connection);
      fabric.network.world.counters.add('snapshots installed');
    } finally {
      await source.return?.();
    }
  }

  close(): Promise<void> {
    this.receiver = undefined;
    this.fabric.close(this);
    return Promise.resolve();
  }

  /** The simulator's own look at who may be heard: not by names that are said, but by what has become of disks. */
  private isHeardBy(peer: SimTransport): void {
    const known = peer.member.members.of(this.rm);
    const why = this.owner.standing() ?? (known !== undefined && known.ordinal > this.self.ordinal ? 'it was replaced, as the other end knows' : null);
    if (why !== null) this.fabric.observer.onHeard(this.process.name, peer.process.name, why);
  }

  private travel(peer: SimTransport, connection: Connection, bytes: Uint8Array): void {
    const { network } = this.fabric;
    const { time } = network.world;
    const delayMs = network.delayMs() + network.lagMs(this.process.name, peer.process.name);
    const arrivalMs = Math.max(time.nowMs() + delayMs, this.lastArrivalMs.get(peer.rm) ?? 0);
    this.lastArrivalMs.set(peer.rm, arrivalMs);
    this.inFlight.set(peer.rm, (this.inFlight.get(peer.rm) ?? 0) + 1);
    time.at(arrivalMs - time.nowMs(), () => {
      this.inFlight.set(peer.rm, (this.inFlight.get(peer.rm) ?? 1) - 1);
      peer.process.enter(() => {
        if (!connection.isOpen) return;
        this.isHeardBy(peer);
        const batch = this.codec.decode(bytes);
        this.fabric.observer.onTaken(peer.self, this.self, batch);
        peer.receiver?.onBatch(this.self, batch);
      });
    });
  }

  private async nextChunk(source: AsyncIterator<Uint8Array>, peer: SimTransport, connection: Connection): Promise<Uint8Array | null> {
    await this.pass(peer, connection);
    const next = await source.next();
    await this.pass(peer, connection);
    if (next.done === true) return null;
    this.fabric.network.world.trace.record(`snapshot ${this.rm}>${peer.rm}`, next.value);
    return Uint8Array.from(next.value);
  }

  /** One way on a stream that repeats what is lost while it lives; this process goes on where it lives. */
  private pass(peer: SimTransport, connection: Connection): Promise<void> {
    return this.process.hears(this.travelled(peer, connection));
  }

  private async travelled(peer: SimTransport, connection: Connection): Promise<void> {
    const { network } = this.fabric;
    await network.world.time.after(network.delayMs());
    while (connection.isOpen && network.isBlocked(this.process.name, peer.process.name)) await network.world.time.after(RECONNECT_MS);
    if (!connection.isOpen) throw new Error(`the connection to resource manager ${peer.rm} was lost`);
  }
}

function unlessBroken<Value>(connection: Connection, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const breaker = (): void => reject(new Error('the connection was lost'));
    if (connection.isOpen) connection.breakers.add(breaker);
    else breaker();
    work.then(resolve, reject).finally(() => connection.breakers.delete(breaker));
  });
}

/** Chunks as the receiver's process hears them. */
class SnapshotFeed {
  constructor(private readonly next: () => Promise<Uint8Array | null>) {}

  async *chunks(process: SimProcess): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = await process.hears(this.next());
      if (chunk === null) return;
      yield chunk;
    }
  }
}

function key(a: SimTransport, b: SimTransport): string {
  return [a.process.name, b.process.name].sort().join(' ');
}
