/** What a Resource Manager is wired from. */
import type { LedgerCodec, Outcome } from '@mas/ledger';
import type { ClusterSettings, LocalMember } from '@mas/membership';
import type { MultiRaft } from '@mas/multi-raft';
import type { LeaderDirectory, PlacementMap } from '@mas/placement';
import type { ParticipantClient } from '@mas/two-phase-commit';
import type { Clock, Logger, Random, RmId } from '@mas/values';
import type { AppliedStore } from './applied-store';
import type { BucketStop } from './bucket/bucket-stop';
import type { ResourceManagerConfig } from './config';
import type { Digest } from './digest';
import type { OrderedMoves } from './drivers/move-carrier';
import type { Failpoints } from './failpoints';
import type { FolderIdentity } from './membership/folder-identity';
import type { RowCodec } from './row-codec';
import type { SnapshotSpool } from './snapshot-spool';
import type { TokenVerifier } from './token-verifier';

/** What applying one entry gives: an outcome per instruction. The meta group answers one `done`. */
export type ApplyResult = readonly Outcome[];

/** Who this process is, as a member of its cluster. */
export interface RmMembership {
  readonly identity: FolderIdentity;
  readonly settings: ClusterSettings;
  /** What every connection is judged by. */
  readonly local: Pick<LocalMember, 'adopt' | 'onUnknown' | 'self'>;
  /** Keeps the newest map in the data folder. */
  readonly keepMap: (map: PlacementMap) => Promise<void>;
}

export interface ResourceManagerOptions {
  readonly rm: RmId;
  readonly membership: RmMembership;
  /** Started by the caller, with no groups yet; stop() of the Resource Manager stops it. */
  readonly host: MultiRaft<ApplyResult>;
  /** migrate() and close() are called by start() and stop(). */
  readonly store: AppliedStore;
  readonly ledgerCodec: LedgerCodec;
  readonly rowCodec: RowCodec;
  readonly tokens: TokenVerifier;
  /** To the other Resource Managers, as role rm. */
  readonly participants: ParticipantClient;
  /** Starts with the configured (genesis) placement; newer maps from the meta group are adopted into it. */
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly digest: Digest;
  readonly spool: SnapshotSpool;
  readonly config: ResourceManagerConfig;
  /** Of this process, for whoever asks how it is; null: not known. */
  readonly certificatesEndMs?: () => number | null;
  readonly failpoints?: Failpoints;
  /** Moves of slots that its buckets are to carry out, if not those of the placement map. */
  readonly moves?: OrderedMoves;
  /** A newer map counts; called before the members that it names do. */
  readonly onPlacement?: (map: PlacementMap) => void;
  /** A bucket's replica has stopped and the process goes on; called once per replica. */
  readonly onBucketStopped?: (stop: BucketStop) => void;
  /** A broken invariant, or another process has taken over the tables: the process must stop. Called once. */
  readonly onFatal: (error: unknown) => void;
}
