/** The deliberate bugs: each of a kind that consensus, commit protocols, locks and stores really had. */
import { CONSENSUS_MUTATIONS } from './consensus-mutations';
import { HALF_BROKEN_MUTATIONS } from './half-broken-mutations';
import { HOME_MUTATIONS } from './home-mutations';
import { LEDGER_MUTATIONS } from './ledger-mutations';
import { LOCK_MUTATIONS } from './lock-mutations';
import { MEMBERSHIP_MUTATIONS } from './membership-mutations';
import { MOMENT_MUTATIONS } from './moment-mutations';
import type { Mutation } from './mutation';
import { PROMISE_MUTATIONS } from './promise-mutations';
import { PROTOCOL_MUTATIONS } from './protocol-mutations';
import { REPLICATION_MUTATIONS } from './replication-mutations';
import { TIME_MUTATIONS } from './time-mutations';
import { SLOT_MUTATIONS } from './slot-mutations';
import { VIEW_MUTATIONS } from './view-mutations';

export const MUTATIONS: readonly Mutation[] = [
  ...REPLICATION_MUTATIONS,
  ...PROTOCOL_MUTATIONS,
  ...LEDGER_MUTATIONS,
  ...MEMBERSHIP_MUTATIONS,
  ...HALF_BROKEN_MUTATIONS,
  ...TIME_MUTATIONS,
  ...MOMENT_MUTATIONS,
  ...PROMISE_MUTATIONS,
  ...HOME_MUTATIONS,
  ...LOCK_MUTATIONS,
  ...VIEW_MUTATIONS,
  ...SLOT_MUTATIONS,
  ...CONSENSUS_MUTATIONS,
];
