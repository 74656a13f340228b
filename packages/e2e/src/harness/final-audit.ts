/**
 * The judge of the simulated clusters, on a cluster of real processes at rest: everything that its clients asked and heard since it
 * was started, against the rows in every replica's database, read past all processes.
 */
import {
  auditHistory,
  expectEqualReplicas,
  finalState,
  Findings,
  fixedPlaces,
  HoldsSeen,
  rowsOf,
  type BucketRows,
  type Decisions,
  type DecisionSeen,
  type FinalState,
  type Finding,
  type History,
  type ReadFigures,
} from '@mas/auditor';
import type { MasClient } from '@mas/client';
import { openMysqlStore } from '@mas/sql-store';
import { waitUntil } from '@mas/test-servers';
import type { PaymentKey, RmId } from '@mas/values';
import type { Cluster } from './cluster';

export interface FinalAudit {
  readonly findings: readonly Finding[];
  readonly payments: number;
  readonly replicas: number;
  readonly legs: number;
  readonly reads: ReadFigures;
}

const REST_TIMEOUT_MS = 180_000;
/** More reads than one in so many that fit several moments would prove too little. */
const MIN_EXPLAINED_PER_AMBIGUOUS = 5;

export async function auditAtRest(cluster: Cluster, client: Pick<MasClient, 'clusterStatus'>, history: History): Promise<FinalAudit> {
  const findings = new Findings();
  await allIsInSql(cluster, client);
  const buckets = await replicasOf(cluster);
  for (const replicas of buckets) expectEqualReplicas(replicas, findings);
  const state = finalState(buckets.flatMap(([first]) => (first === undefined ? [] : [first[1]])));
  const reads = auditHistory(
    { state, history, decisions: decisionsOf(state, history), holds: holdsOf(state, history), places: fixedPlaces(cluster.placement) },
    findings,
  );
  findings.expect(
    reads.ambiguous * MIN_EXPLAINED_PER_AMBIGUOUS <= reads.explained,
    'enough happened',
    () => `${reads.ambiguous} reads were ambiguous, ${reads.explained} explained`,
  );
  const legs = state.buckets.reduce((sum, bucket) => sum + bucket.legs.length, 0);
  return { findings: findings.list(), payments: history.payments.size, replicas: buckets.flat().length, legs, reads };
}

/** In words, for the end of a run. */
export function renderFinalAudit({ findings, payments, replicas, legs, reads }: FinalAudit): string {
  const verdict = findings.length === 0 ? 'no findings' : findings.map(({ rule, text }) => `${rule}: ${text}`).join('\n');
  return `histories against rows: ${payments} payments, ${legs} legs on ${replicas} equal replicas, ${reads.explained} balances read and explained by one order, ${reads.ambiguous} ambiguous: ${verdict}`;
}

/** Every replica has applied what its leader has committed, and its database has it. */
async function allIsInSql(cluster: Cluster, client: Pick<MasClient, 'clusterStatus'>): Promise<void> {
  let seen = '';
  await waitUntil(
    'every replica has all entries, in its database too',
    async () => {
      const { replicas } = await client.clusterStatus();
      seen = replicas.map((one) => `${one.bucket}@rm-${one.rm}: ${one.commitIndex} ${one.appliedIndex} ${one.durableIndex}`).join(', ');
      return cluster.placement.map.buckets.every(({ bucket, replicas: expected }) => {
        const found = replicas.filter((one) => one.bucket === bucket);
        return found.length === expected.length && new Set(found.flatMap((one) => [one.commitIndex, one.appliedIndex, one.durableIndex])).size === 1;
      });
    },
    { timeoutMs: REST_TIMEOUT_MS, intervalMs: 250, diagnostics: () => `bucket@rm: committed applied in SQL: ${seen}` },
  );
}

/** For each bucket its replicas, each from the database of its own Resource Manager. */
async function replicasOf(cluster: Cluster): Promise<readonly (readonly (readonly [RmId, BucketRows])[])[]> {
  const found = new Map(cluster.placement.map.buckets.map(({ bucket }) => [bucket, [] as (readonly [RmId, BucketRows])[]]));
  for (const { rm, url } of cluster.databases()) {
    const store = await openMysqlStore({ url });
    try {
      for (const bucket of await store.buckets()) found.get(bucket)?.push([rm, await rowsOf(bucket, await store.inspect(bucket))]);
    } finally {
      await store.close();
    }
  }
  return [...found.values()];
}

/** Nobody saw the decisions happen; none can be older than the first question. */
function decisionsOf(state: FinalState, history: History): Decisions {
  const decisions = new Map<PaymentKey, DecisionSeen>();
  for (const { key, txn, decision } of state.outcomes) {
    const asked = (history.payments.get(key)?.attempts ?? []).map((attempt) => attempt.startMs);
    decisions.set(key, { txn, kind: decision.kind, firstMs: Math.min(...asked, Infinity) });
  }
  return decisions;
}

/** What an aborted payment may have held back, at most: from its first question to its first answer. */
function holdsOf(state: FinalState, history: History): HoldsSeen {
  const holds = new HoldsSeen();
  for (const { key, txn, body, decision } of state.outcomes) {
    const attempts = history.payments.get(key)?.attempts ?? [];
    if (decision.kind !== 'aborted' || attempts.length === 0) continue;
    const answersMs = attempts.map(({ answer, endMs }) => (answer?.ok === true && answer.value.kind !== 'unknown' ? (endMs ?? Infinity) : Infinity));
    for (const spec of body.legs) {
      holds.began(spec.account, txn, spec, Math.min(...attempts.map((attempt) => attempt.startMs)), false);
      holds.ended(spec.account, txn, Math.min(...answersMs));
    }
  }
  return holds;
}
