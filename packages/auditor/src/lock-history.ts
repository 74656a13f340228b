/** Exclusive locks as their holders saw them: who was granted a lock after another was granted it has the higher token. */
import { slotOfAccount, type PlacementIndex } from '@mas/placement';
import { accountNumber } from '@mas/values';
import type { History } from './history';
import type { Findings } from './findings';

export function auditLockHistory(history: History, placement: PlacementIndex, findings: Findings): void {
  for (const earlier of history.locks) {
    for (const [lockId, token] of earlier.tokens) {
      findings.expect(token >= 0, 'one exclusive holder', () => `${lockId} was granted without a token`);
      const bucket = placement.bucketOf(slotOfAccount(accountNumber(lockId)));
      for (const later of history.locks) {
        if (later.askedMs <= earlier.acquiredMs) continue;
        for (const [otherId, otherToken] of later.tokens) {
          if (placement.bucketOf(slotOfAccount(accountNumber(otherId))) !== bucket) continue;
          findings.expect(
            otherToken > token,
            'tokens only rise',
            () => `${otherId} got token ${otherToken} at ${later.acquiredMs}, ${lockId} had ${token} at ${earlier.acquiredMs}`,
          );
        }
      }
    }
  }
}
