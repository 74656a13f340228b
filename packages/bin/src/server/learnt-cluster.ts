/** The cluster of a Transaction Manager for as long as it runs: that of the first Resource Manager that answers. */
import type { ClusterId } from '@mas/membership';
import type { ClusterKnowledge } from '@mas/rpc';

export class LearntCluster implements ClusterKnowledge {
  private known: ClusterId | null = null;

  clusterId(): ClusterId | null {
    return this.known;
  }

  learn(id: ClusterId): void {
    this.known ??= id;
  }
}
