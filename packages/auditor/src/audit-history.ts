/** All that rows at rest and the histories of clients can be asked, in one go. */
import { auditAnswers } from './answers';
import type { Decisions } from './decisions';
import type { FinalState } from './final-rows';
import type { Findings } from './findings';
import type { History } from './history';
import type { HoldsSeen } from './holds';
import { auditIds } from './ids';
import { auditLockHistory } from './lock-history';
import { auditMoments } from './moments';
import { auditMoney } from './money';
import { auditSerializability, type ReadFigures } from './serializability';
import type { SlotPlaces } from './slot-places';

export interface Evidence {
  readonly state: FinalState;
  readonly history: History;
  readonly decisions: Decisions;
  readonly holds: HoldsSeen;
  readonly places: SlotPlaces;
}

export function auditHistory({ state, history, decisions, holds, places }: Evidence, findings: Findings): ReadFigures {
  auditMoney(state, history, findings);
  auditMoments({ state, history, decisions, places }, findings);
  auditAnswers(state, history, decisions, holds, findings);
  auditIds(state, history, findings);
  auditLockHistory(history, holds, places, findings);
  return auditSerializability({ state, history, decisions, places }, findings);
}
