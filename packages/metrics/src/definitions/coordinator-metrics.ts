/** What a Transaction Manager says of payments, buckets and Redis. */
import type { CoordinatorNumbers } from '@mas/transaction-coordinator';
import type { RmId } from '@mas/values';
import { definitionsFor, flag, seconds, type Reading } from '../definition';

export interface TransactionManagerNumbers extends CoordinatorNumbers {
  readonly connections: readonly { readonly rm: RmId; readonly isOpen: boolean }[];
}

const { gauge, counter, labelled } = definitionsFor<TransactionManagerNumbers>();

export const TRANSACTION_MANAGER_METRICS = [
  labelled(
    'counter',
    'mas_payments_total',
    ['outcome', 'reason'],
    'Answers to payments: committed; aborted, refused and unknown with their reasons; conflict is an id that belongs to another request',
    paymentsByOutcome,
  ),
  gauge('mas_payments_in_flight', 'Payments whose callers wait for an answer', ({ counters }) => counters.paymentsInFlight),
  gauge('mas_payments_open', 'Payments that have not ended: legs are still to be told of some that were answered', ({ paymentsOpen }) => paymentsOpen),
  gauge('mas_payments_unknown', 'Payments whose callers heard UNKNOWN and that have not ended here since', ({ unfinished }) => unfinished.count),
  gauge('mas_payments_unknown_oldest_seconds', 'Age of the oldest of them; 0: there is none', ({ unfinished }) => seconds(unfinished.oldestAgeMs)),
  labelled(
    'histogram',
    'mas_payment_step_duration_seconds',
    ['step'],
    'How long payments take: begin (noted in Redis), prepare (promised by the other buckets), decide (by the home), answer (all of that), tell (the legs, after the answer)',
    ({ counters: { steps } }) => [
      { labels: ['begin'], value: steps.begin },
      { labels: ['prepare'], value: steps.prepare },
      { labels: ['decide'], value: steps.decide },
      { labels: ['answer'], value: steps.answer },
      { labels: ['tell'], value: steps.tell },
    ],
  ),
  labelled(
    'gauge',
    'mas_instructions_queued',
    ['bucket', 'urgency'],
    'Instructions that wait for a bucket; urgent: somebody waits for the answer',
    ({ queuedInstructions }) =>
      queuedInstructions.flatMap(({ bucket, urgent, background }) => [
        { labels: [bucket, 'urgent'], value: urgent },
        { labels: [bucket, 'background'], value: background },
      ]),
  ),
  counter('mas_instruction_requests_total', 'Requests with instructions to Resource Managers', ({ counters }) => counters.instructionRequests),
  counter('mas_instructions_total', 'Instructions in them; by requests it is how many go together', ({ counters }) => counters.instructionsSent),
  counter('mas_request_retries_total', 'Requests to buckets that had to be asked again', ({ counters }) => counters.requestRetries),
  labelled('gauge', 'mas_resource_manager_connected', ['rm'], '1 while a session with it is open; one that nobody has needed is not', ({ connections }) =>
    connections.map(({ rm, isOpen }) => ({ labels: [rm], value: flag(isOpen) })),
  ),
  gauge('mas_redis_up', '1 while Redis takes entries, as far as was seen last; always 1 with the embedded stand-in', ({ redisIsHeard }) => flag(redisIsHeard)),
  labelled('histogram', 'mas_redis_duration_seconds', ['operation'], 'Round trips to Redis that were answered: begin, record', ({ counters }) => [
    { labels: ['begin'], value: counters.redisBegins },
    { labels: ['record'], value: counters.redisRecords },
  ]),
  gauge('mas_redis_entries_queued', 'Entries that wait for Redis', ({ queuedEntries }) => queuedEntries),
  counter('mas_payments_without_redis_total', 'Payments that went on without Redis', ({ counters }) => counters.redisSilences),
  counter('mas_redis_entries_dropped_total', 'Entries of payments that Redis never got; their homes have them', ({ counters }) => counters.recordsDropped),
  counter('mas_tells_dropped_total', "Legs left to their home's leader to tell, because too many wait", ({ counters }) => counters.tellsDropped),
  counter(
    'mas_unknown_dropped_total',
    'Payments with an unknown outcome that are left to a later sweep, because too many wait',
    ({ counters }) => counters.unfinishedDropped,
  ),
  counter('mas_payments_recovered_total', 'Payments that another run or coordinator had left, ended here', ({ counters }) => counters.recovered),
  counter('mas_lock_waits_total', 'Payments that waited for an exclusive lock', ({ counters }) => counters.lockWaits),
  counter('mas_lock_timeouts_total', 'Payments that waited for it in vain', ({ counters }) => counters.lockTimeouts),
  counter('mas_alarms_total', 'A bucket reported what must not happen; the log has the payment', ({ counters }) => counters.alarms),
  gauge('mas_audit_differences', 'What the last audit through this process found to differ', ({ lastAudit }) => lastAudit?.differences ?? null),
  gauge('mas_audit_incomplete', 'What the last audit could not compare', ({ lastAudit }) => lastAudit?.missed ?? null),
  gauge('mas_audit_timestamp_seconds', 'When the last audit through this process ended, since the Unix epoch', ({ lastAudit }) =>
    lastAudit === null ? null : seconds(lastAudit.endedAtMs),
  ),
];

function paymentsByOutcome({ counters }: TransactionManagerNumbers): readonly Reading[] {
  const { paymentsCommitted, paymentsConflicting, aborted, unknown, refused } = counters;
  const byReason = (outcome: string, reasons: Iterable<readonly [string, number]>): readonly Reading[] =>
    [...reasons].map(([reason, value]) => ({ labels: [outcome, reason], value }));
  return [
    { labels: ['committed', ''], value: paymentsCommitted },
    { labels: ['conflict', ''], value: paymentsConflicting },
    ...byReason('aborted', aborted.entries()),
    ...byReason('unknown', unknown.entries()),
    ...byReason('refused', refused.entries()),
  ];
}
