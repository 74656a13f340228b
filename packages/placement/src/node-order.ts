/** What an operator wants of nodes and replicas (docs/adr/0022). The leader of the meta group makes changes of it, or refuses it by name. */
import type { BucketId, RmId } from '@mas/values';

export type NodeOrder =
  | { readonly kind: 'add'; readonly rm: RmId; readonly address: string }
  | { readonly kind: 'drain'; readonly rm: RmId; readonly isDraining: boolean }
  /** `isDead`: it does not answer and never will; else it has to be empty. */
  | { readonly kind: 'remove'; readonly rm: RmId; readonly isDead: boolean }
  | { readonly kind: 'move'; readonly bucket: BucketId; readonly from: RmId; readonly to: RmId }
  /** `replicas` null: as many per bucket as there should be already. */
  | { readonly kind: 'rebalance'; readonly replicas: number | null; readonly isDryRun: boolean }
  | { readonly kind: 'stop-rebalance' };
