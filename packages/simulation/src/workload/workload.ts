/** What clients do: the mix of operations, in closed loops with pauses, until they are told to stop. */
import { History } from '@mas/auditor';
import type { SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import type { World } from '../world/world';
import { breakALock, freezeForAWhile, oneIdForMany, open, payUnderLock, shareALock } from './account-changes';
import { backUp, type BackupBytes } from './backups';
import { deepAccounts, plannedAccounts, type PlannedAccount } from './accounts';
import { Client } from './client';
import { raiseMinimum } from './minimums';
import { passOn, pay, payAndRefund, payAtTheEnds, payManyLegs, spendToTheLimit, spendWhatComes, twoStep } from './payments';
import { followCached, lookUp, payAndLook, readAgain, readAll, readOne, readOtherLevels, readSome } from './reads';
import { closeForGood, payTheFrozen, readWithOwnToken, takeFromOthers } from './refused';

export interface WorkloadShape {
  readonly clients: number;
  readonly accountsPerBucket: number;
  readonly meanPauseMs: number;
}

type Operation = (client: Client) => Promise<void>;

const SETUP_LIMIT_MS = 60_000;

export class Workload {
  readonly history = new History();
  readonly backups: BackupBytes[] = [];
  readonly accounts: readonly PlannedAccount[];
  readonly deep: readonly PlannedAccount[];
  private isOver = false;
  private running = 0;
  private readonly random: SeededRandom;

  constructor(
    private readonly world: World,
    private readonly cluster: Cluster,
    private readonly shape: WorkloadShape,
  ) {
    this.random = world.chance();
    this.accounts = plannedAccounts(cluster.placement, cluster.buckets, shape.accountsPerBucket);
    this.deep = deepAccounts(cluster.placement, cluster.buckets);
    cluster.accounts = [...this.accounts, ...this.deep].map(({ number }) => number);
  }

  /** Opens the accounts, while nothing disturbs. */
  async setUp(): Promise<void> {
    const client = this.client('setup');
    const all = [...this.accounts, ...this.deep];
    await this.world.time.until(Promise.all(all.map((account) => open(client, account))), SETUP_LIMIT_MS, 'opening the accounts');
    const missing = all.filter((account) => this.history.accounts.get(account.number)?.createdMs === null);
    if (missing.length > 0) throw new Error(`accounts could not be opened: ${missing.map((account) => account.number).join(', ')}`);
  }

  start(): void {
    for (let i = 1; i <= this.shape.clients; i += 1) void this.loop(this.client(`c${i}`));
  }

  /** No new operations; those under way come to their end. */
  stop(): void {
    this.isOver = true;
  }

  get isIdle(): boolean {
    return this.running === 0;
  }

  private client(name: string): Client {
    return new Client(name, this.cluster, this.accounts, this.deep, this.history, this.backups, this.random.fork(), () => this.isOver);
  }

  private async loop(client: Client): Promise<void> {
    this.running += 1;
    while (!this.isOver) {
      await this.world.time.after(-Math.log(1 - client.random.unit()) * this.shape.meanPauseMs);
      if (this.isOver) break;
      await draw(client)(client);
    }
    this.running -= 1;
  }
}

/** Weights. */
const MIX: readonly (readonly [number, Operation])[] = [
  [36, pay],
  [8, payManyLegs],
  [9, twoStep],
  [6, payAndRefund],
  [6, passOn],
  [3, spendToTheLimit],
  [4, spendWhatComes],
  [4, payAtTheEnds],
  [10, readOne],
  [8, readAll],
  [5, readSome],
  [6, readOtherLevels],
  [5, payAndLook],
  [2, followCached],
  [4, readAgain],
  [4, lookUp],
  [4, payUnderLock],
  [2, freezeForAWhile],
  [2, oneIdForMany],
  [2, shareALock],
  [1, breakALock],
  [2, takeFromOthers],
  [2, readWithOwnToken],
  [2, payTheFrozen],
  [1, closeForGood],
  [2, raiseMinimum],
  [3, backUp],
];

function draw(client: Client): Operation {
  let at = client.random.below(MIX.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, operation] of MIX) {
    if (at < weight) return operation;
    at -= weight;
  }
  return pay;
}
