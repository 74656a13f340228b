/** A fault: how it is done to the cluster, how long it stays, and how it is undone. */
import type { World } from './world';

export interface Scenario {
  readonly name: string;
  /** Does it, and returns what undoes it. Both end when the deed is done, not when the cluster has recovered. */
  readonly inject: (world: World) => Promise<() => Promise<void>>;
  readonly holdMs: number;
  /** False: no majority or no coordinator is there meanwhile, so clocks start when the fault is lifted. */
  readonly servesMeanwhile: boolean;
  /** Processes may stop on an error of their own: a full disk ends a process, rightly. */
  readonly mayStop?: boolean;
  /** Why it cannot be done here; null: it can. */
  readonly unavailable?: (world: World) => string | null;
}
