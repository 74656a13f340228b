/** The instruction by which a prepared leg learns what its home has recorded. */
import type { Instruction, LegRow } from '@mas/ledger';
import { unreachable } from '@mas/values';
import type { Verdict } from './home-querier';

/** Null while nothing is decided. */
export function endingOf(leg: LegRow, verdict: Verdict): Instruction | null {
  switch (verdict.kind) {
    case 'committed':
      return { kind: 'commit', txn: leg.txn, account: leg.account, commitUs: verdict.commitUs };
    case 'aborted':
      return { kind: 'rollback', txn: leg.txn, key: leg.key, homeSlot: leg.homeSlot, account: leg.account, spec: leg.spec, reason: verdict.reason };
    case 'undecided':
    case 'unreachable':
      return null;
    default:
      return unreachable(verdict, 'verdict');
  }
}
