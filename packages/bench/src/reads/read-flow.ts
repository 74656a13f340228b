/** Reads at a steady pace or one after the other: how long each took, whether it was answered, and what was wrong with the answer. */
import { MasCallFailed } from '@mas/client';
import { countOf } from '../failover/payment-flow';
import { OpenLoop } from '../load/open-loop';
import { percentile } from '../raft/statistics';

export interface ReadFigures {
  readonly reads: number;
  /** Of all, whatever became of them. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** By kind and reason. */
  readonly unanswered: Readonly<Record<string, number>>;
  /** What was wrong with answers: one line each. */
  readonly wrong: readonly string[];
}

/** @returns what is wrong with the answer; null: nothing */
export type Read = () => Promise<string | null>;

export class Reads {
  private readonly tookMs: number[] = [];
  private readonly failures: string[] = [];
  private readonly wrong: string[] = [];

  constructor(private readonly read: Read) {}

  async once(): Promise<void> {
    const startedMs = performance.now();
    try {
      const wrong = await this.read();
      if (wrong !== null) this.wrong.push(wrong);
    } catch (error) {
      if (!(error instanceof MasCallFailed)) throw error;
      this.failures.push(`${error.error.kind} ${error.error.reason}`);
    }
    this.tookMs.push(performance.now() - startedMs);
  }

  /** An open loop. */
  async during(durationMs: number, perSecond: number): Promise<void> {
    const loop = new OpenLoop(perSecond, () => this.once());
    loop.start();
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    loop.stop();
    await loop.ended();
  }

  figures(): ReadFigures {
    const { tookMs, failures, wrong } = this;
    const at = (percent: number): number => percentile(tookMs, percent);
    return { reads: tookMs.length, p50Ms: at(50), p99Ms: at(99), maxMs: at(100), unanswered: countOf(failures), wrong };
  }
}
