/** Links of a bucket's leader that break while everybody else reaches everybody else: both ways, or one. */
import type { BucketId } from '@mas/values';
import type { Cluster } from '../cluster/cluster';

type Way = readonly [from: string, to: string];

export interface BrokenLink {
  readonly text: string;
  readonly ways: readonly Way[];
}

export type Picks = <Item>(items: readonly Item[]) => Item;

/** Null: the bucket has no leader. All of a leader's peers at once, both ways, is another fault's part (peers cut off). */
export function singleLink(cluster: Cluster, bucket: BucketId, pick: Picks): BrokenLink | null {
  const link = linkOf(cluster, bucket, pick, ['a coordinator', 'one follower']);
  return link === null ? null : { text: `${link.leader} and ${link.others.join()} do not reach each other`, ways: [...link.there, ...link.back] };
}

export function oneWayCut(cluster: Cluster, bucket: BucketId, pick: Picks): BrokenLink | null {
  const link = linkOf(cluster, bucket, pick, ['a coordinator', 'one follower', 'all followers']);
  if (link === null) return null;
  const isHeard = pick([true, false]);
  return {
    text: isHeard ? `${link.leader} hears nothing of ${link.others.join()}` : `nothing of ${link.leader} reaches ${link.others.join()}`,
    ways: isHeard ? link.back : link.there,
  };
}

interface Link {
  readonly leader: string;
  readonly others: readonly string[];
  readonly there: readonly Way[];
  readonly back: readonly Way[];
}

function linkOf(cluster: Cluster, bucket: BucketId, pick: Picks, between: readonly ('a coordinator' | 'one follower' | 'all followers')[]): Link | null {
  const rm = cluster.leaderOf(bucket);
  const followers = (
    cluster
      .host(rm)
      ?.status()
      .find((one) => one.group === bucket)?.voters ?? []
  )
    .filter((voter) => voter.rm !== rm)
    .map((voter) => `rm-${voter.rm}`);
  if (rm === null || followers.length === 0) return null;
  const leader = `rm-${rm}`;
  const kind = pick(between);
  const others = kind === 'a coordinator' ? [pick(cluster.tmNames)] : kind === 'one follower' ? [pick(followers)] : followers;
  return { leader, others, there: others.map((other) => [leader, other]), back: others.map((other) => [other, leader]) };
}
