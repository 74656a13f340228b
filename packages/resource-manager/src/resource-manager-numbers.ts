/** What a Resource Manager can say of itself at one moment, for metrics: copies of numbers that exist anyway, nothing is waited for. */
import type { Condition } from '@mas/health';
import type { GroupStatus, PeerStatus } from '@mas/multi-raft';
import type { Durations } from '@mas/values';
import type { BucketReplica } from './bucket/bucket-replica';
import type { ReplicaContext } from './bucket/replica-context';
import { NO_MOVE_NUMBERS, type MoveNumbers } from './moves/move-progress';

/** A replica of a bucket, or of the meta group, which keeps no accounts and so has nothing prepared. */
export interface ReplicaNumbers extends GroupStatus {
  readonly isMissingQuorum: boolean;
  /** Rows that SQL does not hold yet. */
  readonly checkpointBacklog: number;
  readonly preparedLegs: number;
  readonly oldestPreparedAgeMs: number;
  /** Legs elsewhere whose buckets have not confirmed yet that they know what was decided here. */
  readonly untoldLegs: number;
  readonly queuedInstructions: number;
  /** Of slots that the bucket gives away; under way while this replica leads. */
  readonly moves: MoveNumbers;
}

export interface ResourceManagerNumbers {
  readonly condition: Condition;
  readonly replicas: readonly ReplicaNumbers[];
  readonly peers: readonly PeerStatus[];
  readonly store: { readonly isFailing: boolean; readonly failures: number; readonly checkpointTimes: Durations };
}

export function numbersOf({ host, health }: ReplicaContext, replicas: ReadonlyMap<number, BucketReplica>): ResourceManagerNumbers {
  return {
    condition: host.condition(),
    replicas: host.status().map((group) => ({
      ...group,
      isMissingQuorum: host.missingQuorum(group.group) !== null,
      ...ledgerNumbers(replicas.get(group.group)),
    })),
    peers: host.peers(),
    store: { isFailing: health.failing(), failures: health.failures, checkpointTimes: health.checkpointTimes },
  };
}

type LedgerNumbers = Pick<ReplicaNumbers, 'checkpointBacklog' | 'preparedLegs' | 'oldestPreparedAgeMs' | 'untoldLegs' | 'queuedInstructions' | 'moves'>;

function ledgerNumbers(replica: BucketReplica | undefined): LedgerNumbers {
  if (replica === undefined)
    return { checkpointBacklog: 0, preparedLegs: 0, oldestPreparedAgeMs: 0, untoldLegs: 0, queuedInstructions: 0, moves: NO_MOVE_NUMBERS };
  const { applier, proposer } = replica;
  const { ledger } = applier.state();
  const nowMs = applier.stamps.now();
  let oldestMs = nowMs;
  for (const { preparedAtMs } of ledger.preparedLegs()) oldestMs = Math.min(oldestMs, preparedAtMs);
  let untoldLegs = 0;
  for (const { untold } of ledger.undelivered()) untoldLegs += untold.length;
  return {
    checkpointBacklog: applier.changedCount(),
    preparedLegs: ledger.preparedCount,
    oldestPreparedAgeMs: nowMs - oldestMs,
    untoldLegs,
    queuedInstructions: proposer.queued,
    moves: replica.moveNumbers(),
  };
}
