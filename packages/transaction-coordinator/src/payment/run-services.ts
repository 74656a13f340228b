/** What every run of a transaction is given by its coordinator. */
import type { Clock, Logger, Random } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import type { Failpoints } from '../failpoints';
import type { Journal } from '../journal/journal';
import type { Unfinished } from '../operations/unfinished';
import type { PlacementKeeper } from '../placement-keeper';
import type { BucketLink } from '../transport/bucket-link';
import type { TimerWheel } from '../transport/timer-wheel';
import type { LockWaiter } from './lock-waiter';

export interface RunServices {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: CoordinatorCounters;
  readonly failpoints: Failpoints;
  readonly journal: Journal;
  readonly link: BucketLink;
  readonly wheel: TimerWheel;
  readonly placements: PlacementKeeper;
  readonly lockWaiter: LockWaiter;
  readonly unfinished: Unfinished;
}
