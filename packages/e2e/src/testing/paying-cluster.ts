/** A cluster that pays all the time, and an operator at a terminal who changes it meanwhile. */
import { Cluster, type ClusterOptions } from '../harness/cluster';
import type { Ran } from '../harness/command';
import { numbersIn } from '../harness/names';
import { Operator } from '../harness/operator';
import { Bank } from './bank';
import { SteadyPayments } from './steady-payments';

/** Since the last change. */
const PAYMENTS_THAT_SHOW_IT = 20;

export class PayingCluster {
  readonly operator: Operator;

  private constructor(
    readonly cluster: Cluster,
    readonly bank: Bank,
    /** In order of their buckets. */
    readonly accounts: readonly string[],
    readonly payments: SteadyPayments,
  ) {
    this.operator = new Operator(cluster);
  }

  static async start(options: ClusterOptions, accountsPerBucket: number): Promise<PayingCluster> {
    const cluster = await Cluster.start(options);
    const bank = new Bank(cluster);
    const accounts = cluster.placement.map.buckets.flatMap(({ bucket }) => numbersIn(cluster.placement, bucket, `b${bucket}`, accountsPerBucket));
    await bank.open(accounts).catch(async (error: unknown) => {
      await cluster.stop();
      throw error;
    });
    const payments = new SteadyPayments(bank, accounts);
    payments.start();
    return new PayingCluster(cluster, bank, accounts, payments);
  }

  /** `mas-client cluster …`, which has to succeed. */
  async done(...args: readonly string[]): Promise<Ran> {
    const ran = await this.operator.run('cluster', ...args);
    if (ran.code !== 0) throw new Error(`${args.join(' ')}: ${JSON.stringify(ran)}\n${this.cluster.diagnostics()}`);
    return ran;
  }

  /** … which has to be refused. @returns what stands on stderr */
  async refused(...args: readonly string[]): Promise<string> {
    const ran = await this.operator.run('cluster', ...args);
    expect({ ...ran, code: ran.code === 0 ? 0 : 'not 0' }).toMatchObject({ code: 'not 0', stdout: '' });
    return ran.stderr;
  }

  /** Healthy, paying, in order, and no process has ended by itself. */
  async isWell(): Promise<void> {
    await this.operator.isHealthy();
    await this.payments.haveBeenPaid(PAYMENTS_THAT_SHOW_IT);
    expect(await this.bank.audited()).toBeGreaterThan(0);
    expect(this.cluster.failures()).toEqual([]);
  }

  async stop(): Promise<void> {
    this.payments.abandon();
    await this.cluster.stop();
  }
}
