/**
 * A network of processes in memory, for tests and simulators: ordered links with delay, loss and limits, that can be cut
 * (both ends hear it) or go silent (nobody does). All chance comes from one Random, all time from one Clock.
 */
import type { LocalMember, MemberId, PeerRefusal } from '@mas/membership';
import type { PeerBatch, PeerReceiver, PeerTransport, SnapshotHeader } from '@mas/multi-raft';
import type { Clock, Random, RmId } from '@mas/values';

export interface NetworkConditions {
  /** Chance that a batch is lost, 0 … 1. */
  readonly lossRate: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Batches under way on one link; more are refused. */
  readonly maxInFlight: number;
}

export type LinkState = 'up' | 'cut' | 'silent';

const REDIAL_MS = 100;

const CALM: NetworkConditions = { lossRate: 0, minDelayMs: 1, maxDelayMs: 1, maxInFlight: 10_000 };

export class MemoryNetwork {
  conditions: NetworkConditions;
  private readonly ends = new Map<RmId, MemoryTransport>();
  /** Who only dials; once somebody takes it, it is the process of its number. */
  private readonly guests = new Set<MemoryTransport>();
  private readonly links = new Map<string, LinkState>();
  private readonly hushed = new Set<string>();
  /** Who turned whom away, and why. */
  readonly refusals: { readonly by: MemberId; readonly peer: MemberId; readonly refusal: PeerRefusal }[] = [];

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    conditions: Partial<NetworkConditions> = {},
  ) {
    this.conditions = { ...CALM, ...conditions };
  }

  /** The process `self` joins (again, after a crash or with another disk) with a new transport. */
  transport(member: LocalMember): MemoryTransport {
    const transport = new MemoryTransport(this, member);
    this.ends.set(member.self.rm, transport);
    return transport;
  }

  /** A process that dials the others under its name, whoever else has it; nobody dials it. */
  guest(member: LocalMember): MemoryTransport {
    const transport = new MemoryTransport(this, member);
    this.guests.add(transport);
    return transport;
  }

  end(rm: RmId): MemoryTransport | undefined {
    return this.ends.get(rm);
  }

  state(a: RmId, b: RmId): LinkState {
    return this.links.get(key(a, b)) ?? 'up';
  }

  setLink(a: RmId, b: RmId, state: LinkState): void {
    this.links.set(key(a, b), state);
    if (state === 'cut') this.disconnect(a, b);
    if (state === 'up') this.connect(this.ends.get(a), this.ends.get(b));
  }

  /** What `from` sends is lost on the way to `to`; nobody is told, and the other direction is as before. */
  hush(from: RmId, to: RmId, isHushed = true): void {
    if (isHushed) this.hushed.add(`${from}>${to}`);
    else this.hushed.delete(`${from}>${to}`);
  }

  isHushed(from: RmId, to: RmId): boolean {
    return this.hushed.has(`${from}>${to}`);
  }

  /** All links of one process. */
  setLinksOf(rm: RmId, state: LinkState): void {
    for (const other of this.ends.keys()) if (other !== rm) this.setLink(rm, other, state);
  }

  joined(transport: MemoryTransport): void {
    const { rm } = transport.self;
    for (const [other, end] of this.ends) if (other !== rm && this.state(rm, other) !== 'cut') this.connect(transport, end);
  }

  left(transport: MemoryTransport): void {
    const { rm } = transport.self;
    if (this.guests.delete(transport)) return;
    for (const other of this.ends.keys()) if (other !== rm) this.disconnect(rm, other);
  }

  /** Without a delay, the next turn of the event loop is soon enough. */
  after(delayMs: number, callback: () => void): void {
    if (delayMs <= 0) this.clock.defer(callback);
    else this.clock.schedule(delayMs, callback);
  }

  delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.conditions;
    return minDelayMs + this.random.unit() * (maxDelayMs - minDelayMs);
  }

  private connect(one: MemoryTransport | undefined, other: MemoryTransport | undefined): void {
    this.clock.schedule(this.delayMs(), () => {
      // The word of the connection comes late: by now it may be different processes.
      if (one === undefined || other === undefined || !this.isThere(one) || !this.isThere(other)) return;
      if (this.state(one.self.rm, other.self.rm) === 'cut') return;
      // Both judge before either takes the other; who was turned away dials again.
      if ([this.turnsAway(one, other), this.turnsAway(other, one)].includes(true)) return this.after(REDIAL_MS, () => this.connect(one, other));
      for (const end of [one, other]) if (this.guests.delete(end)) this.ends.set(end.self.rm, end);
      one.connectedTo(other.self);
      other.connectedTo(one.self);
    });
  }

  private isThere(transport: MemoryTransport): boolean {
    return transport.isOpen && (this.guests.has(transport) || this.ends.get(transport.self.rm) === transport);
  }

  private turnsAway(judge: MemoryTransport, peer: MemoryTransport): boolean {
    const refusal = judge.member.judgeAs(peer.self.rm, peer.member.name());
    if (refusal === null) return false;
    this.refusals.push({ by: judge.self, peer: peer.self, refusal });
    if (refusal.mark !== null) peer.member.heard([{ ...peer.self, ...refusal.mark }]);
    return true;
  }

  private disconnect(a: RmId, b: RmId): void {
    const [one, other] = [this.ends.get(a), this.ends.get(b)];
    const [connection, otherConnection] = [one?.connectionTo(b), other?.connectionTo(a)];
    this.clock.schedule(this.delayMs(), () => {
      // A newer connection may have been made before this word arrives.
      if (one?.connectionTo(b) === connection) one?.disconnectedFrom(b);
      if (other?.connectionTo(a) === otherConnection) other?.disconnectedFrom(a);
    });
  }
}

export class MemoryTransport implements PeerTransport {
  private receiver: PeerReceiver | undefined;
  /** Peer → who it is, and the number of the connection to it. */
  private readonly connected = new Map<RmId, { readonly peer: MemberId; readonly connection: number }>();
  private connections = 0;
  /** When the last batch to a peer arrives: links keep the order. */
  private readonly lastArrivalMs = new Map<RmId, number>();
  private readonly inFlight = new Map<RmId, number>();
  /** What ends snapshots under way when the connection breaks. */
  private readonly breakers = new Map<RmId, Set<(cause: Error) => void>>();
  /** Batches taken, for tests that count what is sent. */
  sentBatches = 0;
  redials = 0;
  /** While the process is frozen. */
  private unread: { readonly from: MemberId; readonly batch: PeerBatch }[] | undefined;

  constructor(
    private readonly network: MemoryNetwork,
    readonly member: LocalMember,
  ) {}

  get self(): MemberId {
    return this.member.self;
  }

  get isOpen(): boolean {
    return this.receiver !== undefined;
  }

  connectionTo(peer: RmId): number | undefined {
    return this.connected.get(peer)?.connection;
  }

  start(receiver: PeerReceiver): void {
    this.receiver = receiver;
    this.network.joined(this);
  }

  /** Its links are as good as new whenever they are up. */
  redial(): void {
    this.redials += 1;
  }

  send(to: RmId, batch: PeerBatch): boolean {
    const { network } = this;
    const underWay = this.inFlight.get(to) ?? 0;
    if (this.receiver === undefined || !this.connected.has(to) || underWay >= network.conditions.maxInFlight) return false;
    this.sentBatches += 1;
    if (network.state(this.self.rm, to) === 'silent' || network.isHushed(this.self.rm, to) || network.random.unit() < network.conditions.lossRate) return true;
    const nowMs = network.clock.monotonicMs();
    const arrivalMs = Math.max(nowMs + network.delayMs(), this.lastArrivalMs.get(to) ?? 0);
    this.lastArrivalMs.set(to, arrivalMs);
    this.inFlight.set(to, underWay + 1);
    const target = network.end(to);
    network.after(arrivalMs - nowMs, () => {
      this.inFlight.set(to, (this.inFlight.get(to) ?? 1) - 1);
      if (this.isLinkUp(to) && network.end(to) === target) target?.deliver(this.self, batch);
    });
    return true;
  }

  /** What arrives waits in the sockets until thaw(). */
  freeze(): void {
    this.unread ??= [];
  }

  thaw(): void {
    const unread = this.unread ?? [];
    this.unread = undefined;
    for (const { from, batch } of unread) this.receiver?.onBatch(from, batch);
  }

  async sendSnapshot(to: RmId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const source = chunks[Symbol.asyncIterator]();
    const transfer: Transfer = { isBroken: false };
    try {
      await this.travel(to);
      const receiver = this.network.end(to)?.receiver;
      if (receiver === undefined) throw new Error(`process ${to} is not there`);
      await this.unlessDisconnected(to, transfer, receiver.onSnapshot(this.self, header, this.relay(to, transfer, source)));
      await this.travel(to);
    } finally {
      transfer.isBroken = true;
      await source.return?.();
    }
  }

  close(): Promise<void> {
    this.kill();
    return Promise.resolve();
  }

  /** `heard` sees every batch right behind this process. */
  tap(heard: (from: MemberId, batch: PeerBatch) => void): void {
    const { receiver } = this;
    if (receiver === undefined) return;
    this.receiver = {
      onBatch: (from, batch) => {
        receiver.onBatch(from, batch);
        heard(from, batch);
      },
      onSnapshot: (from, header, chunks) => receiver.onSnapshot(from, header, chunks),
      onConnected: (peer) => receiver.onConnected(peer),
      onDisconnected: (peer) => receiver.onDisconnected(peer),
    };
  }

  deliver(from: MemberId, batch: PeerBatch): void {
    if (this.unread === undefined) this.receiver?.onBatch(from, batch);
    else this.unread.push({ from, batch });
  }

  /** The process is gone from one moment to the next. */
  kill(): void {
    this.receiver = undefined;
    this.network.left(this);
  }

  connectedTo(peer: MemberId): void {
    // A peer that came back at once: the old connection ends first.
    this.disconnectedFrom(peer.rm);
    this.connections += 1;
    this.connected.set(peer.rm, { peer, connection: this.connections });
    this.receiver?.onConnected(peer);
  }

  disconnectedFrom(rm: RmId): void {
    const known = this.connected.get(rm);
    if (known === undefined) return;
    this.connected.delete(rm);
    for (const breaker of this.breakers.get(rm) ?? []) breaker(new Error(`the connection to process ${rm} was lost`));
    this.receiver?.onDisconnected(known.peer);
  }

  private isLinkUp(to: RmId): boolean {
    return this.receiver !== undefined && this.connected.has(to) && this.network.state(this.self.rm, to) === 'up';
  }

  private async unlessDisconnected(to: RmId, transfer: Transfer, work: Promise<void>): Promise<void> {
    const breakers = this.breakers.get(to) ?? new Set();
    this.breakers.set(to, breakers);
    await new Promise<void>((resolve, reject) => {
      const breaker = (cause: Error): void => {
        transfer.isBroken = true;
        reject(cause);
      };
      breakers.add(breaker);
      work.then(resolve, reject).finally(() => breakers.delete(breaker));
    });
  }

  private async travel(to: RmId): Promise<void> {
    await new Promise<void>((resolve) => this.network.clock.schedule(this.network.delayMs(), resolve));
    if (!this.isLinkUp(to)) throw new Error(`the connection to process ${to} was lost`);
  }

  private async *relay(to: RmId, transfer: Transfer, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = await source.next();
      await this.travel(to);
      // A source that was closed because the transfer broke looks like one that has come to its end.
      if (transfer.isBroken) throw new Error('the transfer was broken off');
      if (next.done === true) return;
      yield next.value;
    }
  }
}

interface Transfer {
  isBroken: boolean;
}

function key(a: RmId, b: RmId): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
