/**
 * One leg of a global transaction, as its coordinator sees it. A leg in the home's own bucket has no life of its own:
 * the home's decision checks and applies it in the same entry.
 */
import type { LegSpec } from '@mas/ledger';
import type { BucketId, TxnId } from '@mas/values';

export type LocalState =
  /** Lives in the home's bucket. */
  | 'at-home'
  /** Remote, nothing sent. */
  | 'idle'
  | 'preparing'
  /** LOCKED, WAIT or WRONG_BUCKET was answered; to be asked again. Nothing is recorded by that. */
  | 'held-up'
  /** Promised, or committed by an earlier attempt. */
  | 'prepared'
  /** Refused, aborted earlier, or not reachable; PREPARE may still take effect in the last case. */
  | 'failed'
  | 'telling'
  | 'told'
  /** Not told in time: the home's leader tells it. */
  | 'left-to-home';

export interface LocalTransaction {
  readonly spec: LegSpec;
  readonly bucket: BucketId;
  readonly state: LocalState;
  /** A PREPARE of this attempt was sent and not certainly refused: the leg has to hear the end. */
  readonly touched: boolean;
  /** Undecided transactions to be named in the next PREPARE. */
  readonly undecided: readonly TxnId[];
  readonly retries: number;
  /** The promise's moment, where its bucket has said one. */
  readonly preparedUs: number | null;
}

export function localTransaction(spec: LegSpec, bucket: BucketId, homeBucket: BucketId): LocalTransaction {
  return { spec, bucket, state: bucket === homeBucket ? 'at-home' : 'idle', touched: false, undecided: NONE, retries: 0, preparedUs: null };
}

const NONE: readonly TxnId[] = [];

export type LegPatch = Partial<Pick<LocalTransaction, 'state' | 'touched' | 'undecided' | 'retries' | 'preparedUs'>>;

/** Field by field, for the reason that withStep gives. */
export function patched(leg: LocalTransaction, patch: LegPatch): LocalTransaction {
  return {
    spec: leg.spec,
    bucket: leg.bucket,
    state: patch.state ?? leg.state,
    touched: patch.touched ?? leg.touched,
    undecided: patch.undecided ?? leg.undecided,
    retries: patch.retries ?? leg.retries,
    preparedUs: patch.preparedUs ?? leg.preparedUs,
  };
}

/** The leg's slot is now in another bucket: what it was promised moved along. */
export function replaced(leg: LocalTransaction, bucket: BucketId, homeBucket: BucketId): LocalTransaction {
  const unsent = leg.state === 'at-home' || leg.state === 'idle' || leg.state === 'held-up';
  if (!unsent) return leg.bucket === bucket ? leg : { ...leg, bucket };
  return { ...leg, bucket, state: bucket === homeBucket ? 'at-home' : 'idle' };
}
