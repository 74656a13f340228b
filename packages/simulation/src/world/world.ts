/** What all parts of one simulated world share: its time, its chance, its trace and its figures. All from one seed. */
import { SeededRandom } from '@mas/values';
import { Counters } from './counters';
import { Trace } from './trace';
import { VirtualTime } from './virtual-time';

export interface WorldOptions {
  readonly seed: number;
  readonly keepsDetails: boolean;
  readonly keepsHashed?: boolean;
}

export class World {
  readonly time = new VirtualTime();
  readonly trace: Trace;
  readonly counters = new Counters();
  private readonly root: SeededRandom;
  /** When the last of what faults have made slow comes to its end: messages that are late, reads and writes that limp. What follows may wait for it. */
  slowUntilMs = 0;

  constructor(readonly options: WorldOptions) {
    this.trace = new Trace(() => this.time.nowMs(), options.keepsDetails, options.keepsHashed);
    this.root = new SeededRandom(options.seed);
  }

  /** Something takes so long from now on because of a fault. */
  isSlow(forMs: number): void {
    this.slowUntilMs = Math.max(this.slowUntilMs, this.time.nowMs() + forMs);
  }

  /** Chance for one part, so that one part's draws do not shift another's. */
  chance(): SeededRandom {
    return this.root.fork();
  }
}
