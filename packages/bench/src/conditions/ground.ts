/** A cluster for one condition: accounts, a load on them, who asks, and what its processes have used. */
import { randomUUID } from 'node:crypto';
import { Cluster, Shim } from '@mas/e2e';
import { PlacementIndex } from '@mas/placement';
import type { MasClient } from '@mas/client';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { SeededRandom } from '@mas/values';
import { createAccounts } from '../load/accounts';
import { auditOf, type Conserved } from '../load/conserved';
import { PaymentLoad, UNIFORM, type PaymentSource } from '../load/payment-load';
import { BATCH_SIZE, runScenario, type PaymentScenario, type ScenarioResult } from '../load/payment-scenario';
import { warmUp, type WarmUp } from '../load/warm-up';
import { pidsOf } from '../measure/cluster-pids';
import { PeakMemory } from '../measure/process-usage';
import type { Progress } from '../progress';

export interface GroundOptions {
  readonly storage: 'embedded' | 'servers';
  readonly seed: number;
  readonly durationMs: number;
  /** Null: until the CPU of a payment stands still. */
  readonly warmUpPayments: number | null;
}

/** Of the load in batches. */
export const CALLERS = 8;
const CALL_TIMEOUT_MS = 60_000;
const REST_TIMEOUT_MS = 180_000;
const LOOK_EVERY_MS = 100;

export class Ground {
  readonly peaks = new PeakMemory();
  private readonly numbers: string[] = [];

  private constructor(
    readonly cluster: Cluster,
    /** Null where it was not asked for, or there is no C compiler. */
    readonly shim: Shim | null,
    readonly options: GroundOptions,
    readonly progress: Progress,
    private readonly tools: TempFolder,
  ) {}

  /**
   * @param slowDisks fsyncs of Resource Managers can be made slower
   * @param more in the environment of a process
   */
  static async open(
    options: GroundOptions,
    slowDisks: boolean,
    progress: Progress,
    more: (name: string) => Readonly<Record<string, string>> = () => ({}),
  ): Promise<Ground> {
    const tools = await tempFolder('mas-conditions');
    try {
      const shim = slowDisks ? Shim.compile(tools.path) : null;
      const environmentOf = (name: string): Readonly<Record<string, string>> => ({
        ...(name.startsWith('rm') ? shim?.environmentOf(name) : {}),
        ...more(name),
      });
      const cluster = await Cluster.start({ storage: options.storage, durability: 'durable', sqlMemory: 'large', environmentOf });
      return new Ground(cluster, shim, options, progress, tools);
    } catch (error) {
      await tools.remove();
      throw error;
    }
  }

  get accounts(): number {
    return this.numbers.length;
  }

  get accountNumbers(): readonly string[] {
    return this.numbers;
  }

  /** A new one: it knows nothing of connections that have gone. */
  client(): MasClient {
    return this.cluster.client({ timeoutMs: CALL_TIMEOUT_MS });
  }

  pids(): ReadonlyMap<string, number> {
    return pidsOf(this.cluster);
  }

  /** Makes accounts until there are so many. @returns how many were made in a second */
  async growTo(count: number, client: MasClient): Promise<number> {
    const { progress, numbers } = this;
    progress.phase(`creating accounts until there are ${count}`);
    const [before, startedMs] = [numbers.length, performance.now()];
    for (const number of await createAccounts(client, before, count, (fraction) => progress.advance(fraction))) numbers.push(number);
    return ((count - before) * 1000) / (performance.now() - startedMs);
  }

  /** Over all accounts that there are now. */
  async load(client: MasClient): Promise<PaymentLoad> {
    const { placement } = await client.clusterStatus();
    return new PaymentLoad(this.numbers, new PlacementIndex(placement), new SeededRandom(this.options.seed), randomUUID().slice(0, 8));
  }

  warmUp(client: MasClient, load: PaymentSource): Promise<WarmUp> {
    return warmUp(client, load, this.options.warmUpPayments, this.pids(), this.progress);
  }

  /** @param warmUpMs not counted */
  batches(client: MasClient, load: PaymentSource, when: string, warmUpMs: number, durationMs = this.options.durationMs): Promise<ScenarioResult> {
    const { progress } = this;
    const name = `${when}, batch of ${BATCH_SIZE}, ${CALLERS} callers, ${UNIFORM.name}`;
    const scenario: PaymentScenario = { name, form: 'batch', callers: CALLERS, mix: UNIFORM };
    return runScenario(client, load, scenario, { durationMs, warmUpMs, pids: this.pids() }, progress);
  }

  /** Every replica is there and has applied all that is committed. */
  async caughtUp(client: MasClient): Promise<void> {
    this.progress.phase('waiting until every replica has caught up');
    await this.everyReplica('has applied what is committed', client, ({ appliedIndex }, committed) => appliedIndex === committed);
  }

  /** … and its rows are in its database: nothing that was measured before is still being written. */
  async atRest(client: MasClient): Promise<void> {
    this.progress.phase('waiting until every row is written');
    await this.everyReplica('has written what is committed', client, ({ durableIndex }, committed) => durableIndex === committed);
  }

  /** A replica can only be compared by what is in its database. */
  async audit(client: MasClient): Promise<Conserved> {
    await this.atRest(client);
    this.progress.phase('checking that money was conserved');
    this.notePeaks();
    return auditOf(client, this.accounts);
  }

  /** Before a process is ended, and at the end. Of the cluster's processes: this one has served other conditions, too. */
  notePeaks(): void {
    this.peaks.note(new Map([...this.pids()].filter(([, pid]) => pid !== process.pid)));
  }

  async close(): Promise<void> {
    await this.cluster.stop();
    await this.tools.remove();
  }

  private async everyReplica(does: string, client: MasClient, isSo: (replica: Indexes, committed: number) => boolean): Promise<void> {
    const expected = this.cluster.placement.map.buckets.flatMap(({ bucket, replicas }) => replicas.map((rm) => ({ bucket, rm })));
    await waitUntil(
      `every replica ${does}`,
      async () => {
        const { replicas } = await client.clusterStatus();
        const committedIn = (bucket: number): number => Math.max(...replicas.filter((one) => one.bucket === bucket).map(({ commitIndex }) => commitIndex));
        return expected.every(({ bucket, rm }) => replicas.some((one) => one.bucket === bucket && one.rm === rm && isSo(one, committedIn(bucket))));
      },
      { timeoutMs: REST_TIMEOUT_MS, intervalMs: LOOK_EVERY_MS, diagnostics: () => this.cluster.diagnostics() },
    );
  }
}

interface Indexes {
  readonly appliedIndex: number;
  readonly durableIndex: number;
}
