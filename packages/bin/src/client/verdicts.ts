/**
 * How each bucket fares, from what its replicas and the placement say: OK, DEGRADED (it serves, with fewer replicas than it should
 * have), NO LEADER (enough replicas for one; an election takes a second or two) or NO QUORUM (too few replicas answer). Of a bucket that is being founded nobody needs
 * anything yet: at worst it is DEGRADED.
 */
import { founderOf, META_GROUP, placements, type ClusterNode } from '@mas/placement';
import type { ClusterStatus } from '@mas/rpc';
import type { BucketId, RmId } from '@mas/values';
import { CommandFailed, EXIT } from './exit-codes';

export interface Verdict {
  readonly bucket: BucketId;
  readonly verdict: 'OK' | 'DEGRADED' | 'NO LEADER' | 'NO QUORUM';
  readonly up: number;
  readonly replicas: number;
  readonly needed: number;
  readonly leader: RmId | null;
  /** What keeps it from being OK; empty when it is. */
  readonly reasons: readonly string[];
}

/** A replica that has applied so much less than is committed would take long to lead. */
const MAX_LAG_ENTRIES = 10_000;

export function verdictsOf(status: ClusterStatus): readonly Verdict[] {
  return placements(status.placement).map(({ bucket, replicas }) => verdictOf(status, bucket, replicas));
}

function verdictOf({ replicas: all, placement }: ClusterStatus, bucket: BucketId, placed: readonly RmId[]): Verdict {
  const answering = all.filter((one) => one.bucket === bucket && placed.includes(one.rm));
  // It takes no part any more; which entry it met stands in a line of its own.
  const stopped = answering.filter((one) => one.role === 'stopped').map((one) => one.rm);
  const seen = answering.filter((one) => one.role !== 'stopped');
  const needed = Math.floor(placed.length / 2) + 1;
  const [leader] = seen.filter((one) => one.role === 'leader').sort((a, b) => b.term - a.term);
  const followed = leader === undefined ? 0 : seen.filter((one) => one.leader === leader.rm && one.term === leader.term).length;
  const commit = Math.max(0, ...seen.map((one) => one.commitIndex));
  const behind = seen.filter((one) => commit - one.appliedIndex > MAX_LAG_ENTRIES);
  const missing = placed.filter((rm) => answering.every((one) => one.rm !== rm));
  const nodes = placement.cluster?.nodes.filter(({ rm }) => placed.includes(rm)) ?? [];
  const lost = nodes.filter(({ isLost }) => isLost).map(({ rm }) => rm);
  const joining = leader === undefined ? [] : nodes.filter((node) => !node.isLost && node.ordinal > 0 && !isSettled(leader, node)).map(({ rm }) => rm);
  const reasons = [
    ...(missing.length === 0 ? [] : [`${named(missing)} ${missing.length === 1 ? 'does' : 'do'} not answer`]),
    ...(stopped.length === 0 ? [] : [`${named(stopped)} ${stopped.length === 1 ? 'is' : 'are'} stopped`]),
    ...(lost.length === 0 ? [] : [`the disk of ${named(lost)} is lost: start it with --rejoin`]),
    ...(joining.length === 0 ? [] : [`the new disk of ${named(joining)} is being filled`]),
    ...behind.map((one) => `rm-${one.rm} is ${commit - one.appliedIndex} entries behind`),
  ];
  const of = { bucket, up: seen.length, replicas: placed.length, needed };
  const founder = founderOf(placement, bucket);
  if (founder !== null) return { ...of, leader: leader?.rm ?? null, verdict: 'DEGRADED', reasons: [...reasons, `rm-${founder.rm} is founding it`] };
  if (seen.length < needed) return { ...of, leader: null, verdict: 'NO QUORUM', reasons };
  if (leader === undefined || followed < needed) return { ...of, leader: null, verdict: 'NO LEADER', reasons: [...reasons, 'no replica leads a majority'] };
  return { ...of, leader: leader.rm, verdict: reasons.length === 0 ? 'OK' : 'DEGRADED', reasons };
}

/** The newest incarnation votes, and no older one has a part. */
function isSettled({ voters, learners }: ClusterStatus['replicas'][number], { rm, ordinal }: ClusterNode): boolean {
  return voters.some((one) => one.rm === rm && one.ordinal === ordinal) && [...voters, ...learners].every((one) => one.rm !== rm || one.ordinal === ordinal);
}

export function verdictLines(verdicts: readonly Verdict[]): string {
  const names = verdicts.map(nameOf);
  const width = Math.max(...names.map((name) => name.length));
  return verdicts
    .map((one, at) =>
      [
        (names[at] ?? '').padEnd(width),
        one.verdict.padEnd(9),
        [`${one.up} of ${one.replicas} replicas up, ${one.needed} needed`, ...one.reasons].join('; '),
      ].join('  '),
    )
    .join('\n');
}

/** @throws CommandFailed unless all is well. */
export function failUnlessHealthy(verdicts: readonly Verdict[]): void {
  const bad = verdicts.filter((one) => one.verdict !== 'OK');
  if (bad.length === 0) return;
  const serves = bad.every((one) => one.verdict === 'DEGRADED');
  const reason = serves ? 'CLUSTER_DEGRADED' : 'CLUSTER_UNAVAILABLE';
  throw new CommandFailed(serves ? EXIT.degraded : EXIT.unavailable, `${reason}: ${bad.map((one) => `${nameOf(one)}: ${one.verdict}`).join('; ')}`, {
    reason,
    buckets: bad,
  });
}

function nameOf({ bucket }: Verdict): string {
  return bucket === META_GROUP ? 'meta' : `bucket ${bucket}`;
}

function named(rms: readonly RmId[]): string {
  return rms.map((rm) => `rm-${rm}`).join(' and ');
}
