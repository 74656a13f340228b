/** The reads of one statement are many calls; whoever asks for it waits once. */
import type { MasClient } from '../calls/mas-client';
import type { StatementReads } from './read-statement';

/** Reads that together may take as long as one call of this client. */
export function readsInTime(client: MasClient): StatementReads {
  const untilMs = performance.now() + client.timeoutMs;
  const inTime = (): MasClient => client.with({ timeoutMs: Math.max(1, untilMs - performance.now()) });
  return {
    getAccounts: (numbers, level, atUs) => inTime().getAccounts(numbers, level, atUs),
    listPayments: (request) => inTime().listPayments(request),
    getPayment: (payment) => inTime().getPayment(payment),
  };
}
