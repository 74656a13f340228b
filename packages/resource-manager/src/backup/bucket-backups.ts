/**
 * A replica's rows for a backup, under an id of whoever asks: read at exactly one moment into the spool, as a snapshot is, and given away piece by piece. So a slow taker holds no
 * SQL transaction open, and a piece that was lost is asked for again. What nobody asks about ends by itself.
 */
import type { SlotHoldings } from '@mas/ledger';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { delay, type Clock, type Timer } from '@mas/values';
import type { SnapshotChunk, SnapshotReader } from '../applied-store';
import type { SpooledSnapshot } from '../snapshot-spool';
import { CutMissed } from './cut-barriers';

export type BackupRequest = Extract<ParticipantRequest, { readonly kind: 'backup' }>;
type BackupReply = Extract<ParticipantReply, { readonly kind: 'backup' }>;

/** An answer comes so soon, with what there is. */
const ANSWER_MS = 1_000;
const FORSAKEN_MS = 60_000;
/** Of one replica. */
const MAX_RUNS = 2;
const PIECE_BYTES = 512 * 1024;
/** For the cut to come, beyond the time until its moment. */
const PATIENCE_MS = 5_000;

export interface BackupPorts {
  readonly clock: Clock;
  /** Milliseconds until the bucket's time has come to a moment; negative: it has passed. */
  untilMs(us: number): number;
  /** @throws CutMissed, StoreUnavailable */
  readCut(us: number, timeoutMs: number): Promise<SnapshotReader>;
  spool(reader: SnapshotReader): Promise<SpooledSnapshot>;
}

class Run {
  rows = 0;
  spooled: SpooledSnapshot | null = null;
  /** Of the bucket at the moment. */
  holdings: SlotHoldings | null = null;
  failure: string | null = null;
  hasEnded = false;
  over: Promise<void> = Promise.resolve();

  constructor(public forsaken: Timer) {}
}

class Ended extends Error {}

export class BucketBackups {
  private readonly runs = new Map<string, Run>();

  constructor(private readonly ports: BackupPorts) {}

  async ask({ id, cutUs, step, offset }: BackupRequest): Promise<ParticipantReply> {
    if (step === 'end') {
      this.end(id);
      return replyOf('ended');
    }
    const run = this.runs.get(id) ?? this.begin(id, cutUs);
    if (run === null) return { kind: 'unavailable', reason: `${MAX_RUNS} other backups read this replica` };
    run.forsaken.cancel();
    run.forsaken = this.ports.clock.schedule(FORSAKEN_MS, () => this.end(id));
    if (run.spooled === null && run.failure === null) await Promise.race([run.over, delay(this.ports.clock, ANSWER_MS)]);
    if (run.failure !== null) {
      this.end(id);
      return replyOf('missed', { rows: run.rows, reason: run.failure });
    }
    const { spooled, rows, holdings } = run;
    if (spooled === null) return replyOf('reading', { rows });
    const piece = offset >= spooled.bytes ? new Uint8Array(0) : await spooled.piece(offset, PIECE_BYTES);
    return replyOf('ready', { rows, bytes: spooled.bytes, piece, holdings });
  }

  endAll(): void {
    for (const id of [...this.runs.keys()]) this.end(id);
  }

  private end(id: string): void {
    const run = this.runs.get(id);
    if (run === undefined) return;
    this.runs.delete(id);
    run.forsaken.cancel();
    run.hasEnded = true;
    void run.spooled?.release();
  }

  private begin(id: string, cutUs: number): Run | null {
    if (this.runs.size >= MAX_RUNS) return null;
    const run = new Run(this.ports.clock.schedule(FORSAKEN_MS, () => this.end(id)));
    this.runs.set(id, run);
    run.over = this.read(run, cutUs).catch((error: unknown) => {
      const what = error instanceof Error ? error.message : String(error);
      run.failure = error instanceof CutMissed || error instanceof Ended ? what : `its rows cannot be read: ${what}`;
    });
    return run;
  }

  private async read(run: Run, cutUs: number): Promise<void> {
    const reader = await this.ports.readCut(cutUs, Math.max(0, this.ports.untilMs(cutUs)) + PATIENCE_MS);
    try {
      const meta = reader.checkpoint.meta ?? null;
      run.holdings = meta === null ? null : { slots: meta.slots, moves: meta.moves };
      const spooled = await this.ports.spool(counted(reader, run));
      if (run.hasEnded) await spooled.release();
      else run.spooled = spooled;
    } finally {
      await reader.close();
    }
  }
}

/** Says how many rows have been read, and ends with the backup. */
function counted(reader: SnapshotReader, run: Run): SnapshotReader {
  return {
    checkpoint: reader.checkpoint,
    chunks: async function* (kinds, sinceMs): AsyncIterable<SnapshotChunk> {
      for await (const chunk of reader.chunks(kinds, sinceMs)) {
        if (run.hasEnded) throw new Ended('the backup was ended');
        run.rows += chunk.rows.length;
        yield chunk;
      }
    },
    close: () => reader.close(),
  };
}

function replyOf(stage: BackupReply['stage'], more: Partial<BackupReply> = {}): BackupReply {
  return { kind: 'backup', stage, rows: 0, bytes: 0, piece: new Uint8Array(0), reason: '', holdings: null, ...more };
}
