/** The coordinator names fields of legs; a caller who gave from, to and amount has no legs and reads his own fields. */
import type { Reply } from '@mas/transaction-coordinator';
import type { CreatePaymentRequest } from '../generated/mas/v1/account_service';

const LEG_FIELD = /^legs\[(\d+)\]\.(\w+)$/;

export function inRequestsWords<Value>(request: CreatePaymentRequest, reply: Reply<Value>): Reply<Value> {
  if (reply.ok || reply.error.field === null || request.legs.length > 0) return reply;
  const match = LEG_FIELD.exec(reply.error.field);
  if (match === null) return reply;
  const sides = [...(request.from === '' ? [] : ['from']), ...(request.to === '' ? [] : ['to'])];
  const field = match[2] === 'amount' || match[2] === 'currency' ? 'amount' : sides[Number(match[1])];
  return field === undefined ? reply : { ok: false, error: { ...reply.error, field } };
}
