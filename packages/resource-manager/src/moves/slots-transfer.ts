/**
 * One attempt to bring slots to their next owner, by the rules of docs/adr/0029: all rows are copied while the bucket goes on deciding about them, then what has
 * changed since, round by round, until little is left; then the bucket releases them, the rest goes, and the next owner adopts. What it remembers is
 * disposable: wherever it ends, the logs of both buckets say how far the move is.
 */
import { MAX_ROWS_PER_PART, type Handover, type ReleaseSlots, type RowsTouched } from '@mas/ledger';
import type { SlotsMove } from '@mas/placement';
import { delay } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { Proposer } from '../propose/proposer';
import type { SlotWatch } from '../rows/slot-watch';
import { inPieces, rowsNow } from './changed-rows';
import type { CopiedSums } from './copied-sums';
import type { MovedRow } from './import-parts';
import type { ImportSender } from './import-sender';
import type { MoveProgress } from './move-progress';
import { SlotsCopy } from './slots-copy';
import { left, textOf, type TransferEnd } from './transfer-end';

/** In which as few as that should be left (moveFewRows). */
const ROUNDS = 8;
/** Of the time that the slots may be without an owner: the next owner has just answered so soon, so it will behind the release as well. */
const PROMPT_SHARE = 8;
const TOO_MUCH_CHANGES = 'more rows have changed than are noted (maxNotedRows)';

export interface TransferPorts {
  readonly applier: BucketApplier;
  readonly proposer: Proposer;
  readonly context: ReplicaContext;
}

export class SlotsTransfer {
  private releasedMs: number | null = null;

  constructor(
    private readonly ports: TransferPorts,
    private readonly move: SlotsMove,
    private readonly sender: ImportSender,
    private readonly progress: Pick<MoveProgress, 'copied' | 'entered'>,
  ) {}

  /** How long the slots have had no owner, as far as this attempt sees; null: they were not released in it. */
  get blockedMs(): number | null {
    return this.releasedMs === null ? null : this.nowMs() - this.releasedMs;
  }

  /** While the bucket owns the slots. @throws StoreUnavailable */
  async fromOwner(): Promise<TransferEnd> {
    const begun = await this.sender.begin();
    if (begun !== null) return begun;
    const { applier, context } = this.ports;
    const watch = applier.watch(this.move.slots);
    try {
      const copy = await SlotsCopy.take(applier, context, this.move.slots, ['accounts', 'legs', 'outcomes']);
      try {
        watch.copiedAt(copy.applied.index);
        return (await this.sendCopy(copy)) ?? (await this.catchUp(watch, copy.sums)) ?? (await this.release(watch, copy.sums));
      } finally {
        await copy.release();
      }
    } finally {
      applier.unwatch(watch);
    }
  }

  /** They have been released, by this leader or by one before: what is left of them changes no more. @throws StoreUnavailable */
  async fromReleased(handover: Handover, untilMs: number): Promise<TransferEnd> {
    this.sender.untilMs = untilMs;
    const begun = await this.sender.begin();
    if (begun !== null) return begun;
    const copy = await SlotsCopy.take(this.ports.applier, this.ports.context, this.move.slots, ['accounts', 'legs', 'outcomes', 'locks']);
    try {
      return (await this.sendCopy(copy)) ?? (await this.sender.adopt(handover, copy.sums.ofCopy()));
    } finally {
      await copy.release();
    }
  }

  private async sendCopy(copy: SlotsCopy): Promise<TransferEnd | null> {
    const { maxMovedAccounts } = this.ports.context.config;
    const { accounts, legs, outcomes, locks } = copy.sums.ofCopy();
    this.progress.copied(accounts + legs + outcomes + locks);
    if (copy.sums.accounts > maxMovedAccounts) return left(`${copy.sums.accounts} accounts are more than go together (maxMovedAccounts): move fewer slots`);
    let gathered: MovedRow[] = [];
    for await (const rows of copy.rows()) {
      for (const row of rows) gathered.push(row);
      if (gathered.length < MAX_ROWS_PER_PART) continue;
      const end = await this.sendPaced(gathered);
      if (end !== null) return end;
      gathered = [];
    }
    return this.sendPaced(gathered);
  }

  /** Payments come first, unless some wait for this. */
  private async sendPaced(rows: readonly MovedRow[]): Promise<TransferEnd | null> {
    const { clock, config } = this.ports.context;
    const startedMs = this.nowMs();
    const end = await this.sender.send(rows);
    const restMs = (rows.length * 1_000) / config.moveRowsPerSecond - (this.nowMs() - startedMs);
    if (end === null && this.sender.untilMs === null && restMs > 0) await delay(clock, restMs);
    return end;
  }

  /** Null: so little is left, and the next owner answers so soon, that the slots may be released. */
  private async catchUp(watch: SlotWatch, sums: CopiedSums): Promise<TransferEnd | null> {
    const { clock, config } = this.ports.context;
    this.progress.entered('catching-up');
    for (let round = 1; ; round += 1) {
      if (watch.isOverflown) return left(TOO_MUCH_CHANGES);
      if (watch.size > (round > ROUNDS ? MAX_ROWS_PER_PART : config.moveFewRows)) {
        const end = await this.sendChanged(watch.take(), sums);
        if (end !== null) return end;
        continue;
      }
      const asked = await this.sender.ask();
      if ('kind' in asked) return asked;
      const isPrompt = asked.tookMs !== null && asked.tookMs <= config.moveBlockedMs / PROMPT_SHARE;
      if (isPrompt && watch.size <= MAX_ROWS_PER_PART) return null;
      if (asked.tookMs !== null && !isPrompt) this.sender.waits(`it takes ${Math.round(asked.tookMs)} ms to answer`);
      await delay(clock, config.driverRetryMs);
    }
  }

  private async release(watch: SlotWatch, sums: CopiedSums): Promise<TransferEnd> {
    const { proposer, applier, context } = this.ports;
    const { number, slots, to } = this.move;
    const instruction: ReleaseSlots = { kind: 'release-slots', move: number, slots, to };
    const [fate] = await proposer.submit([instruction]);
    const stage = fate?.kind === 'applied' && fate.outcome.kind === 'move' ? fate.outcome.stage : null;
    // What has become of it stands in the bucket's meta row.
    if (stage?.kind !== 'released') return left(stage === null ? `the release: ${fate?.kind ?? 'no answer'}` : textOf(stage));
    this.releasedMs = this.nowMs();
    this.progress.entered('released');
    this.sender.untilMs = this.releasedMs + context.config.moveBlockedMs;
    if (watch.isOverflown) return left(TOO_MUCH_CHANGES);
    context.logger.info({ bucket: applier.bucket, move: number, to, rowsLeft: watch.size }, 'slots are released');
    // Nothing of them changes any more. Locks go now alone: a part cannot say that one has gone since it came.
    const locks = applier.state().ledger.departingLocks(number);
    const end = (await this.sendChanged(watch.take(), sums)) ?? (await this.sender.send(locks.map((row): MovedRow => ({ kind: 'locks', row }))));
    return end ?? this.sender.adopt(stage.handover, sums.with(watch.made(), locks.length));
  }

  /** As they are now. What changes later is noted again. */
  private async sendChanged(keys: RowsTouched, sums: CopiedSums): Promise<TransferEnd | null> {
    for (const piece of inPieces(keys, MAX_ROWS_PER_PART)) {
      const rows = await rowsNow(this.ports.applier, piece);
      for (const each of rows) if (each.kind === 'accounts') sums.changed(each.row);
      const end = await this.sender.send(rows);
      if (end !== null) return end;
    }
    return null;
  }

  private nowMs(): number {
    return this.ports.context.clock.monotonicMs();
  }
}
