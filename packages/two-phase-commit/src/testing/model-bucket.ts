/** A bucket for tests: the real ledger over rows in memory; one instruction per entry, no replication. */
import { checkBucket, emptyBucket, Ledger, MemoryRows, SEMANTICS_VERSION, type Instruction, type Outcome } from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount, type PlacementIndex } from '@mas/placement';
import { invariant, type BucketId } from '@mas/values';

export const STAMP_MS = 1_700_000_000_000;
const POLICY = { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1_000_000n };

export class ModelBucket {
  readonly rows = new MemoryRows();
  readonly ledger: Ledger;
  readonly alarms: Outcome[] = [];
  private index = 1;

  constructor(
    readonly id: BucketId,
    placement: PlacementIndex,
    private readonly stampMs: () => number,
  ) {
    this.ledger = new Ledger(emptyBucket(id), { prepared: [], openAuthorizations: [], undelivered: [], locks: [] }, slotOfAccount, homeSlotOfKey);
    const slots = placement.map.buckets.find((bucket) => bucket.bucket === id)?.slots ?? [];
    this.run({ kind: 'genesis', slots, epoch: 1, policy: POLICY, semanticsVersion: SEMANTICS_VERSION });
  }

  run(instruction: Instruction): Outcome {
    const [outcome] = this.ledger.apply({ stampMs: this.stampMs(), behindUs: null, instructions: [instruction] }, this.rows, this.index);
    this.index += 1;
    invariant(outcome !== undefined, 'an outcome per instruction');
    if (outcome.kind === 'alarm') this.alarms.push(outcome);
    return outcome;
  }

  differences(): readonly string[] {
    const { rows } = this;
    return checkBucket(this.ledger.meta(), slotOfAccount, {
      accounts: rows.sortedAccounts(),
      legs: rows.sortedLegs(),
      outcomes: rows.sortedOutcomes(),
      locks: rows.sortedLocks(),
    }).differences;
  }
}
