/** What must be gone once the faults are over for a while: prepared legs, untold decisions, locks, payments in flight. */
import type { Findings } from '@mas/auditor';
import { META_GROUP, movesOf } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import type { BucketId, RmId } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import { EPOCH_MS } from '../world/sim-process';
import { leftOfBuckets } from './left-of-buckets';

const CONVERGE_MS = 15_000;
const ASK_MS = 5_000;
const MAX_SHOWN = 100;

export const atRest = { prepared, everything, converged, ailing };

/** Legs that leaders still hold prepared. */
async function prepared(cluster: Cluster): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [rm, { manager }] of cluster.rms) {
    if (manager === null) {
      found.push(`rm-${rm} is no member`);
      continue;
    }
    const reply = await cluster.world.time.until(manager.handle({ kind: 'status' }, 'tm'), ASK_MS, `the status of rm-${rm}`);
    const leading = reply.kind === 'status' ? reply.replicas.filter(({ role, preparedLegs }) => role === 'leader' && preparedLegs > 0) : [];
    found.push(...leading.map(({ bucket, preparedLegs }) => `bucket ${bucket} on rm-${rm} holds ${preparedLegs} prepared legs`));
    if (reply.kind !== 'status') found.push(`rm-${rm} does not say how it is: ${reply.kind}`);
  }
  return found;
}

async function everything(cluster: Cluster, accounts: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [...(await prepared(cluster))];
  const locked = new Set<string>();
  for (const bucket of cluster.kept) found.push(...(await inBucket(cluster, bucket, locked)));
  found.push(...(await inRedis(cluster, accounts, locked)));
  for (const [name, { coordinator }] of cluster.tms) {
    const { paymentsInFlight } = coordinator.counters;
    if (paymentsInFlight > 0) found.push(`${name} still drives ${paymentsInFlight} payments`);
  }
  for (const group of [META_GROUP, ...cluster.kept]) if (cluster.leaderOf(group) === null) found.push(`group ${group} has no leader`);
  found.push(...leftOfBuckets(cluster));
  for (const { number, slots, from, to } of movesOf(cluster.newestMap()))
    found.push(`move ${number} of slots ${slots.from}-${slots.to} from bucket ${from} to bucket ${to} has not ended`);
  return found;
}

/** Whatever was wrong with a process is over by now. */
function ailing(cluster: Cluster): readonly string[] {
  return [...cluster.rms.values()].flatMap(({ rm, host }) => {
    const condition = host?.condition();
    return condition === undefined || condition.kind === 'well' ? [] : [`rm-${rm} is still ${condition.kind}: ${condition.of.join()}`];
  });
}

/** @param locked gets what the bucket says is locked. */
async function inBucket(cluster: Cluster, bucket: BucketId, locked: Set<string>): Promise<readonly string[]> {
  const found: string[] = [];
  const undecided = await ask(cluster, bucket, { kind: 'undecided', bucket });
  if (undecided.kind !== 'undecided') found.push(`bucket ${bucket} does not say what is undecided: ${undecided.kind}`);
  else found.push(...undecided.transactions.map((one) => `bucket ${bucket}: ${one.key.replace('\0', '/')} is undecided for ${one.ageMs} ms`));
  const locks = await ask(cluster, bucket, { kind: 'locks', bucket, lockId: null });
  if (locks.kind !== 'locks') return [...found, `bucket ${bucket} does not say what is locked: ${locks.kind}`];
  for (const lock of locks.locks) {
    locked.add(lock.lockId);
    found.push(`bucket ${bucket}: ${lock.lockId} is still locked by ${lock.owner} until ${lock.untilMs}`);
  }
  return found;
}

/** The lock table repeats what buckets say, and their word has been judged; what it says beyond that is left over. */
async function inRedis(cluster: Cluster, accounts: readonly string[], locked: ReadonlySet<string>): Promise<readonly string[]> {
  const { dao, locks } = cluster.redis;
  const underWay = (await dao.pending(null, MAX_SHOWN)).filter((entry) => !isAheadOfTime(cluster, entry.createdAtMs));
  const found = underWay.map((entry) => `Redis says that ${entry.key.replace('\0', '/')} is under way`);
  for (const account of accounts) {
    const holder = locked.has(account) ? null : await locks.holder(account);
    if (holder !== null) found.push(`the lock table says that ${account} is held by ${holder.owners.join()}`);
  }
  return found;
}

/** Of a coordinator whose own clock ran ahead: nobody takes the entry over before it is old enough. Counted. */
function isAheadOfTime({ world }: Cluster, wallMs: number): boolean {
  const isAhead = wallMs > EPOCH_MS + world.time.nowMs();
  if (isAhead) world.counters.add('kept by a clock that ran ahead');
  return isAhead;
}

/** All voters hold in SQL what the leader has applied. @returns the voters. */
async function converged(cluster: Cluster, bucket: BucketId, findings: Findings): Promise<readonly RmId[]> {
  const { time } = cluster.world;
  let voters: readonly RmId[] = [];
  const describe = (): readonly (readonly [RmId, number | undefined])[] =>
    voters.map((rm) => [rm, cluster.machines.get(rm)?.sql.tables.buckets.get(bucket)?.checkpoint.applied.index]);
  const isConverged = (): boolean => {
    const leader = cluster.leaderOf(bucket);
    const status = cluster
      .host(leader)
      ?.status()
      .find((one) => one.group === bucket);
    if (status === undefined) return false;
    voters = status.voters.map(({ rm }) => rm);
    return status.lastIndex === status.appliedIndex && describe().every(([, index]) => index === status.appliedIndex);
  };
  const done = await time.runUntil(time.nowMs() + CONVERGE_MS, isConverged);
  findings.expect(
    done,
    'equal replicas',
    () =>
      `bucket ${bucket} did not come to rest: ${describe()
        .map(([rm, index]) => `rm-${rm}@${index}`)
        .join(' ')}`,
  );
  findings.expect(voters.length >= 3, 'equal replicas', () => `bucket ${bucket} has only ${voters.length} voters`);
  return voters;
}

async function ask(cluster: Cluster, bucket: BucketId, request: ParticipantRequest): Promise<ParticipantReply> {
  const leader = cluster.leaderOf(bucket);
  const manager = leader === null ? null : (cluster.rms.get(leader)?.manager ?? null);
  if (manager === null) return { kind: 'not-leader', leader: null };
  return cluster.world.time.until(manager.handle(request, 'tm'), ASK_MS, `asking bucket ${bucket}`);
}
