/**
 * What happened, twice: a hash over every event to the byte, for replays; and lines that a person reads. The bytes of every
 * message and every answer go into the hash, so two histories that differ anywhere differ here.
 */
import { createHash, type Hash } from 'node:crypto';

export interface TimelineLine {
  readonly atMs: number;
  readonly text: string;
  /** notes: what a person wants to see always; details: with --trace. */
  readonly level: 'note' | 'detail';
}

const MAX_LINES = 400_000;

export class Trace {
  readonly lines: TimelineLine[] = [];
  private readonly hash: Hash = createHash('sha256');
  /** What has been hashed is kept when asked for, to find where two replays part. */
  readonly hashed: string[] = [];

  constructor(
    private readonly nowMs: () => number,
    private readonly keepsDetails: boolean,
    private readonly keepsHashed = false,
  ) {}

  /** Only for the hash. */
  record(text: string, bytes?: Uint8Array): void {
    const line = `${this.nowMs()} ${text}\n`;
    this.hash.update(line);
    if (bytes !== undefined) this.hash.update(bytes);
    if (this.keepsHashed) this.hashed.push(bytes === undefined ? line : `${line} ${createHash('sha256').update(bytes).digest('hex')}`);
  }

  note(text: string): void {
    this.add(text, 'note');
  }

  detail(text: string): void {
    if (this.keepsDetails) this.add(text, 'detail');
    else this.record(text);
  }

  /** For what must not reach the hash: log lines carry stacks of this machine. */
  aside(text: string): void {
    if (this.keepsDetails && this.lines.length < MAX_LINES) this.lines.push({ atMs: this.nowMs(), text, level: 'detail' });
  }

  digest(): string {
    return this.hash.copy().digest('hex');
  }

  private add(text: string, level: TimelineLine['level']): void {
    this.record(text);
    if (this.lines.length < MAX_LINES) this.lines.push({ atMs: this.nowMs(), text, level });
  }
}
