/**
 * An id belongs to one request of any kind: of all that was asked under it, payments, openings and changes of accounts, at most one
 * was ever answered with anything but a conflict, and what is recorded is what it is bound to.
 */
import { changeRecordKey, type OutcomeRow } from '@mas/ledger';
import { splitPaymentKey, type AccountNumber, type PaymentKey } from '@mas/values';
import { show } from './decisions';
import type { FinalState } from './final-rows';
import type { Findings } from './findings';
import { verdictOf, type History } from './history';
import { rendered } from './rendered';

const RULE = 'an id belongs to one request';
/** An account's change lies under an id that names the account and holds a space, as no caller's does. */
const CHANGE_RECORD = /^\{([^}]+)\} /;

export function auditIds(state: FinalState, history: History, findings: Findings): void {
  for (const [key, answered] of answeredUnder(history))
    findings.expect(answered.size <= 1, RULE, () => `${show(key)} served ${[...answered].sort().join(' and ')}`);
  const asked = new Set<PaymentKey>([...history.payments.keys(), ...history.otherRequests.map((request) => request.key)]);
  const bound = state.outcomes.filter((outcome) => outcome.body.legs.length === 0 && asked.has(outcome.key));
  for (const outcome of state.outcomes) {
    const [, number] = CHANGE_RECORD.exec(splitPaymentKey(outcome.key).id) ?? [];
    if (number === undefined) findings.expect(asked.has(outcome.key), 'nothing out of nothing', () => `${show(outcome.key)} was decided, nobody asked for it`);
    else
      findings.expect(
        bound.some((binding) => isBoundTo(binding, outcome, number as AccountNumber)),
        RULE,
        () => `${show(outcome.key)} was decided for ${outcome.body.memo}, to which no id is bound`,
      );
  }
}

function answeredUnder(history: History): ReadonlyMap<PaymentKey, ReadonlySet<string>> {
  const answered = new Map<PaymentKey, Set<string>>();
  const note = (key: PaymentKey, what: string): void => void answered.set(key, (answered.get(key) ?? new Set()).add(what));
  for (const payment of history.payments.values()) if (verdictOf(payment) === 'committed' || verdictOf(payment) === 'aborted') note(payment.key, 'a payment');
  for (const { key, what, heard } of history.otherRequests) if (heard !== null) note(key, what);
  return answered;
}

function isBoundTo(binding: OutcomeRow, record: OutcomeRow, number: AccountNumber): boolean {
  return changeRecordKey(binding.key, binding.txn, number) === record.key && rendered(binding.body) === rendered(record.body);
}
