/** Those who wait for the state of one exact index, to compare replicas while payments run. */
import type { Clock } from '@mas/values';
import { changesConfiguration, type Barrier, type DecodedEntry } from './apply-parts';

export class ReadBarriers {
  private waiting: Barrier[] = [];

  constructor(private readonly clock: Clock) {}

  /** What `read` gives when applying has reached `index` and stands still for it; or when the time is over, wherever it is then. */
  at<Value>(index: number, timeoutMs: number, read: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const barrier: Barrier = {
        index,
        reached: () => {
          timer.cancel();
          return read().then(resolve, reject);
        },
      };
      const timer = this.clock.schedule(timeoutMs, () => {
        this.waiting = this.waiting.filter((other) => other !== barrier);
        read().then(resolve, reject);
      });
      this.waiting.push(barrier);
    });
  }

  /** Those that this run reaches, ascending. Behind a change of configuration only the run's end can be checkpointed. */
  takeUpTo(run: readonly DecodedEntry[]): readonly Barrier[] {
    const last = run[run.length - 1]?.entry.index;
    if (this.waiting.length === 0 || last === undefined || changesConfiguration(run)) return [];
    const reached = this.waiting.filter(({ index }) => index <= last).sort((a, b) => a.index - b.index);
    this.waiting = this.waiting.filter(({ index }) => index > last);
    return reached;
  }
}
