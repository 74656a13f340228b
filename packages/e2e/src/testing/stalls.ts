/** Whether a process of a cluster has found that it stood still: a payment that its home gave up since is then the machine's doing. */
import type { Cluster } from '../harness/cluster';

const SAID = /\((?:[a-z, ]*, )?stall\b/;

export class Stalls {
  private isSeen = false;

  constructor(cluster: Cluster) {
    for (const process of [...cluster.tms, ...cluster.rms])
      process.onLine((line) => {
        this.isSeen ||= SAID.test(line.msg);
      });
  }

  get any(): boolean {
    return this.isSeen;
  }
}
