/** A fault: how it is done to the cluster, how long it stays, and how it is undone. */
import type { World } from './world';

/**
 * `links`: three RMs, a proxy on each link. `hosts`: three RMs, each process a host on a network of its own. `five hosts`: five
 * RMs with five replicas of each bucket.
 */
export type Ground = 'links' | 'hosts' | 'five hosts';

export const grounds: readonly Ground[] = ['links', 'hosts', 'five hosts'];

export interface Scenario {
  readonly name: string;
  /** Does it, and returns what undoes it. Both end when the deed is done, not when the cluster has recovered. */
  readonly inject: (world: World) => Promise<() => Promise<void>>;
  readonly holdMs: number;
  /** False: no majority or no coordinator is there meanwhile, so clocks start when the fault is lifted. */
  readonly servesMeanwhile: boolean;
  /** Processes may stop on an error of their own: a full disk ends a process, rightly. */
  readonly mayStop?: boolean;
  /** So many processes are turned away, and end with exit code 2 and one line; the scenario has read it. Default 0. */
  readonly refusals?: number;
  /** On which kind of cluster; default `links`. */
  readonly ground?: Ground;
  /** How fast is measured elsewhere (`npm run bench -- failover`): here nothing is said of time. */
  readonly untimed?: boolean;
  /** It lasts until this bucket has served a payment that was begun after the fault. */
  readonly mustServe?: number;
  /** No payment may be given up by its home meanwhile. */
  readonly noneAbandoned?: boolean;
  /** Nobody may lead anything that another one led before, for as long as it lasts. */
  readonly leadersStay?: boolean;
  /** Why it cannot be done here; null: it can. */
  readonly unavailable?: (world: World) => string | null;
}
