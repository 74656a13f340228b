/** What a process runs on and what outlives it. */
import type { Ordinal } from '@mas/membership';
import type { RaftFabric } from '../world/raft-transport';
import type { SessionFabric } from '../world/sessions';
import type { SimDisk } from '../world/sim-disk';
import type { SimSql } from '../world/sim-sql';
import type { World } from '../world/world';

export interface Machine {
  readonly world: World;
  readonly disk: SimDisk;
  /** The database that its process is told to use: its own, unless somebody has made a mistake. */
  sql: SimSql;
  readonly fabric: RaftFabric;
  readonly sessions: SessionFabric;
  /** The machine's wall clock keeps what jumped it. */
  wallOffsetMs: number;
  /** `--rejoin`, as the operator has set it. */
  rejoin: boolean;
  /** Its disks are those of another cluster, whose groups it may found. */
  isForeign: boolean;
  /** What no process on this machine may speak under, and why, as only the simulator knows: a disk that has forgotten something. */
  forgotten: { readonly ordinal: Ordinal; readonly why: string } | null;
}
