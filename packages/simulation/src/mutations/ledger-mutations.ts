/** Bugs of the books themselves and of locks. */
import type { Mutation } from './mutation';

export const LEDGER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'hold leaked on abort',
    why: 'an aborted debit goes on holding its money',
    changes: [
      {
        file: 'ledger/src/leg-changes',
        find: 'return unmoved(changed(account, 0n, -amountMinor, 0n), endedLeg, reference);',
        replace: 'return unmoved(changed(account, 0n, 0n, 0n), endedLeg, reference);',
      },
    ],
  },
  {
    name: 'held money is spent again',
    why: 'available money is the balance',
    changes: [
      {
        file: 'ledger/src/checks',
        find: 'account.balanceMinor - account.holdsMinor - account.minimumMinor;',
        replace: 'account.balanceMinor - account.minimumMinor;',
      },
    ],
  },
  {
    name: 'holds beyond 64 bits',
    why: 'what is held has no bound of its own',
    changes: [
      { file: 'ledger/src/checks', find: 'if (fitsInt64(account.holdsMinor + amountMinor) || a.state', replace: 'if (account.holdsMinor >= 0n || a.state' },
    ],
  },
  {
    name: 'a balance beyond 64 bits',
    why: 'a credit is promised without room for it',
    changes: [
      {
        file: 'ledger/src/checks',
        find: 'if (pendingFits && fitsInt64(account.balanceMinor + account.pendingCreditsMinor + amountMinor)) return null;',
        replace: 'if (amountMinor > 0n) return null;',
      },
    ],
  },
  {
    name: 'minimum balance ignored',
    why: 'the check compares with zero',
    changes: [
      {
        file: 'ledger/src/checks',
        find: 'account.balanceMinor - account.holdsMinor - account.minimumMinor;',
        replace: 'account.balanceMinor - account.holdsMinor;',
      },
    ],
  },
  {
    name: 'refused for money that has come',
    why: 'credits whose homes have decided are not waited for',
    changes: [{ file: 'ledger/src/checks', find: '  if (wait !== null) return wait;\n', replace: '' }],
  },
  {
    name: 'id alone identifies a payment',
    why: 'a retry with another body is answered with the first',
    changes: [
      {
        file: 'ledger/src/decide',
        find: "return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : { kind: 'conflict', bound: outcome };",
        replace: "return { kind: 'decided', outcome, fresh: false };",
      },
    ],
  },
  {
    name: 'capture keeps the reservation',
    why: 'the rest of a captured authorization is never freed',
    changes: [
      {
        file: 'ledger/src/leg-changes',
        find: 'return settled(changed(account, -amountMinor, -reservationOf(reference).reservedMinor, 0n)',
        replace: 'return settled(changed(account, -amountMinor, -amountMinor, 0n)',
      },
    ],
  },
  {
    name: 'an authorization is captured twice',
    why: 'what another capture has taken is looked at no more',
    changes: [
      {
        file: 'ledger/src/reference-checks',
        find: "    case 'captured':\n    case 'voided':\n      return",
        replace: "    case 'captured':\n      return null;\n    case 'voided':\n      return",
      },
      {
        file: 'ledger/src/reference-checks',
        find: "    case 'capturing':\n      return capturing(a, reservation, spec.account, undecided);",
        replace: "    case 'capturing':\n      return null;",
      },
    ],
  },
  {
    name: 'refunds at once exceed the payment',
    why: 'what another refund has reserved is not counted',
    changes: [
      {
        file: 'ledger/src/reference-checks',
        find: 'original.spec.amountMinor - original.refundedMinor - original.refundReservedMinor;',
        replace: 'original.spec.amountMinor - original.refundedMinor;',
      },
    ],
  },
  {
    name: 'lock released by a non-owner',
    why: 'whoever says unlock unlocks',
    changes: [
      {
        file: 'ledger/src/locks',
        find: 'const current = exclusive?.owner === owner ? exclusive : a.lock(sharedKey(lockId, owner));\n  if (current?.owner !== owner) return',
        replace: 'const current = exclusive ?? a.lock(sharedKey(lockId, owner));\n  if (current === undefined) return',
      },
    ],
  },
  {
    name: 'token counter reset',
    why: 'fencing tokens start again after a restart',
    changes: [{ file: 'ledger/src/bucket-state', find: 'this.lockSeq = meta.lockSeq;', replace: 'this.lockSeq = 0;' }],
    faults: ['rolling restarts', 'power cuts'],
  },
  {
    name: 'a lock does not stop a prepare',
    why: 'phase 1 looks at no lock',
    changes: [{ file: 'ledger/src/phases', find: ' ?? checkLock(a, account, lockToken);', replace: ';' }],
  },
  {
    name: "an expired holder's token is accepted",
    why: 'any token opens any lock',
    changes: [{ file: 'ledger/src/checks', find: 'if (lock?.token === token) return null;', replace: 'if (token !== null) return null;' }],
    faults: ['delays', 'pauses'],
  },
  {
    name: 'two exclusive holders',
    why: 'a lock is given while another holds it',
    changes: [{ file: 'ledger/src/locks', find: 'if (exclusive !== undefined && exclusive.owner !== owner) return exclusive;', replace: '' }],
    faults: ['Redis'],
  },
  {
    name: 'an exclusive lock beside a shared one',
    why: 'only Redis knows who shares a lock, and it was emptied',
    changes: [
      {
        file: 'ledger/src/locks',
        find: 'const others = a.sharedInForce(lockId).filter((lock) => lock.owner !== owner);',
        replace: 'const others: LockRow[] = [];',
      },
    ],
    faults: ['Redis'],
  },
];
