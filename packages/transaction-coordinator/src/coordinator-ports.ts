/**
 * What the coordinator is given from outside. Everything that takes time, draws chance or leaves the process comes
 * through here, so that the same code runs in production, under a simulator and in tests with a virtual clock.
 */
import type { GlobalLockService, LockStore } from '@mas/global-lock';
import type { LeaderDirectory } from '@mas/placement';
import type { ParticipantClient } from '@mas/two-phase-commit';
import type { Clock, Logger, Random } from '@mas/values';
import type { Failpoints } from './failpoints';
import type { TxnCoordinatorDAO } from './txn-coordinator-dao';

/** SHA-256 of the bytes, or of the text's UTF-8 form, as 64 lower-case hexadecimal digits. Synchronous: it runs once per payment. */
export type Digest = (preimage: string | Uint8Array) => string;

export interface CoordinatorPorts {
  readonly dao: TxnCoordinatorDAO;
  readonly participants: ParticipantClient;
  readonly locks: GlobalLockService;
  readonly lockStore: LockStore;
  /** Starts with the map that discoverPlacement found; the coordinator adopts newer ones. */
  readonly directory: LeaderDirectory;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly failpoints: Failpoints;
  /** Of this process, for whoever asks how it is; null: not known. */
  readonly certificatesEndMs?: () => number | null;
}
