/**
 * Applying COMMIT and ACKNOWLEDGE of many payments: member by member, in order, each as if it had come alone. One that fails stops no other, for it is
 * another payment's.
 */
import type { Applying } from './applying';
import { acknowledge } from './housekeeping';
import type { AcknowledgeMany, CommitMany } from './instruction';
import { joinedOutcome } from './members';
import type { Outcome } from './outcome';
import { commit } from './phases';

export function commitMany(a: Applying, { legs }: CommitMany): Outcome {
  return joinedOutcome(
    legs.map((leg) => {
      a.beginAt(leg.commitUs ?? 0);
      return commit(a, leg);
    }),
  );
}

export function acknowledgeMany(a: Applying, { told }: AcknowledgeMany): Outcome {
  return joinedOutcome(
    told.map((legs) => {
      a.beginAt(0);
      return acknowledge(a, legs);
    }),
  );
}
