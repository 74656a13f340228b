/** What one attempt says to the bucket that takes slots over, and how far it is there. An answer is null where nobody has given one: it may have come or not. */
import type { AdoptSlots, Instruction, MovedRows, MoveStage } from '@mas/ledger';
import type { SlotsMove } from '@mas/placement';
import type { BucketExchange } from '../homes/exchange';

export class ImportLink {
  /** Parts that are known to have come. */
  parts = 0;
  /** Why there was no answer last. */
  silence = '';

  constructor(
    private readonly exchange: BucketExchange,
    private readonly move: SlotsMove,
    readonly attempt: number,
  ) {}

  /** Told again it says how far this attempt is. */
  begin(): Promise<MoveStage | null> {
    return this.tell({ kind: 'begin-import', ...this.ofMove, from: this.move.from, attempt: this.attempt });
  }

  /** The next part; until it is known to have come, the same rows are told again. */
  import(rows: MovedRows): Promise<MoveStage | null> {
    return this.tell(this.importOf(rows));
  }

  adopt({ sums, handover }: Pick<AdoptSlots, 'sums' | 'handover'>): Promise<MoveStage | null> {
    return this.tell({ kind: 'adopt-slots', ...this.ofMove, attempt: this.attempt, parts: this.parts, sums, handover });
  }

  decline(): Promise<MoveStage | null> {
    return this.tell({ kind: 'decline-import', ...this.ofMove });
  }

  importOf(rows: MovedRows): Instruction {
    return { kind: 'import-rows', ...this.ofMove, attempt: this.attempt, part: this.parts, rows };
  }

  private get ofMove(): Pick<AdoptSlots, 'move' | 'slots'> {
    return { move: this.move.number, slots: this.move.slots };
  }

  private async tell(instruction: Instruction): Promise<MoveStage | null> {
    const { to } = this.move;
    const reply = await this.exchange.ask(to, { kind: 'instructions', bucket: to, phase: 'phase-1', items: [{ instruction, token: null }] });
    const [item] = reply.kind === 'outcomes' ? reply.outcomes : [];
    if (item?.kind === 'outcome' && item.outcome.kind === 'move') return item.outcome.stage;
    const said = item ?? reply;
    this.silence = `bucket ${to}: ${'reason' in said ? said.reason : said.kind}`;
    return null;
  }
}
