/**
 * How long leaders hold new instructions back for a read at one instant. On a system that is idle enough two collections
 * need no help. Where they do, the hold has to outlast what is under way and two collections, and how long that takes
 * depends on the load: the collection before this one tells, and the hold doubles with every further failure.
 */
import type { CoordinatorConfig } from '../coordinator-config';

const FAILURES_BEFORE_DELAY = 2;
const COLLECTIONS_PER_HOLD = 4;

export function instantDelayMs(failures: number, collectionMs: number, { readDelayMs, readDelayMaxMs }: CoordinatorConfig): number {
  if (failures < FAILURES_BEFORE_DELAY) return 0;
  const first = Math.max(readDelayMs, Math.ceil(collectionMs) * COLLECTIONS_PER_HOLD);
  return Math.min(readDelayMaxMs, first * 2 ** Math.min(failures - FAILURES_BEFORE_DELAY, 10));
}
