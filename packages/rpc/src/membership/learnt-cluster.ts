/** The cluster of a Transaction Manager: what most of the Resource Managers that it dials name, kept in its data folder from then on. */
import { clusterId, type ClusterId } from '@mas/membership';
import type { ClusterKnowledge } from './node-caller';

const RECORD = 'cluster id';

export interface RecordsOfFolder {
  record(name: string): string | undefined;
  /** Durable when it returns. */
  keep(name: string, value: string): void;
}

export class LearntCluster implements ClusterKnowledge {
  private known: ClusterId | null;

  constructor(private readonly folder: RecordsOfFolder) {
    const kept = folder.record(RECORD);
    this.known = kept === undefined ? null : clusterId(kept);
  }

  clusterId(): ClusterId | null {
    return this.known;
  }

  learn(id: ClusterId): void {
    if (this.known !== null) return;
    this.known = id;
    this.folder.keep(RECORD, id);
  }
}
