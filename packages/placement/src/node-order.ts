/** What an operator wants of nodes, replicas (docs/adr/0022), buckets and slots (docs/adr/0032). The leader of the meta group makes changes of it, or refuses it by name. */
import type { BucketId, RmId, SlotRange } from '@mas/values';

export type NodeOrder =
  | { readonly kind: 'add'; readonly rm: RmId; readonly address: string }
  | { readonly kind: 'drain'; readonly rm: RmId; readonly isDraining: boolean }
  /** `isDead`: it does not answer and never will; else it has to be empty. */
  | { readonly kind: 'remove'; readonly rm: RmId; readonly isDead: boolean }
  | { readonly kind: 'move'; readonly bucket: BucketId; readonly from: RmId; readonly to: RmId }
  /** `replicas` null: as many per bucket as there should be already. `ofSlots`: slots are spread over the buckets as well. */
  | { readonly kind: 'rebalance'; readonly replicas: number | null; readonly ofSlots: boolean; readonly isDryRun: boolean }
  | { readonly kind: 'stop-rebalance' }
  /** The next id, so that a repetition adds no other one; the first of the replicas founds its group. None: the nodes with the fewest. */
  | { readonly kind: 'add-bucket'; readonly bucket: BucketId; readonly replicas: readonly RmId[]; readonly isDryRun: boolean }
  /** Of any length. */
  | { readonly kind: 'move-slots'; readonly slots: SlotRange; readonly from: BucketId; readonly to: BucketId; readonly isDryRun: boolean }
  /** Once it has given its slots away. */
  | { readonly kind: 'retire-bucket'; readonly bucket: BucketId; readonly isDryRun: boolean }
  | { readonly kind: 'pause-moves'; readonly isPaused: boolean }
  | { readonly kind: 'cancel-moves' };
