/** What answers alone tell of a payment: one that never came leaves everything open. */
import { verdictOf, type PaymentHistory } from './index';
import { soundLedger } from './testing/sound-ledger';

const world = soundLedger();
const [refused, none] = [world.payment('typo').attempts[0]!, world.payment('errand').attempts[0]!];
const unsure = { ...refused, answer: { ok: true as const, value: { kind: 'unknown' as const, txn: world.outcome('bill').txn, message: 'ask again' } } };

test.each<[string, PaymentHistory['attempts'], ReturnType<typeof verdictOf>]>([
  ['a commit', world.payment('bill').attempts, 'committed'],
  ['an abort', world.payment('wish').attempts, 'aborted'],
  ['a commit after no answer', world.payment('gift').attempts, 'committed'],
  ['a refusal', [refused, refused], 'refused'],
  ['no answer', [none], 'unknown'],
  ['no answer and a refusal', [none, refused], 'unknown'],
  ['an answer that does not know and a refusal', [unsure, refused], 'unknown'],
  ['no attempt', [], 'unknown'],
])('%s', (_name, attempts, verdict) => {
  expect(verdictOf({ ...world.payment('bill'), attempts })).toBe(verdict);
});
