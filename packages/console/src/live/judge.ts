/** How the cluster fares, in the words of `mas-client cluster health`; whoever starts the console brings it, so that there is one judgement. */
import type { ClusterStatus } from '@mas/rpc';
import type { BucketView } from '../api/views';

export interface BucketVerdict {
  /** 0: the meta group. */
  readonly bucket: number;
  readonly verdict: BucketView['verdict'];
  readonly up: number;
  readonly replicas: number;
  readonly needed: number;
  readonly leader: number | null;
  /** What keeps it from being OK. */
  readonly reasons: readonly string[];
}

export interface Judge {
  verdicts(status: ClusterStatus): readonly BucketVerdict[];
  /** Of a Resource Manager that is not well: what it suffers from. */
  symptoms(node: ClusterStatus['nodes'][number]): string;
  /** A line for each replica that has stopped while its process goes on. */
  stops(status: ClusterStatus): readonly string[];
}
