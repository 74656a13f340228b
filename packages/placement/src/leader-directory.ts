/**
 * What a process knows of the buckets' leaders: who was named or has answered as one, in which term, and which replicas hear
 * it. Pure bookkeeping for whoever sends; hints only change speed, never correctness, because a replica that does not lead
 * refuses. Whom to ask next is route-search.ts's affair.
 */
import type { BucketId, RmId } from '@mas/values';
import { META_GROUP, type PlacementIndex } from './placement-map';
import { rosterOf } from './roster';
import { Silences } from './silences';

/** A replica's own knowledge, which may be old: the later term is right. */
export interface Leadership {
  readonly leader: RmId | null;
  readonly term: number;
  /** How long ago the replica has heard the leader's process; 0 if it leads itself, null if it has no leader or misses it. */
  readonly heardAgoMs: number | null;
}

export interface KnownLeader {
  readonly rm: RmId;
  /** Of its leadership, or an earlier one. */
  readonly term: number;
  /** It has answered as the leader, or a replica has named it with its term. Else it is a hint without a term. */
  readonly isSure: boolean;
}

/** A replica that names a leader. */
export interface Witness {
  readonly rm: RmId;
  readonly leader: RmId;
  readonly term: number;
  readonly saidMs: number;
  /** When it has heard the leader's process, at the earliest. */
  readonly heardMs: number | null;
}

interface Known {
  leader: RmId | null;
  isSure: boolean;
  /** The latest that anybody has named; it outlives its leader, so that nobody older is believed. */
  term: number;
  readonly witnesses: Map<RmId, Witness>;
}

export class LeaderDirectory {
  readonly silences = new Silences();
  private readonly known = new Map<BucketId, Known>();

  constructor(private index: PlacementIndex) {}

  /** Takes a newer map; an older or equal one is ignored, and so is one of another cluster. */
  adopt(index: PlacementIndex): boolean {
    const [ours, theirs] = [this.index.map.cluster, index.map.cluster];
    if (ours !== null && theirs !== null && ours.clusterId !== theirs.clusterId) return false;
    if (index.map.version <= this.index.map.version) return false;
    this.index = index;
    return true;
  }

  placement(): PlacementIndex {
    return this.index;
  }

  replicasOf(bucket: BucketId): readonly RmId[] {
    if (bucket === META_GROUP) return rosterOf(this.index.map).meta;
    return this.index.replicasOf(bucket);
  }

  /** Who is asked about it: its replicas, and a leader that has been moved where the map does not have it yet. */
  askedAbout(bucket: BucketId): readonly RmId[] {
    const replicas = this.replicasOf(bucket);
    const leader = this.leaderHint(bucket);
    return leader === undefined || replicas.includes(leader) ? replicas : [...replicas, leader];
  }

  leaderHint(bucket: BucketId): RmId | undefined {
    return this.known.get(bucket)?.leader ?? undefined;
  }

  leader(bucket: BucketId): KnownLeader | null {
    const known = this.known.get(bucket);
    return known === undefined || known.leader === null ? null : { rm: known.leader, term: known.term, isSure: known.isSure };
  }

  /** The latest that anybody has named; 0 before. */
  latestTerm(bucket: BucketId): number {
    return this.known.get(bucket)?.term ?? 0;
  }

  /** Those that name this leader, in no older term than the latest. */
  witnesses(bucket: BucketId, leader: RmId): readonly Witness[] {
    const known = this.known.get(bucket);
    return known === undefined ? [] : [...known.witnesses.values()].filter((witness) => witness.leader === leader && witness.term >= known.term);
  }

  /** It has answered as only a leader does. */
  learned(bucket: BucketId, leader: RmId): void {
    const known = this.of(bucket);
    known.leader = leader;
    known.isSure = true;
  }

  /** A reply named it without a term: believed where nobody better is known. */
  hinted(bucket: BucketId, leader: RmId): void {
    const known = this.of(bucket);
    if (known.leader !== null) return;
    known.leader = leader;
    known.isSure = false;
  }

  /** `rm` did not lead, or did not answer: the hint is dropped if it named that RM. */
  failed(bucket: BucketId, rm: RmId): void {
    const known = this.known.get(bucket);
    if (known === undefined || known.leader !== rm) return;
    known.leader = null;
    known.isSure = false;
  }

  /** `from` was asked at `askedMs` who leads and has answered. */
  said(bucket: BucketId, from: RmId, { leader, term, heardAgoMs }: Leadership, askedMs: number, nowMs: number): void {
    this.silences.answered(from, nowMs);
    this.silences.took(from, askedMs, nowMs);
    const known = this.of(bucket);
    if (leader === null) {
      known.witnesses.delete(from);
      return;
    }
    // At the earliest: the answer may have waited in a socket while this process stood still.
    const heardMs = heardAgoMs === null ? null : askedMs - heardAgoMs;
    known.witnesses.set(from, { rm: from, leader, term, saidMs: nowMs, heardMs });
    if (heardMs !== null && from !== leader) this.silences.livedAt(leader, heardMs);
    if (term < known.term || (term === known.term && known.isSure)) return;
    known.leader = leader;
    known.term = term;
    known.isSure = true;
  }

  /** Through `rm` the leader could not be reached. */
  dismiss(bucket: BucketId, rm: RmId): void {
    this.known.get(bucket)?.witnesses.delete(rm);
  }

  private of(bucket: BucketId): Known {
    let known = this.known.get(bucket);
    if (known === undefined) {
      known = { leader: null, isSure: false, term: 0, witnesses: new Map() };
      this.known.set(bucket, known);
    }
    return known;
  }
}
