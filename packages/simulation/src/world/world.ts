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

  constructor(readonly options: WorldOptions) {
    this.trace = new Trace(() => this.time.nowMs(), options.keepsDetails, options.keepsHashed);
    this.root = new SeededRandom(options.seed);
  }

  /** Chance for one part, so that one part's draws do not shift another's. */
  chance(): SeededRandom {
    return this.root.fork();
  }
}
