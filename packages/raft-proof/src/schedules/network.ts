/**
 * A network that loses, repeats, reorders and cuts. A snapshot's sender is always told in the end how it went, as
 * a host must do; a lost message is reported now and then.
 */
import type { NodeId, PeerMessage } from '@mas/raft';
import type { SeededRandom } from '@mas/values';

export interface NetworkHooks {
  deliver(message: PeerMessage): void;
  lost(message: PeerMessage): void;
  snapshotEnded(message: PeerMessage, outcome: 'sent' | 'failed'): void;
}

/** More than this under way, and the oldest is lost. */
const MAX_IN_FLIGHT = 300;

export class Network {
  private inFlight: PeerMessage[] = [];
  private side = new Map<NodeId, number>();
  private lossRate = 0;
  private repeatRate = 0;
  private ordered = false;

  constructor(
    private readonly random: SeededRandom,
    private readonly hooks: NetworkHooks,
  ) {}

  get size(): number {
    return this.inFlight.length;
  }

  setFaults(lossRate: number, repeatRate: number): void {
    this.lossRate = lossRate;
    this.repeatRate = repeatRate;
  }

  /** Replicas on different sides do not reach each other. */
  partition(ids: readonly NodeId[], sides: number): void {
    this.side = new Map(ids.map((id) => [id, this.random.below(sides)]));
  }

  /** From now on every message arrives once, in order. */
  repair(): void {
    this.side.clear();
    this.setFaults(0, 0);
    this.ordered = true;
  }

  heal(): void {
    this.side.clear();
  }

  send(message: PeerMessage): void {
    this.inFlight.push(message);
    if (this.inFlight.length > MAX_IN_FLIGHT) this.lose(this.inFlight.shift());
  }

  /** Something happens to one message, any of those under way. */
  move(): void {
    if (this.inFlight.length === 0) return;
    const at = this.ordered ? 0 : this.random.below(Math.min(this.inFlight.length, 24));
    const [message] = this.inFlight.splice(at, 1);
    if (message === undefined) return;
    if (this.isCut(message) || this.random.chance(this.lossRate)) {
      this.lose(message);
      return;
    }
    if (message.kind !== 'snapshot' && this.random.chance(this.repeatRate)) this.inFlight.push(message);
    this.hooks.deliver(message);
    if (message.kind === 'snapshot') this.hooks.snapshotEnded(message, 'sent');
  }

  private isCut(message: PeerMessage): boolean {
    return (this.side.get(message.from) ?? 0) !== (this.side.get(message.to) ?? 0);
  }

  private lose(message: PeerMessage | undefined): void {
    if (message === undefined) return;
    if (message.kind === 'snapshot') this.hooks.snapshotEnded(message, 'failed');
    else this.hooks.lost(message);
  }
}
