/**
 * Whom one exchange asks next about a bucket (docs/adr/0013, points 4 and 5). A state machine without I/O: `next` says what to do,
 * `ended` and `left` say what came of it, and while an attempt is waited for `mayLeave` says whether that should end.
 *
 * - The known leader first, else the replicas in turn. One that failed is not asked again while there is another: a round asks
 *   everybody once; then comes a pause, and in later rounds one after each attempt. Only a later term makes somebody askable again
 *   within the round, or that a leader was only busy.
 * - A wait ends when another replica is named as the leader with a later term. A leader that is slow is not left.
 * - It also ends when others hear the leader although a question that was put to it meanwhile stays without an answer: then the
 *   way to it is broken, not the leader, and one of those that hear it is asked to pass the request on.
 * - Who is silent (silences.ts) is not asked itself before its answer to a question says that it is back.
 */
import type { BucketId, RmId } from '@mas/values';
import type { LeaderDirectory } from './leader-directory';

/** An attempt without an answer for so long: others are asked who leads, … */
export const ASK_OTHERS_MS = 150;
/** … this often. */
export const QUESTION_MS = 50;

export type RouteStep =
  /** Send the request to `rm`; or to `through`, with the wish to pass it on to the leader. */
  | Route
  /** Put the question who leads to all replicas, and go on as soon as `canGoOn`, at most QUESTION_MS later. */
  | { readonly kind: 'question' }
  /** Everybody has been asked, or the leader is busy: wait a while, put the question meanwhile, and go on as soon as `canGoOn`. */
  | { readonly kind: 'pause' }
  /** The placement names no replica. */
  | { readonly kind: 'nobody' };

export interface Route {
  readonly kind: 'ask';
  readonly rm: RmId;
  readonly through: RmId | null;
}

/** What came of an attempt. */
export type AttemptEnd =
  /** With what only a leader says. */
  | { readonly kind: 'answered' }
  /** It has an answer for its caller that any replica would give. */
  | { readonly kind: 'refused' }
  /** It says that it does not lead, has no quorum or no replica. */
  | { readonly kind: 'not-leading'; readonly leader: RmId | null }
  /** It cannot serve just now. */
  | { readonly kind: 'busy' }
  /** It could not be reached, or said nothing in time. */
  | { readonly kind: 'silent' }
  /** It does not know itself what becomes of the request, or the connection broke. */
  | { readonly kind: 'unknown' };

interface Tried {
  /** The latest that was known. */
  readonly term: number;
  readonly atMs: number;
  readonly isBusy: boolean;
}

interface Attempt extends Route {
  readonly sinceMs: number;
  /** Of the leadership it was believed to have; null: it was only a guess or a hint. */
  readonly believedTerm: number | null;
}

export class RouteSearch {
  private readonly tried = new Map<RmId, Tried>();
  private readonly relaysTried = new Set<RmId>();
  private attempt: Attempt | null = null;
  private hasQuestioned = false;
  private isPausing = false;
  private mustPause = false;
  private isRoundOver = false;
  private isFirstRound = true;

  /** @param self never asked to pass anything on: it is who asks. */
  constructor(
    private readonly directory: LeaderDirectory,
    private readonly bucket: BucketId,
    private readonly self: RmId | null,
  ) {}

  next(nowMs: number): RouteStep {
    this.isPausing = false;
    if (this.isRoundOver) this.beginRound();
    const { directory, bucket } = this;
    const replicas = directory.replicasOf(bucket);
    if (replicas.length === 0) return { kind: 'nobody' };
    if (this.mustPause) return this.pause(replicas.every((rm) => this.tried.has(rm)));
    const route = this.wayToLeader(nowMs);
    if (route !== null) return this.begin(route, nowMs);
    const leader = directory.leaderHint(bucket);
    if (leader !== undefined && directory.silences.isSilent(leader) && !this.hasQuestioned && replicas.length > 1) {
      this.hasQuestioned = true;
      return { kind: 'question' };
    }
    const left = replicas.filter((rm) => !this.tried.has(rm));
    const rm = left.find((each) => !directory.silences.isSilent(each)) ?? left[0];
    return rm === undefined ? this.pause(true) : this.begin({ kind: 'ask', rm, through: null }, nowMs);
  }

  /** While it pauses or has put the question: there is somebody to ask now. Of a bucket that was retired nobody is asked, however well its last leader is known. */
  canGoOn(nowMs: number): boolean {
    return this.directory.replicasOf(this.bucket).length > 0 && this.wayToLeader(nowMs) !== null;
  }

  /** While an attempt is waited for: it has become known that somebody else should be asked, or in another way. */
  mayLeave(nowMs: number): boolean {
    const { attempt } = this;
    const route = this.wayToLeader(nowMs);
    if (attempt === null || route === null) return false;
    if (route.rm === attempt.rm) return attempt.through === null && route.through !== null;
    return attempt.believedTerm === null || this.directory.latestTerm(this.bucket) > attempt.believedTerm;
  }

  /** The attempt is no longer waited for; whether it took effect is not known. */
  left(nowMs: number): void {
    this.ended({ kind: 'silent' }, nowMs);
    this.mustPause = false;
  }

  ended(end: AttemptEnd, nowMs: number): void {
    const { attempt, directory, bucket } = this;
    if (attempt === null) return;
    this.attempt = null;
    const asked = attempt.through ?? attempt.rm;
    if (end.kind === 'silent') directory.silences.silent(asked, attempt.sinceMs, nowMs);
    else if (end.kind !== 'unknown') directory.silences.answered(asked, nowMs);
    if (end.kind === 'answered' || end.kind === 'refused') {
      if (end.kind === 'answered' && attempt.through === null) directory.learned(bucket, attempt.rm);
      return;
    }
    this.mustPause = end.kind === 'busy' || !this.isFirstRound;
    if (attempt.through === null) this.failed(attempt.rm, end, nowMs);
    else {
      this.relaysTried.add(attempt.through);
      directory.dismiss(bucket, attempt.through);
    }
    if (end.kind === 'not-leading' && end.leader !== null && end.leader !== attempt.rm) directory.hinted(bucket, end.leader);
  }

  private failed(rm: RmId, end: AttemptEnd, nowMs: number): void {
    const { directory, bucket } = this;
    this.tried.set(rm, { term: directory.latestTerm(bucket), atMs: nowMs, isBusy: end.kind === 'busy' });
    // Who is silent may still lead: others say so, and hear it, or name another.
    if (end.kind !== 'silent') directory.failed(bucket, rm);
  }

  /** To whoever is known as the leader, as far as it has not failed. */
  private wayToLeader(nowMs: number): Route | null {
    const { directory, bucket } = this;
    const leader = directory.leader(bucket);
    if (leader === null) return null;
    const { rm } = leader;
    if (!directory.silences.isSilent(rm) && this.attempt?.rm !== rm && this.isAskable(rm)) return { kind: 'ask', rm, through: null };
    const relay = this.relayTo(rm, nowMs);
    return relay === null ? null : { kind: 'ask', rm, through: relay };
  }

  private isAskable(rm: RmId): boolean {
    const { directory, bucket } = this;
    const tried = this.tried.get(rm);
    if (tried === undefined) return true;
    const leader = directory.leader(bucket);
    if (leader !== null && leader.isSure && leader.term > tried.term) return true;
    return tried.isBusy && !this.isPausing && directory.witnesses(bucket, rm).some((witness) => witness.saidMs >= tried.atMs);
  }

  private relayTo(leader: RmId, nowMs: number): RmId | null {
    const { directory, bucket } = this;
    if (!directory.silences.isOutOfReach(leader, nowMs)) return null;
    let best: { readonly rm: RmId; readonly heardMs: number } | null = null;
    for (const { rm, heardMs } of directory.witnesses(bucket, leader)) {
      if (heardMs === null || rm === leader || rm === this.self || this.relaysTried.has(rm) || directory.silences.isSilent(rm)) continue;
      if (best === null || heardMs > best.heardMs) best = { rm, heardMs };
    }
    return best?.rm ?? null;
  }

  private begin(route: Route, nowMs: number): Route {
    const leader = this.directory.leader(this.bucket);
    this.attempt = { ...route, sinceMs: nowMs, believedTerm: leader !== null && leader.rm === route.rm && leader.isSure ? leader.term : null };
    return route;
  }

  private pause(isRoundOver: boolean): RouteStep {
    this.mustPause = false;
    this.isPausing = true;
    this.isRoundOver = isRoundOver;
    return { kind: 'pause' };
  }

  private beginRound(): void {
    this.isRoundOver = false;
    this.isFirstRound = false;
    this.hasQuestioned = false;
    this.tried.clear();
    this.relaysTried.clear();
  }
}
