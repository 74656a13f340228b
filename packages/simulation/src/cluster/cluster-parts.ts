/** What a process runs on and what outlives it. */
import type { MadeUpCluster } from '@mas/membership';
import type { MemoryIdentityStore } from '@mas/resource-manager';
import type { RaftFabric } from '../world/raft-transport';
import type { SessionFabric } from '../world/sessions';
import type { SimDisk } from '../world/sim-disk';
import type { SimSql } from '../world/sim-sql';
import type { World } from '../world/world';

export interface Machine {
  readonly world: World;
  readonly disk: SimDisk;
  readonly sql: SimSql;
  readonly fabric: RaftFabric;
  readonly sessions: SessionFabric;
  readonly members: MadeUpCluster;
  readonly identities: MemoryIdentityStore;
  /** The machine's wall clock keeps what jumped it. */
  wallOffsetMs: number;
}
