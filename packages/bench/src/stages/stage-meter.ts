/**
 * Measures named stages of one thread: CPU of the whole process while a stage runs (so garbage that its allocations make
 * is on its bill when it is collected during it), and bytes allocated, in rounds of their own, which begin with an empty
 * young generation and end before it is full. A stage's figure is the median over the rounds.
 */
import { median } from '../raft/statistics';

export type MeterMode = 'time' | 'bytes';

export interface StageFigure {
  readonly name: string;
  readonly microseconds: number;
  readonly bytes: number;
}

interface Samples {
  readonly microseconds: number[];
  readonly bytes: number[];
}

export class StageMeter {
  private readonly stages = new Map<string, Samples>();
  private mode: MeterMode = 'time';
  private kept = true;

  /** @param collect empties the young generation. */
  constructor(private readonly collect: () => void) {}

  /** @param kept false for rounds that only warm up. */
  round(mode: MeterMode, kept: boolean): void {
    this.mode = mode;
    this.kept = kept;
  }

  /** @param units payments that share what the stage takes. */
  take<Result>(name: string, units: number, work: () => Result): Result {
    if (this.mode === 'bytes') return this.allocations(name, units, work);
    const before = process.cpuUsage();
    const result = work();
    this.note(name, 'microseconds', cpuSince(before) / units);
    return result;
  }

  async takeAsync<Result>(name: string, units: number, work: () => Promise<Result>): Promise<Result> {
    if (this.mode === 'bytes') this.collect();
    const [cpu, bytes] = [process.cpuUsage(), allocated()];
    const result = await work();
    if (this.mode === 'bytes') this.note(name, 'bytes', (allocated() - bytes) / units);
    else this.note(name, 'microseconds', cpuSince(cpu) / units);
    return result;
  }

  figures(): readonly StageFigure[] {
    return [...this.stages].map(([name, { microseconds, bytes }]) => ({ name, microseconds: median(microseconds), bytes: Math.max(0, median(bytes)) }));
  }

  private allocations<Result>(name: string, units: number, work: () => Result): Result {
    this.collect();
    const before = allocated();
    const result = work();
    this.note(name, 'bytes', (allocated() - before) / units);
    return result;
  }

  private note(name: string, what: keyof Samples, value: number): void {
    if (!this.kept) return;
    let samples = this.stages.get(name);
    if (samples === undefined) {
      samples = { microseconds: [], bytes: [] };
      this.stages.set(name, samples);
    }
    samples[what].push(value);
  }
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** On the heap and beside it, where buffers have their bytes. */
function allocated(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
