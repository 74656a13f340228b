/** On whose behalf an instruction runs: written into the entry by the leader that verified the token; apply compares, nothing else. */
import type { AccountNumber } from '@mas/values';

export type Subject =
  | { readonly kind: 'account'; readonly account: AccountNumber }
  /** `name` is `issuer|subject` of the token. */
  | { readonly kind: 'operator'; readonly name: string }
  /** The cluster itself: resolution, delivery, expiry. */
  | { readonly kind: 'system' };
