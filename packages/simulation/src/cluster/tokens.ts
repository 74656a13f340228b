/** Tokens of the simulated clients; who forges tokens is another package's question. */
import type { Subject } from '@mas/ledger';
import type { TokenVerifier } from '@mas/resource-manager';
import { accountNumber, err, ok } from '@mas/values';

export const OPERATOR_SCOPE = 'sim|operator';
export const OPERATOR: Subject = { kind: 'operator', name: OPERATOR_SCOPE };

export function tokenOf(subject: Subject): string {
  return subject.kind === 'account' ? `account:${subject.account}` : subject.kind;
}

export const testTokens: TokenVerifier = {
  verify: (token) => {
    if (token === 'operator') return ok(OPERATOR);
    if (token.startsWith('account:')) return ok({ kind: 'account', account: accountNumber(token.slice('account:'.length)) });
    return err({ reason: 'TOKEN_INVALID' });
  },
};
