/** The answer of a method as JSON; of a payment that was not made, as a problem. */
import { fromBinary, toJson, type DescMessage, type JsonObject } from '@bufbuild/protobuf';
import { CreatePaymentResponse, PaymentState } from '@mas/rpc';
import { problemOf, type Problem } from './problem';
import { REGISTRY } from './schema';

export function readAnswer(message: DescMessage, bytes: Uint8Array): JsonObject {
  return toJson(message, fromBinary(message, bytes), { registry: REGISTRY, alwaysEmitImplicit: true }) as JsonObject;
}

export function isUnknown(bytes: Uint8Array): boolean {
  return CreatePaymentResponse.decode(bytes).payment?.state === PaymentState.PAYMENT_STATE_UNKNOWN;
}

/** Null: it was made. All methods that answer a payment have it in the field `payment`. */
export function paymentProblem(bytes: Uint8Array, answer: JsonObject): Problem | null {
  const { payment } = CreatePaymentResponse.decode(bytes);
  if (payment?.state === PaymentState.PAYMENT_STATE_UNKNOWN)
    return {
      ...problemOf({ kind: 'unavailable', reason: 'OUTCOME_UNKNOWN', field: null, message: payment.message, facts: {} }),
      mayHaveHappened: true,
      answer,
    };
  if (payment?.state !== PaymentState.PAYMENT_STATE_ABORTED) return null;
  const { name = 'ABORTED', account = '', facts = {} } = payment.reason ?? {};
  const message = `The payment was aborted: ${name}${account === '' ? '' : ` at account ${account}`}; no money has moved.`;
  return {
    ...problemOf({ kind: 'failed-precondition', reason: name, field: null, message, facts: { ...facts, ...(account === '' ? {} : { account }) } }),
    answer,
  };
}
