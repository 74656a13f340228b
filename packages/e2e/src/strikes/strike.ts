/** What half breaks a machine: how it is done to a cluster, and how it is undone. The benchmark times these, the fire test judges them. */
import type { Cluster } from '../harness/cluster';
import type { MasProcess } from '../harness/mas-process';
import type { Shim } from '../harness/shim';

/** Where a strike falls. */
export interface Ground {
  readonly cluster: Cluster;
  /** Null where there is no C compiler. */
  readonly shim: Shim | null;
  /** Of the bucket that is struck. */
  readonly leader: MasProcess;
}

export interface Strike {
  /** One word or two, for a command line. */
  readonly name: string;
  readonly title: string;
  /** How long it lasts. */
  readonly holdMs: number;
  /** Which Resource Managers are struck: elections in the buckets that others lead are false. */
  readonly strikes: 'leader' | 'everybody';
  readonly needs: 'nothing' | 'network' | 'compiler' | 'servers';
  /** Does it, and returns what undoes it. Both end when the deed is done, not when the cluster has recovered. */
  readonly inject: (ground: Ground) => Promise<() => Promise<void>>;
}

/** The Resource Managers beside the leader. */
export function followers({ cluster, leader }: Ground): readonly MasProcess[] {
  return cluster.rms.filter((rm) => rm !== leader);
}
