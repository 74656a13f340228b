/** What the gateway refuses by itself, in the form of what Transaction Managers refuse. */
import type { RequestError } from '@mas/transaction-coordinator';

export interface Refusal {
  readonly error: RequestError;
  /** Where the kind alone would say less. */
  readonly httpStatus: number | null;
}

export function refusal(
  reason: string,
  message: string,
  more: { readonly field?: string; readonly kind?: RequestError['kind']; readonly httpStatus?: number } = {},
): Refusal {
  return { error: { kind: more.kind ?? 'invalid', reason, field: more.field ?? null, message, facts: {} }, httpStatus: more.httpStatus ?? null };
}
