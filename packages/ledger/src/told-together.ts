/**
 * Applying COMMIT and ACKNOWLEDGE of many payments: member by member, in order, each as if it had come alone. One that fails stops no other, for it is
 * another payment's.
 */
import { invariant } from '@mas/values';
import type { Applying } from './applying';
import { acknowledge } from './housekeeping';
import type { AcknowledgeMany, CommitMany } from './instruction';
import { joinedOutcome } from './members';
import type { Outcome } from './outcome';
import { commit } from './phases';
import { MANY_TOLD_SINCE } from './semantics';

export function commitMany(a: Applying, { legs }: CommitMany): Outcome {
  requireMany(a);
  return joinedOutcome(
    legs.map((leg) => {
      a.beginAt(leg.commitUs ?? 0);
      return commit(a, leg);
    }),
  );
}

export function acknowledgeMany(a: Applying, { told }: AcknowledgeMany): Outcome {
  requireMany(a);
  return joinedOutcome(
    told.map((legs) => {
      a.beginAt(0);
      return acknowledge(a, legs);
    }),
  );
}

/** A replica of an older program could not have applied the entry: no leader of ours proposes it to such a bucket. */
function requireMany({ state }: Applying): void {
  const { semanticsVersion: version } = state;
  if (version < MANY_TOLD_SINCE)
    invariant(false, 'a bucket is told of many payments at once from that semantics version on', { version, since: MANY_TOLD_SINCE });
}
