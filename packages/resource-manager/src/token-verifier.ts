/** Port: verifies a caller's token and names its subject. Implementations cache by the token's bytes until it expires, and never throw: tokens are strangers' bytes. */
import type { Subject } from '@mas/ledger';
import type { Result } from '@mas/values';

export interface TokenVerifier {
  verify(token: string): Result<Subject, { readonly reason: string }>;
}
