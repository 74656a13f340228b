/**
 * Sends rows to the bucket that takes slots over, part by part, until it is known that each has come, or that it is of no use to go on. Once the slots have no
 * owner the time is short: nothing is waited for beyond it.
 */
import type { Handover, MovedRows, MovedSums, MoveRefusal, MoveStage } from '@mas/ledger';
import type { SlotsMove } from '@mas/placement';
import { delay, unreachable, within } from '@mas/values';
import type { ReplicaContext } from '../bucket/replica-context';
import type { ImportLink } from './import-link';
import { partsOf, type MovedRow } from './import-parts';
import type { MoveProgress } from './move-progress';
import { CALLED_OFF, left, textOf, TOO_LONG, type Standing, type TransferEnd } from './transfer-end';

/** Behind the release, before the same is told again. */
const AGAIN_MS = 50;
/** Of the bucket that adopts: told again, it knows them. */
const RISE_BY_THEMSELVES: readonly MoveRefusal[] = ['SEMANTICS_OLDER', 'POLICY_OLDER'];

export class ImportSender {
  /** Monotonic; null: the slots have their owner, and there is time. */
  untilMs: number | null = null;

  constructor(
    private readonly context: ReplicaContext,
    private readonly move: SlotsMove,
    private readonly link: ImportLink,
    private readonly standing: () => Standing,
    private readonly progress: Pick<MoveProgress, 'sent' | 'waits'>,
  ) {}

  /** Null: it has begun, or is as far as it is known here to be. */
  async begin(): Promise<TransferEnd | null> {
    const stage = await this.link.begin();
    return stage === null ? left(this.link.silence) : this.endOf(stage);
  }

  /** How long an answer took, in milliseconds; null: there was none. */
  async ask(): Promise<{ readonly tookMs: number | null } | TransferEnd> {
    const askedMs = this.nowMs();
    const stage = await this.link.begin();
    const end = this.ended() ?? (stage === null ? null : this.endOf(stage));
    if (end !== null) return end;
    if (stage === null) this.waits(this.link.silence);
    return { tookMs: stage === null ? null : this.nowMs() - askedMs };
  }

  /** Null: all have come. */
  async send(rows: readonly MovedRow[]): Promise<TransferEnd | null> {
    const { ledgerCodec, config } = this.context;
    const bytesOf = (part: MovedRows): number => ledgerCodec.encodeInstruction(this.link.importOf(part)).length;
    for (const part of partsOf(rows, bytesOf, config.movePartBytes)) {
      const end = await this.sendPart(part);
      if (end !== null) return end;
    }
    return null;
  }

  /** Once all rows have come. */
  async adopt(handover: Handover, sums: MovedSums): Promise<TransferEnd> {
    for (;;) {
      const ended = this.ended();
      if (ended !== null) return ended;
      const stage = await this.inTime(this.link.adopt({ sums, handover }));
      if (stage?.kind === 'adopted') return { kind: 'adopted', sums };
      if (stage?.kind === 'refused' && !RISE_BY_THEMSELVES.includes(stage.reason)) return refused(stage.reason);
      if (stage !== null && stage.kind !== 'refused') return this.endOf(stage) ?? left('the adoption was not taken for one');
      await delay(this.context.clock, AGAIN_MS);
    }
  }

  waits(why: string): void {
    const { number, from, to } = this.move;
    this.progress.waits(why);
    this.context.logger.debug({ bucket: from, move: number, to, why }, 'slots wait for their next owner');
  }

  /** Told again until it is known to have come: a part has one content in one attempt. */
  private async sendPart(part: MovedRows): Promise<TransferEnd | null> {
    const { clock, config } = this.context;
    for (;;) {
      const ended = this.ended();
      if (ended !== null) return ended;
      const stage = await this.inTime(this.link.import(part));
      if (stage?.kind === 'importing' && stage.attempt === this.link.attempt && stage.parts === this.link.parts + 1) {
        this.link.parts += 1;
        this.progress.sent(part.accounts.length + part.legs.length + part.outcomes.length + part.locks.length);
        return null;
      }
      const end = stage === null ? null : this.endOf(stage);
      if (end !== null) return end;
      this.waits(stage === null ? this.link.silence : textOf(stage));
      await delay(clock, this.untilMs === null ? config.driverRetryMs : AGAIN_MS);
    }
  }

  /** Null: this attempt is under way there, as far as it is known here to be. */
  private endOf(stage: MoveStage): TransferEnd | null {
    switch (stage.kind) {
      case 'adopted':
        return { kind: 'adopted', sums: null };
      case 'declined':
        return { kind: 'declined' };
      case 'importing':
        return stage.attempt === this.link.attempt && stage.parts === this.link.parts
          ? null
          : left(`attempt ${stage.attempt} has come as far as ${stage.parts} parts`);
      case 'released':
      case 'reclaimed':
      case 'confirmed':
      case 'over':
      case 'refused':
        return left(textOf(stage));
      default:
        return unreachable(stage, 'stage of a move');
    }
  }

  /** Null: it goes on. */
  private ended(): TransferEnd | null {
    const standing = this.standing();
    if (standing === 'left') return left('this replica leads no more, nobody orders the move, or moves are paused');
    if (standing === 'called-off') return { kind: 'call-off', why: CALLED_OFF };
    return this.untilMs !== null && this.nowMs() >= this.untilMs ? { kind: 'call-off', why: TOO_LONG } : null;
  }

  /** Null: no answer, or not before the slots have been without an owner for too long. */
  private inTime(answer: Promise<MoveStage | null>): Promise<MoveStage | null> {
    return this.untilMs === null ? answer : within(this.context.clock, Math.max(0, this.untilMs - this.nowMs()), answer, null);
  }

  private nowMs(): number {
    return this.context.clock.monotonicMs();
  }
}

/** Another attempt has begun there, of a leader behind this one; or the slots cannot come to be there. */
function refused(reason: MoveRefusal): TransferEnd {
  return reason === 'NOT_IMPORTING' ? left(reason) : { kind: 'call-off', why: reason };
}
