/**
 * The version of what instructions mean. Replicas of one bucket may run different builds during an upgrade, and equal
 * entries must have equal effects on all of them: so a changed meaning takes effect by an entry (genesis or set-policy)
 * at one index, and a build that does not know it stops there instead of diverging.
 */

/**
 * The newest that this build knows; it knows all earlier ones as well. 6 changed nothing in apply, which reads no hash: it says that leaders admit the
 * txn that is a hash of the body's bytes (ADR 14), and keeps programs that do not out of a bucket.
 */
export const SEMANTICS_VERSION = 9;

/** From here on an account's change is decided once: a refusal is recorded under its key like a change that was made (ADR 7). */
export const CHANGES_DECIDED_ONCE = 2;

/** From here on what would take an account's holds beyond 64 bits is refused; before, it was promised, and no database could store it. (ADR 8). */
export const HOLDS_BOUNDED_SINCE = 3;

/** From here on shared locks are rows, rows of locks name who holds them, and operators break locks. Leaders of older buckets propose none of it. */
export const LOCK_HOLDERS_SINCE = 4;

/** From here on pending credits have a bound of their own: before, a balance far below zero left room for more of them than a database could store. (ADR 8). */
export const PENDING_BOUNDED_SINCE = 5;

/** From here on one COMMIT or ACKNOWLEDGE may name many payments. Leaders of older buckets propose its members one by one. */
export const MANY_TOLD_SINCE = 7;

/** From here on instructions have moments, and payments a commit time (ADR 21). */
export const MOMENTS_SINCE = 8;

/** From here on slots move between buckets, and an acknowledgement at a bucket that is no longer the home changes nothing (ADR 29). */
export const SLOTS_MOVE_SINCE = 9;

/** Not a broken invariant: the entry is right, this build is too old for it. The replica must stop. */
export class UnknownSemantics extends Error {
  readonly kind = 'unknown-semantics';

  constructor(
    readonly bucket: number,
    readonly version: number,
  ) {
    super(`bucket ${bucket} applies semantics version ${version}, and this program knows versions up to ${SEMANTICS_VERSION}: upgrade it; its data are intact`);
    this.name = 'UnknownSemantics';
  }
}

/** @throws UnknownSemantics */
export function requireKnownSemantics(bucket: number, version: number): void {
  if (version > SEMANTICS_VERSION) throw new UnknownSemantics(bucket, version);
}
