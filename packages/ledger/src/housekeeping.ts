/** Instructions about the bucket itself: genesis and policy, acknowledged deliveries, expired authorizations. */
import { present } from '@mas/values';
import type { Applying } from './applying';
import type { Expire, Genesis, SetPolicy, ToldLegs } from './instruction';
import { expiredChange } from './leg-changes';
import type { Outcome } from './outcome';
import { OwnOutcome } from './own-rows';
import { alarm } from './phases';
import { requireKnownSemantics, SLOTS_MOVE_SINCE } from './semantics';
import { refused } from './verdict';

const DONE: Outcome = { kind: 'done' };

/** A bucket begins once; a repetition changes nothing. @throws UnknownSemantics */
export function genesis(a: Applying, { slots, epoch, policy, semanticsVersion }: Genesis): Outcome {
  requireKnownSemantics(a.state.bucket, semanticsVersion);
  if (a.state.policy !== null) return DONE;
  a.state.takeSlots(slots, epoch);
  a.state.policy = policy;
  a.state.raiseSemantics(semanticsVersion);
  return DONE;
}

/** Versions make the order of arrival irrelevant. Accounts keep the minimum that they were created with. @throws UnknownSemantics */
export function setPolicy(a: Applying, { policy, semanticsVersion, subject }: SetPolicy): Outcome {
  if (subject.kind === 'account') return refused('NOT_AUTHORIZED', null, { subject: subject.account });
  requireKnownSemantics(a.state.bucket, semanticsVersion);
  if (a.state.policy === null) return DONE;
  a.state.raiseSemantics(semanticsVersion);
  if (policy.version > a.state.policy.version) a.state.policy = policy;
  return DONE;
}

export function acknowledge(a: Applying, { key, txn, accounts }: ToldLegs): Outcome {
  const wrong = a.state.semanticsVersion >= SLOTS_MOVE_SINCE ? a.wrongBucket(a.state.homeOf(key)) : null;
  if (wrong !== null) return wrong;
  const outcome = a.outcome(key);
  if (outcome === undefined || outcome.txn !== txn) return alarm('UNKNOWN_OUTCOME_ACKNOWLEDGED', txn, present(accounts[0], 'acknowledged account'));
  const untold = outcome.untold.filter((leg) => !accounts.includes(leg.account));
  if (untold.length === outcome.untold.length) return DONE;
  const told = OwnOutcome.of(outcome);
  told.untold = untold;
  a.putOutcome(told);
  return DONE;
}

/** Asked by a leader's clock, decided by the entry's stamp. A capture in doubt keeps the reservation. */
export function expire(a: Applying, { account: number, txn }: Expire): Outcome {
  const wrong = a.wrongBucket(a.state.slotOf(number));
  if (wrong !== null) return wrong;
  const leg = a.leg(number, txn);
  if (leg?.reservation?.status !== 'open' || a.stampMs < leg.reservation.expiresAtMs) return DONE;
  const account = present(a.account(number), 'account of an authorization');
  a.store({ ...expiredChange(account, leg), reference: null, movedMinor: 0n });
  return DONE;
}
