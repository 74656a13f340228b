/** Names of refusals and reasons, from text. A name that this version does not know is malformed, not a new reason. */
import { COORDINATOR_REASON_NAMES, REFUSAL_NAMES, type AbortReason, type AlarmName, type RefusalName } from '@mas/ledger';
import type { WireReader } from '../wire/wire-reader';

const REFUSALS: ReadonlyMap<string, RefusalName> = new Map(REFUSAL_NAMES.map((name) => [name, name]));
const REASONS: ReadonlyMap<string, AbortReason['name']> = new Map([...REFUSAL_NAMES, ...COORDINATOR_REASON_NAMES].map((name) => [name, name]));
const ALARM_NAMES: Readonly<Record<AlarmName, true>> = {
  COMMIT_WITHOUT_PREPARE: true,
  COMMIT_OF_ABORTED_LEG: true,
  ROLLBACK_OF_COMMITTED_LEG: true,
  COMMIT_NOT_BEHIND_PREPARE: true,
  COMMIT_TIMES_DIFFER: true,
  UNKNOWN_OUTCOME_ACKNOWLEDGED: true,
};

export function readRefusalName(reader: WireReader, text: string): RefusalName {
  return REFUSALS.get(text) ?? reader.fail('an unknown refusal');
}

export function readReasonName(reader: WireReader, text: string): AbortReason['name'] {
  return REASONS.get(text) ?? reader.fail('an unknown reason');
}

export function readAlarmName(reader: WireReader, text: string): AlarmName {
  return isAlarmName(text) ? text : reader.fail('an unknown alarm');
}

function isAlarmName(text: string): text is AlarmName {
  return Object.hasOwn(ALARM_NAMES, text);
}
