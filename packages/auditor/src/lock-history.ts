/**
 * Exclusive locks as their holders saw them: who was granted a lock after another was granted it has the higher token. In real time, and as far as
 * clocks agree: when one is granted it nothing is undecided there, and while he holds it nobody else does, nobody else pays, and his token is good.
 */
import { slotOfAccount } from '@mas/placement';
import { accountNumber } from '@mas/values';
import type { Findings } from './findings';
import { verdictOf, type History, type LockHistory } from './history';
import type { HoldsSeen } from './holds';
import { meet, type SlotPlaces } from './slot-places';

/** A bucket's time may be ahead of what it was at the grant by so much more than real time has passed. */
const CLOCKS_DIFFER_MS = 600;

export function auditLockHistory(history: History, holds: HoldsSeen, places: SlotPlaces, findings: Findings): void {
  for (const earlier of history.locks) {
    for (const [lockId, token] of earlier.tokens) {
      findings.expect(token >= 0, 'one exclusive holder', () => `${lockId} was granted without a token`);
      const grantedAt = placesOf(lockId, earlier, places);
      for (const later of history.locks) {
        if (later.askedMs <= earlier.acquiredMs) continue;
        for (const [otherId, otherToken] of later.tokens) {
          if (!meet(grantedAt, placesOf(otherId, later, places))) continue;
          findings.expect(
            otherToken > token,
            'tokens only rise',
            () => `${otherId} got token ${otherToken} at ${later.acquiredMs}, ${lockId} had ${token} at ${earlier.acquiredMs}`,
          );
        }
      }
    }
  }
  for (const lock of history.locks) auditHolder(lock, history, holds, findings);
}

function placesOf(lockId: string, { askedMs, acquiredMs }: LockHistory, places: SlotPlaces): readonly string[] {
  return places.of(slotOfAccount(accountNumber(lockId)), askedMs, acquiredMs);
}

function auditHolder(lock: LockHistory, history: History, holds: HoldsSeen, findings: Findings): void {
  const { handle, lockIds, acquiredMs } = lock;
  const untilMs = surelyUntilMs(lock, history);
  if (untilMs <= acquiredMs) return;
  const name = `${lockIds.join()} from ${acquiredMs.toFixed(1)} to ${untilMs.toFixed(1)}`;
  const other = history.locks.find(
    (one) => one !== lock && one.acquiredMs >= acquiredMs && one.acquiredMs < untilMs && one.lockIds.some((lockId) => lockIds.includes(lockId)),
  );
  findings.expect(other === undefined, 'one exclusive holder', () => `${name} was held by one, and granted to another at ${other?.acquiredMs.toFixed(1)}`);
  for (const lockId of lockIds) {
    const open = holds.on(accountNumber(lockId)).find(({ fromMs, toMs, isCertain }) => isCertain && fromMs < acquiredMs && toMs > acquiredMs);
    findings.expect(
      open === undefined,
      'a lock is granted once all is decided',
      () => `${name}: ${open?.txn.slice(0, 8)} was prepared at ${open?.fromMs.toFixed(1)} and undecided until ${open?.toMs.toFixed(1)}`,
    );
  }
  for (const payment of history.payments.values()) {
    const { request, attempts, id } = payment;
    const isOwn = request.lockHandle === handle;
    const answers = attempts.filter(({ startMs, endMs }) => startMs > acquiredMs && (endMs ?? Infinity) < untilMs);
    if (isOwn) {
      const stale = answers.some(({ answer }) => answer?.ok === true && answer.value.kind === 'aborted' && answer.value.reason.name === 'LOCK_TOKEN_STALE');
      findings.expect(!stale, "a holder's token is good", () => `${id}: LOCK_TOKEN_STALE for who held ${name}`);
    } else if (answers.length === attempts.length && request.legs.some(({ account }) => lockIds.includes(account))) {
      findings.expect(verdictOf(payment) !== 'committed', 'a lock keeps others out', () => `${id} was begun and committed while somebody held ${name}`);
    }
  }
}

/** As its holder may believe: from when it asked for it, for as long as it asked for, if it does not give it back and no operator takes it. */
function surelyUntilMs({ askedMs, acquiredMs, timeoutMs, releasedMs, lockIds }: LockHistory, { lockBreaks }: History): number {
  const taken = lockBreaks.filter(({ lockId, endMs }) => lockIds.includes(lockId) && (endMs ?? Infinity) >= askedMs).map(({ startMs }) => startMs);
  return Math.max(acquiredMs, Math.min(askedMs + timeoutMs - CLOCKS_DIFFER_MS, releasedMs ?? Infinity, ...taken));
}
