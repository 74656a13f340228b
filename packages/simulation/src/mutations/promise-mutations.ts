/** Bugs of what a bucket promises, and to whom: accounts that may not, authorizations, refunds, changes of accounts, tokens. */
import type { Mutation } from './mutation';

export const PROMISE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a frozen account pays and is paid',
    why: 'a status is written and looked at by nobody',
    changes: [{ file: 'ledger/src/checks', find: "      return refused('ACCOUNT_FROZEN', account.number, {});", replace: '      return null;' }],
  },
  {
    name: 'a closed account is paid',
    why: 'what was closed comes back to life with the next credit',
    changes: [{ file: 'ledger/src/checks', find: "      return refused('ACCOUNT_CLOSED', account.number, {});", replace: '      return null;' }],
  },
  {
    name: "anybody's token takes anybody's money",
    why: 'neither the coordinator nor the bucket compares who asks with whose money it is',
    changes: [
      { file: 'ledger/src/checks', find: "if (subject.kind === 'operator') return null;", replace: "if (subject.kind !== 'system') return null;" },
      {
        file: 'transaction-coordinator/src/payment/payment-draft',
        find: "if (subject.kind !== 'account') return success(draft);",
        replace: "if (subject.kind !== 'system') return success(draft);",
      },
    ],
  },
  {
    name: "anybody's token reads any account",
    why: 'neither the coordinator nor the bucket compares who asks with what he asks for',
    changes: [
      {
        file: 'transaction-coordinator/src/payment/identity',
        find: "return subject.kind === 'operator' || (subject.kind === 'account' && subject.account === account);",
        replace: "return subject.kind !== 'system' || account === '';",
      },
      {
        file: 'resource-manager/src/resource-manager',
        find: "return accounts.every((account) => account === subject.account) ? null : 'ACCOUNT_OF_ANOTHER_CALLER';",
        replace: "return accounts.length > 0 ? null : 'ACCOUNT_OF_ANOTHER_CALLER';",
      },
    ],
  },
  {
    name: 'the list of undecided payments is ignored',
    why: 'a bucket waits for what it was told not to wait for, for ever',
    changes: [{ file: 'ledger/src/checks', find: 'const found = new Set(undecided);', replace: 'const found = new Set<TxnId>(undecided.slice(0, 0));' }],
    faults: ['slow disks', 'limping disks', 'deaths at a step'],
  },
  {
    name: 'a capture takes more than was reserved',
    why: 'the amount of a capture is not compared with the reservation',
    changes: [
      {
        file: 'ledger/src/reference-checks',
        find: 'if (spec.amountMinor <= reservation.reservedMinor) return null;',
        replace: 'if (spec.amountMinor >= 0n) return null;',
      },
    ],
  },
  {
    name: 'an expiry frees a reservation that a capture holds',
    why: 'the money of a capture in doubt is given back',
    changes: [
      {
        file: 'ledger/src/housekeeping',
        find: "if (leg?.reservation?.status !== 'open' || a.stampMs",
        replace: "if ((leg?.reservation?.status !== 'open' && leg?.reservation?.status !== 'capturing') || a.stampMs",
      },
      {
        file: 'resource-manager/src/drivers/expire',
        find: "if (reservation?.status === 'open' &&",
        replace: "if ((reservation?.status === 'open' || reservation?.status === 'capturing') &&",
      },
    ],
  },
  {
    name: 'a capture after the end of its authorization',
    why: 'the time of an authorization is looked at by its expiry only',
    changes: [
      {
        file: 'ledger/src/reference-checks',
        find: 'if (a.stampMs >= reservation.expiresAtMs) return expired(a, reservation, spec.account);',
        replace: 'if (a.stampMs < 0) return expired(a, reservation, spec.account);',
      },
    ],
  },
  {
    name: 'an authorization that is over before it begins',
    why: 'its time is not looked at when it is promised',
    changes: [
      {
        file: 'ledger/src/checks',
        find: 'if (body.expiresAtMs !== null && a.stampMs < body.expiresAtMs) return null;',
        replace: 'if (body.expiresAtMs !== null) return null;',
      },
    ],
    faults: ['delays', 'loss'],
  },
  {
    name: 'nothing expires',
    why: 'the leader does not look after authorizations whose time is over',
    changes: [
      {
        file: 'resource-manager/src/drivers/expire',
        find: 'for (const { account, txn, reservation } of ledger.openAuthorizations()) {',
        replace: 'for (const { account, txn, reservation } of [...ledger.openAuthorizations()].slice(0, 0)) {',
      },
    ],
  },
  {
    name: 'open authorizations are forgotten with a restart',
    why: 'what must always be in memory is not loaded',
    changes: [
      {
        file: 'ledger/src/pinned-index',
        find: 'for (const leg of rows.openAuthorizations) this.legChanged(leg);',
        replace: 'for (const leg of rows.openAuthorizations.slice(0, 0)) this.legChanged(leg);',
      },
    ],
    faults: ['rolling restarts', 'crashes'],
  },
  {
    name: 'a void frees nothing',
    why: 'the authorization is over, and its money stays reserved',
    changes: [
      {
        file: 'ledger/src/leg-changes',
        find: "return unmoved(changed(account, 0n, -reservationOf(reference).reservedMinor, 0n), ended(leg, end, null, null), consumed(reference, 'voided', leg.txn));",
        replace: "return unmoved(changed(account, 0n, 0n, 0n), ended(leg, end, null, null), consumed(reference, 'voided', leg.txn));",
      },
    ],
  },
  {
    name: 'an account is closed while money is on its way to it',
    why: 'only what is there is looked at',
    changes: [{ file: 'ledger/src/accounts', find: 'if (pendingCreditsMinor === 0n) return null;', replace: 'if (pendingCreditsMinor >= 0n) return null;' }],
  },
];
