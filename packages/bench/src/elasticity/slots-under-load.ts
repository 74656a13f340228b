/** What the logs of Resource Managers say of moves of slots: for how long the slots of each had no owner, and what has moved. */
import type { Cluster } from '@mas/e2e';
import { percentile } from '../raft/statistics';

export interface MovesFigures {
  readonly moves: number;
  readonly accounts: number;
  /** Accounts, legs and outcomes. */
  readonly rows: number;
  /** From RELEASE to the answer to ADOPT, as the bucket that gave the slots has it. */
  readonly blockedP50Ms: number;
  readonly blockedP99Ms: number;
  readonly blockedMaxMs: number;
}

const HAS_NEW_OWNER = 'slots have a new owner';
const HAS_MOVED = 'slots have moved to another bucket';

export class MovesSeen {
  private readonly blockedMs: number[] = [];
  private readonly moved = new Map<unknown, { readonly accounts: number; readonly rows: number }>();

  /** Listens from now on. */
  constructor(cluster: Pick<Cluster, 'rms'>) {
    for (const process of cluster.rms)
      process.onLine(({ msg, move, blockedMs, accounts, legs, outcomes }) => {
        if (msg === HAS_NEW_OWNER && typeof blockedMs === 'number') this.blockedMs.push(blockedMs);
        if (msg === HAS_MOVED) this.moved.set(move, { accounts: Number(accounts), rows: Number(accounts) + Number(legs) + Number(outcomes) });
      });
  }

  /** Since the last call. */
  take(): MovesFigures {
    const [all, blockedMs] = [[...this.moved.values()], this.blockedMs.splice(0)];
    this.moved.clear();
    return {
      moves: all.length,
      accounts: all.reduce((sum, { accounts }) => sum + accounts, 0),
      rows: all.reduce((sum, { rows }) => sum + rows, 0),
      blockedP50Ms: percentile(blockedMs, 50),
      blockedP99Ms: percentile(blockedMs, 99),
      blockedMaxMs: Math.max(0, ...blockedMs),
    };
  }
}
