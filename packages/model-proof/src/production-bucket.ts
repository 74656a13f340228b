/**
 * A bucket in production's code: the ledger over rows, the log of what it has applied since its checkpoint, and how a replica comes back
 * from the two. Time stands still, as in the model, and the model's moment 0 is production's `ORIGIN_US`.
 */
import { emptyBucket, Ledger, MemoryRows, SEMANTICS_VERSION, type BucketMeta, type Instruction, type LedgerEntry, type Outcome } from '@mas/ledger';
import { accountNumber, bucketId, paymentKey, present, slot, txnId } from '@mas/values';
import type { ModelValue } from './model-value';
import { ACCOUNTS, bucketOfAccount, firstSlotOf, homeSlotOf, lastSlotOf, OPENING_MINOR, OPERATOR, POLICY, slotOf, USD } from './model-payments';
import { rowsValue } from './projection';

const STAMP_MS = 1_700_000_000_000;
/** Behind all that opens the accounts, in every bucket. */
export const ORIGIN_US = STAMP_MS * 1000 + 1_000;

interface Stored {
  readonly rows: MemoryRows;
  readonly meta: BucketMeta;
  /** Of the last entry in it. */
  readonly index: number;
}

export class ProductionBucket {
  rows = new MemoryRows();
  ledger: Ledger;
  private index = 0;
  private checkpointed: Stored;
  /** Behind the checkpoint; `instruction` as the model writes it. */
  private log: { readonly entry: LedgerEntry; readonly instruction: ModelValue }[] = [];

  constructor(readonly name: string) {
    this.ledger = ledgerOf(this.rows, emptyBucket(bucketId(name.charCodeAt(0))));
    const slots = [{ from: slot(firstSlotOf(name)), to: slot(lastSlotOf(name)) }];
    this.applied([{ kind: 'genesis', slots, epoch: 1, policy: POLICY, semanticsVersion: SEMANTICS_VERSION }]);
    this.applied(ACCOUNTS.filter((each) => bucketOfAccount(accountNumber(each)) === name).map(creationOf));
    this.applied([], ORIGIN_US);
    this.checkpointed = this.stored();
  }

  /** Whether anything was applied behind the checkpoint. */
  get hasLog(): boolean {
    return this.log.length > 0;
  }

  apply(instruction: Instruction, modelled: ModelValue): Outcome {
    const { entry, outcome } = this.applied([instruction]);
    this.log.push({ entry, instruction: modelled });
    return present(outcome, 'outcome of an instruction');
  }

  checkpoint(): void {
    this.checkpointed = this.stored();
    this.log = [];
  }

  /** What is in memory is lost: rows and scalars are the checkpoint's, what is always in memory is read from the rows, and the log is applied again. */
  rejoin(): void {
    const { rows, meta, index } = this.checkpointed;
    this.rows = copyOf(rows);
    this.ledger = ledgerOf(this.rows, meta);
    this.index = index;
    for (const { entry } of this.log) this.applyEntry(entry);
  }

  value(): ModelValue {
    const { rows, meta } = this.checkpointed;
    return {
      rows: rowsValue(this.rows, this.ledger.momentUs, ORIGIN_US),
      checkpoint: rowsValue(rows, meta.momentUs, ORIGIN_US),
      log: this.log.map(({ instruction }) => instruction),
    };
  }

  private applied(
    instructions: readonly Instruction[],
    behindUs: number | null = null,
  ): { readonly entry: LedgerEntry; readonly outcome: Outcome | undefined } {
    const entry: LedgerEntry = { stampMs: STAMP_MS, behindUs, instructions };
    return { entry, outcome: this.applyEntry(entry)[0] };
  }

  private applyEntry(entry: LedgerEntry): readonly Outcome[] {
    this.index += 1;
    return this.ledger.apply(entry, this.rows, this.index);
  }

  private stored(): Stored {
    return { rows: copyOf(this.rows), meta: this.ledger.meta(), index: this.index };
  }
}

function ledgerOf(rows: MemoryRows, meta: BucketMeta): Ledger {
  const pinned = {
    prepared: rows.sortedLegs().filter(({ state }) => state === 'prepared'),
    openAuthorizations: [],
    undelivered: rows.sortedOutcomes().filter(({ untold }) => untold.length > 0),
    locks: [],
  };
  return new Ledger(meta, pinned, slotOf, homeSlotOf);
}

/** The rows that are given away do not change any more. */
function copyOf(rows: MemoryRows): MemoryRows {
  const copy = new MemoryRows();
  for (const row of rows.sortedAccounts()) copy.putAccount(row);
  for (const row of rows.sortedLegs()) copy.putLeg(row);
  for (const row of rows.sortedOutcomes()) copy.putOutcome(row);
  return copy;
}

function creationOf(account: string): Instruction {
  return {
    kind: 'create-account',
    key: paymentKey('mas|ops', `create-${account}`),
    txn: txnId(account.charCodeAt(0).toString(16).concat(account.slice(1)).padStart(64, 'c')),
    number: accountNumber(account),
    currency: USD,
    openingBalanceMinor: OPENING_MINOR,
    minimumMinor: null,
    owner: account,
    subject: OPERATOR,
    checkOnly: false,
  };
}
