/** What peers said to one group and it has not heard yet. Bounded: what does not fit is lost, and Raft repeats it. */
import type { NodeId, PeerMessage, SnapshotMessage } from '@mas/raft';
import type { CoalescedHeartbeat } from '../peer-transport';

export type Inbound =
  | { readonly kind: 'message'; readonly message: PeerMessage }
  /** The applied state holds it already; `stepped` is called once Raft has heard of it. */
  | { readonly kind: 'snapshot'; readonly message: SnapshotMessage; readonly stepped: () => void }
  | { readonly kind: 'heartbeat'; readonly from: NodeId; readonly heartbeat: CoalescedHeartbeat }
  /** It led in that term, and has stepped down for want of a quorum. */
  | { readonly kind: 'given-up'; readonly from: NodeId; readonly term: number }
  | { readonly kind: 'heartbeat-response'; readonly from: NodeId; readonly heartbeat: CoalescedHeartbeat };

export class Inbox {
  private items: Inbound[] = [];
  private lostCount = 0;

  constructor(private readonly maxItems: number) {}

  get length(): number {
    return this.items.length;
  }

  /** Messages that did not fit, since the start. */
  get lost(): number {
    return this.lostCount;
  }

  put(item: Inbound): void {
    // There is one snapshot at a time, and somebody waits for it.
    if (this.items.length < this.maxItems || item.kind === 'snapshot') this.items.push(item);
    else this.lostCount += 1;
  }

  take(maxItems: number): readonly Inbound[] {
    if (this.items.length > maxItems) return this.items.splice(0, maxItems);
    const all = this.items;
    if (all.length > 0) this.items = [];
    return all;
  }

  clear(): void {
    this.items = [];
  }
}
