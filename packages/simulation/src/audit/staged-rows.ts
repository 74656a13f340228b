/** What comes to the next owner of slots, as its log has it: when it adopts them, it has the accounts, legs and locks that stand in the books of the last one, and no others. */
import { show, type Findings } from '@mas/auditor';
import type { Instruction, LegRow, LockRow, MovedRows, Outcome } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { accountNumber, isIn, type AccountNumber, type BucketId, type SlotRange } from '@mas/values';
import { accountDiffers, legDiffers, type Books } from './books';

interface Staged {
  readonly attempt: number;
  parts: number;
  readonly accounts: Map<AccountNumber, MovedRows['accounts'][number]>;
  readonly legs: Map<string, LegRow>;
  readonly locks: Map<string, LockRow>;
}

const RULE = 'what is adopted is what was released';

export class StagedRows {
  /** By move. */
  private readonly arriving = new Map<number, Staged>();

  constructor(
    private readonly bucket: BucketId,
    private readonly findings: Findings,
  ) {}

  step(instruction: Instruction, outcome: Outcome): void {
    if (outcome.kind !== 'move' || outcome.stage.kind !== 'importing') return;
    const { attempt, parts } = outcome.stage;
    if (instruction.kind === 'begin-import' && attempt === instruction.attempt && this.arriving.get(instruction.move)?.attempt !== attempt)
      this.arriving.set(instruction.move, { attempt, parts: 0, accounts: new Map(), legs: new Map(), locks: new Map() });
    if (instruction.kind !== 'import-rows') return;
    const staged = this.arriving.get(instruction.move);
    if (staged === undefined || instruction.attempt !== staged.attempt || instruction.part !== staged.parts || parts !== staged.parts + 1) return;
    staged.parts = parts;
    for (const row of instruction.rows.accounts) staged.accounts.set(row.number, row);
    for (const row of instruction.rows.legs) staged.legs.set(`${row.account} ${row.txn}`, row);
    for (const row of instruction.rows.locks) staged.locks.set(`${row.lockId} ${row.mode === 'shared' ? row.owner : ''}`, row);
  }

  /** @param locks in force when they were released */
  adopted(move: number, slots: SlotRange, books: Books, locks: readonly LockRow[]): void {
    const staged = this.arriving.get(move);
    this.arriving.delete(move);
    if (staged === undefined) return this.expect(false, move, () => 'nothing had come');
    const isOf = (account: AccountNumber): boolean => isIn(slots, slotOfAccount(account));
    for (const [number, standing] of books.all()) {
      if (!isOf(number)) continue;
      const row = staged.accounts.get(number);
      this.expect(
        row !== undefined && !accountDiffers(standing, row),
        move,
        () => `${number} came ${row === undefined ? 'never' : `with ${row.balanceMinor}, holds ${row.holdsMinor}, at rev ${row.rev}`}`,
      );
    }
    for (const number of staged.accounts.keys()) this.expect(books.standing(number) !== undefined, move, () => `${number} came out of nothing`);
    for (const [name, leg] of books.allLegs()) {
      if (!isOf(leg.spec.account)) continue;
      const row = staged.legs.get(name);
      this.expect(row !== undefined && !legDiffers(leg, row), move, () => `the leg ${name} came ${row === undefined ? 'never' : `as ${row.state}`}`);
    }
    for (const [name, { key, account, txn }] of staged.legs)
      this.expect(books.leg(account, txn) !== undefined, move, () => `the leg ${name} of ${show(key)} came out of nothing`);
    for (const lock of locks) {
      if (!isIn(slots, slotOfAccount(accountNumber(lock.lockId)))) continue;
      const row = staged.locks.get(`${lock.lockId} ${lock.mode === 'shared' ? lock.owner : ''}`);
      this.expect(
        row?.token === lock.token && row.owner === lock.owner,
        move,
        () => `the lock ${lock.lockId} of ${lock.owner} with token ${lock.token} came ${row === undefined ? 'never' : `with ${row.token}`}`,
      );
    }
  }

  private expect(holds: boolean, move: number, text: () => string): void {
    this.findings.expect(holds, RULE, () => `bucket ${this.bucket}, move ${move}: ${text()}`);
  }
}
