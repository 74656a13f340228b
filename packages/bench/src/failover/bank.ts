/** A cluster for one kind of strike: accounts, books, and who asks. */
import { Auditor, Books, Cluster, numbersIn, Shim } from '@mas/e2e';
import { slotOfAccount } from '@mas/placement';
import type { MasClient, PaymentInput } from '@mas/client';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { accountNumber, SeededRandom } from '@mas/values';
import { MIXED, PaymentLoad } from '../load/payment-load';
import { PaymentFlow } from './payment-flow';

export interface BankOptions {
  readonly storage: 'embedded' | 'servers';
  readonly hosts: 'loopback' | 'namespaces';
  readonly rms: number;
  readonly tms: number;
  readonly perSecond: number;
  readonly seed: number;
}

/** All of them are read at one moment. */
const ACCOUNTS_PER_BUCKET = 20;
const OPENING_MINOR = 1_000_000n;
const CALL_TIMEOUT_MS = 8_000;
const OBSERVER_TIMEOUT_MS = 60_000;

export class Bank {
  readonly books = new Books();
  readonly auditor: Auditor;
  readonly observer: MasClient;
  private readonly client: MasClient;
  private load: PaymentLoad | null = null;

  private constructor(
    readonly cluster: Cluster,
    readonly shim: Shim | null,
    readonly perSecond: number,
    private readonly tools: TempFolder,
  ) {
    this.client = cluster.client({ timeoutMs: CALL_TIMEOUT_MS });
    this.observer = cluster.client({ timeoutMs: OBSERVER_TIMEOUT_MS });
    this.auditor = new Auditor(this.observer, this.observer, this.books, () => cluster.diagnostics());
  }

  static async open(options: BankOptions): Promise<Bank> {
    const tools = await tempFolder('mas-failover');
    const shim = Shim.compile(tools.path);
    let cluster: Cluster | null = null;
    try {
      const { storage, hosts, rms, tms } = options;
      cluster = await Cluster.start({
        storage,
        hosts,
        rms,
        replicas: rms,
        tms,
        durability: 'durable',
        sqlMemory: 'large',
        environmentOf: (name) => (name.startsWith('rm') ? (shim?.environmentOf(name) ?? {}) : {}),
      });
      const bank = new Bank(cluster, shim, options.perSecond, tools);
      await bank.createAccounts(options.seed);
      return bank;
    } catch (error) {
      await cluster?.stop();
      await tools.remove();
      throw error;
    }
  }

  next(): PaymentInput {
    if (this.load === null) throw new Error('there are no accounts yet');
    return this.load.next(MIXED);
  }

  flow(): PaymentFlow {
    return new PaymentFlow(
      this.client,
      this.books,
      () => this.next(),
      (payment) => this.bucketsOf(payment),
      this.perSecond,
    );
  }

  async close(): Promise<void> {
    await this.cluster.stop();
    await this.tools.remove();
  }

  private bucketsOf({ from = '', to = '' }: PaymentInput): ReadonlySet<number> {
    return new Set([from, to].map((account) => Number(this.cluster.placement.bucketOf(slotOfAccount(accountNumber(account))))));
  }

  private async createAccounts(seed: number): Promise<void> {
    const { placement } = this.cluster;
    const numbers = placement.map.buckets.flatMap(({ bucket }) => numbersIn(placement, bucket, `b${bucket}-`, ACCOUNTS_PER_BUCKET));
    await Promise.all(numbers.map((number) => this.observer.createAccount({ id: `open-${number}`, number, openingBalance: { minor: OPENING_MINOR } })));
    for (const number of numbers) this.books.opened(number, OPENING_MINOR);
    this.load = new PaymentLoad(numbers, placement, new SeededRandom(seed), `failover-${process.pid}`);
  }
}
