/**
 * Whose balances a payment's answer shows. Home records those of all its own accounts, the receiver's too where both live in one
 * bucket; a token of one account reads that account's only, and must not learn another's by paying it a cent.
 */
import type { Caller, PaymentResult, Reply } from '@mas/transaction-coordinator';

export function ownBalances({ subject }: Pick<Caller, 'subject'>, reply: Reply<PaymentResult>): Reply<PaymentResult> {
  if (subject.kind !== 'account' || !reply.ok || reply.value.kind !== 'committed') return reply;
  return { ok: true, value: { ...reply.value, balances: reply.value.balances.filter((one) => one.account === subject.account) } };
}
