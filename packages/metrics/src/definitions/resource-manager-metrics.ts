/** What a Resource Manager says of its replicas, its log, its database and its peers. */
import { AILMENTS } from '@mas/health';
import type { LogStats } from '@mas/multi-raft';
import type { ReplicaNumbers, ResourceManagerNumbers } from '@mas/resource-manager';
import { Durations } from '@mas/values';
import { definitionsFor, flag, seconds, type Definition } from '../definition';

export interface ResourceManagerProcessNumbers extends ResourceManagerNumbers {
  readonly log: LogStats;
}

const { gauge, counter, histogram, labelled } = definitionsFor<ResourceManagerProcessNumbers>();

/** A series for each bucket; bucket 0 is the meta group. */
function perBucket(
  kind: 'gauge' | 'counter',
  name: string,
  help: string,
  read: (replica: ReplicaNumbers) => number,
): Definition<ResourceManagerProcessNumbers> {
  return labelled(kind, name, ['bucket'], help, ({ replicas }) => replicas.map((replica) => ({ labels: [replica.group], value: read(replica) })));
}

export const RESOURCE_MANAGER_METRICS = [
  labelled(
    'gauge',
    'mas_replica_role',
    ['bucket', 'role'],
    '1 for the role that the replica has: leader, follower, candidate, pre-candidate, learner, stopped',
    ({ replicas }) => replicas.map(({ group, role }) => ({ labels: [group, role], value: 1 })),
  ),
  perBucket('gauge', 'mas_bucket_quorum', '0 while this process sees too few voters of the bucket, for longer than an election takes', (replica) =>
    flag(!replica.isMissingQuorum),
  ),
  perBucket('gauge', 'mas_replica_term', 'Raft term', (replica) => replica.term),
  perBucket(
    'counter',
    'mas_replica_leader_changes_total',
    'How often the replica has seen a new leader, or the same one in a new term',
    (replica) => replica.leaderChanges,
  ),
  perBucket('gauge', 'mas_replica_commit_index', 'Index up to which the log is committed, as far as the replica knows', (replica) => replica.commitIndex),
  perBucket('gauge', 'mas_replica_applied_index', 'Index up to which the replica has applied', (replica) => replica.appliedIndex),
  perBucket('gauge', 'mas_replica_checkpoint_index', 'Index up to which SQL has everything; the log begins there', (replica) => replica.durableIndex),
  labelled('gauge', 'mas_replica_lag_entries', ['bucket', 'peer'], 'On the leader: entries that a follower does not have yet', ({ replicas }) =>
    replicas.flatMap(({ group, lag }) => lag.map(({ replica, entries }) => ({ labels: [group, replica.rm], value: entries }))),
  ),
  perBucket('gauge', 'mas_checkpoint_backlog_rows', 'Rows that SQL does not hold yet', (replica) => replica.checkpointBacklog),
  perBucket('gauge', 'mas_prepared_legs', 'Legs that are promised and not decided here', (replica) => replica.preparedLegs),
  perBucket(
    'gauge',
    'mas_prepared_oldest_seconds',
    'For how long the oldest of them has been in doubt, by the time of the bucket; 0: there is none',
    (replica) => seconds(replica.oldestPreparedAgeMs),
  ),
  perBucket('gauge', 'mas_untold_legs', 'Legs of payments decided here whose buckets have not confirmed it yet', (replica) => replica.untoldLegs),
  perBucket(
    'gauge',
    'mas_bucket_queued_instructions',
    'Instructions that wait to be proposed',
    (replica) => replica.queuedInstructions + replica.queuedProposals,
  ),
  perBucket('gauge', 'mas_slot_moves', 'Moves of slots out of the bucket that its leader carries out, or is to', ({ moves }) => moves.underWay),
  perBucket(
    'gauge',
    'mas_slot_moves_stalled',
    'Those of them that nothing has come of for five seconds; cluster status says why',
    ({ moves }) => moves.stalled,
  ),
  perBucket(
    'counter',
    'mas_slot_move_rows_total',
    'Rows that have come to other buckets by moves, those of attempts in vain as well',
    ({ moves }) => moves.rowsSent,
  ),
  labelled('counter', 'mas_slot_moves_ended_total', ['bucket', 'end'], 'Moves that this process has brought to an end: adopted, declined', ({ replicas }) =>
    replicas.flatMap(({ group, moves: { adopted, declined } }) => [
      { labels: [group, 'adopted'], value: adopted },
      { labels: [group, 'declined'], value: declined },
    ]),
  ),
  labelled(
    'histogram',
    'mas_slots_blocked_seconds',
    ['bucket'],
    'From the release of slots until another bucket had adopted them, or they were taken back: for so long payments on them have waited',
    ({ replicas }) => replicas.map(({ group, moves }) => ({ labels: [group], value: moves.blockedTimes })),
  ),
  histogram('mas_apply_duration_seconds', 'Calls that apply entries, all buckets together', ({ replicas }) =>
    Durations.sumOf(replicas.map(({ applyTimes }) => applyTimes)),
  ),
  histogram('mas_log_sync_duration_seconds', 'Writes to the log with their fsync; each carries what all buckets had to say', ({ log }) => log.syncTimes),
  counter('mas_log_written_bytes_total', 'Bytes written to the log', ({ log }) => log.bytes),
  gauge('mas_log_queued_bytes', 'Bytes that wait for their write', ({ log }) => log.queuedBytes),
  gauge('mas_log_segments', 'Segment files of the log; they go once all buckets have their checkpoints', ({ log }) => log.segments),
  histogram('mas_checkpoint_duration_seconds', 'Checkpoints that SQL has taken', ({ store }) => store.checkpointTimes),
  counter('mas_store_failures_total', 'Checkpoints and probes that SQL has not taken; they are tried again', ({ store }) => store.failures),
  gauge('mas_store_up', '0 while the SQL database has failed and not answered since, or takes no writes', ({ store }) => flag(!store.isFailing)),
  labelled('gauge', 'mas_peer_up', ['peer'], '1 while the other Resource Manager is connected and heard', ({ peers }) =>
    peers.map(({ rm, verdict }) => ({ labels: [rm], value: flag(verdict.kind !== 'gone' && verdict.kind !== 'silent') })),
  ),
  labelled('gauge', 'mas_ailment', ['of'], '1 while the process ails of it by its own judgement: disk, stall, store, clock. 0.5: in doubt', ({ condition }) =>
    AILMENTS.map((of) => ({ labels: [of], value: condition.kind !== 'well' && condition.of.includes(of) ? (condition.kind === 'ailing' ? 1 : 0.5) : 0 })),
  ),
];
