/** Around a Transaction Manager's coordinator, where payments come in, and around its index, where their entries go when they have ended. */
import {
  identityOf,
  type Caller,
  type CoordinatorService,
  type PaymentRequest,
  type PaymentResult,
  type Reply,
  type TxnCoordinatorDAO,
} from '@mas/transaction-coordinator';
import { overridden } from './overridden';
import type { PaymentTraces } from './payment-traces';

export function tracedCoordinator(coordinator: CoordinatorService, traces: PaymentTraces): CoordinatorService {
  const begin = (caller: Caller, request: PaymentRequest): ((reply: Reply<PaymentResult>) => void) => {
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return () => undefined;
    const { key } = identity.value;
    traces.begin(key, caller.traceparent ?? null);
    return (reply) => traces.answered(key, reply.ok ? reply.value.kind : reply.error.reason, !reply.ok);
  };
  return overridden(coordinator, {
    createPayment: async (caller, request) => {
      const answered = begin(caller, request);
      const reply = await coordinator.createPayment(caller, request);
      answered(reply);
      return reply;
    },
    createPayments: async (caller, requests) => {
      const answered = requests.map((request) => begin(caller, request));
      const replies = await coordinator.createPayments(caller, requests);
      for (const [at, reply] of replies.entries()) answered[at]?.(reply);
      return replies;
    },
  });
}

export function tracedIndex(dao: TxnCoordinatorDAO, traces: PaymentTraces): TxnCoordinatorDAO {
  return overridden(dao, {
    record: (entries) => {
      for (const entry of entries) traces.ended(entry);
      return dao.record(entries);
    },
    recordRepeated: (entries) => {
      for (const entry of entries) traces.ended(entry);
      return dao.recordRepeated(entries);
    },
  });
}
