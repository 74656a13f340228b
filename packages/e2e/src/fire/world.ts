/** One cluster under fire, with the books of everything that was asked of it. */
import { join } from 'node:path';
import { History } from '@mas/auditor';
import { slotOfAccount } from '@mas/placement';
import type { MasClient } from '@mas/client';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { accountNumber, SeededRandom, type Random } from '@mas/values';
import { Auditor } from '../harness/auditor';
import { Books } from '../harness/books';
import { Cluster, type ClusterOptions } from '../harness/cluster';
import { auditAtRest, type FinalAudit } from '../harness/final-audit';
import { numbersIn } from '../harness/names';
import { Shim } from '../harness/shim';
import { SmallDisk } from '../harness/small-disk';
import { WitnessedClient } from '../harness/witnessed-client';
import type { Ground } from './scenario';

const ACCOUNTS_PER_BUCKET = 12;
/** Why the slow disks and wrong clocks of single processes cannot be had. */
export const NEEDS_COMPILER = 'needs a C compiler (cc) for the preloaded library';
export const OPENING_MINOR = 1_000_000n;
const CALL_TIMEOUT_MS = 8_000;
const OBSERVER_TIMEOUT_MS = 30_000;
/** The RM whose log lies on a small disk. */
export const SMALL_DISK_RM = 'rm3';
const SMALL_DISK_MEGABYTES = 512;

const OPTIONS_OF: Readonly<Record<Ground, ClusterOptions>> = {
  links: { proxies: true },
  hosts: { hosts: 'namespaces' },
  'five hosts': { hosts: 'namespaces', rms: 5, replicas: 5 },
};

export class World {
  /** All that was asked and heard since the beginning. */
  readonly history = new History();
  readonly books = new Books();
  readonly auditor: Auditor;
  readonly random: Random;
  /** Of the load: what a client of both TMs does. */
  readonly client: WitnessedClient;
  /** Of the observer, with patience. */
  readonly observer: MasClient;

  /** Other clusters on this machine. */
  private readonly others: Cluster[] = [];

  private constructor(
    readonly cluster: Cluster,
    seed: number,
    /** Null where there is no C compiler. */
    readonly shim: Shim | null,
    /** Of SMALL_DISK_RM; null where we are not root. */
    readonly smallDisk: SmallDisk | null,
    private readonly tools: TempFolder,
  ) {
    this.random = new SeededRandom(seed);
    this.client = new WitnessedClient(cluster.client({ timeoutMs: CALL_TIMEOUT_MS }), this.history);
    this.observer = cluster.client({ timeoutMs: OBSERVER_TIMEOUT_MS });
    this.auditor = new Auditor(this.observer, new WitnessedClient(this.observer, this.history), this.books, () => cluster.diagnostics());
  }

  /** @throws where the ground cannot be had, with what is missing */
  static async start(seed: number, ground: Ground = 'links'): Promise<World> {
    const tools = await tempFolder('mas-fire');
    const shim = Shim.compile(tools.path);
    const smallDisk = SmallDisk.available() ? SmallDisk.mount(join(tools.path, 'small-disk'), SMALL_DISK_MEGABYTES) : null;
    let cluster: Cluster | null = null;
    try {
      cluster = await Cluster.start({
        storage: 'servers',
        tms: 2,
        environmentOf: (name) => (name.startsWith('rm') ? (shim?.environmentOf(name) ?? {}) : {}),
        dataOf: (name) => (name === SMALL_DISK_RM && smallDisk !== null ? join(smallDisk.path, 'data') : null),
        ...OPTIONS_OF[ground],
      });
      const world = new World(cluster, seed, shim, smallDisk, tools);
      await world.openAccounts();
      return world;
    } catch (error) {
      await cluster?.stop();
      smallDisk?.unmount();
      await tools.remove();
      throw error;
    }
  }

  /** Of an account. */
  bucketOf(account: string): number {
    return this.cluster.placement.bucketOf(slotOfAccount(accountNumber(account)));
  }

  /** Which process leads each bucket, in which term, as far as it is known. */
  async leaders(): Promise<ReadonlyMap<number, string>> {
    const { replicas } = await this.observer.clusterStatus();
    const leading = replicas.filter((one) => one.role === 'leader').sort((a, b) => a.term - b.term);
    return new Map(leading.map((one) => [one.bucket, `rm${one.rm} in term ${one.term}`]));
  }

  /** Another cluster with the same certificates, on the embedded stores, a proxy on each link. It is stopped with the world at the latest. */
  async another(): Promise<Cluster> {
    const other = await Cluster.start({ proxies: true, certs: this.cluster.certs() });
    this.others.push(other);
    return other;
  }

  /** At rest: after the last scenario, with no load. */
  auditAtRest(): Promise<FinalAudit> {
    return auditAtRest(this.cluster, this.observer, this.history);
  }

  async stop(): Promise<void> {
    await Promise.all([this.cluster, ...this.others].map((one) => one.stop()));
    this.smallDisk?.unmount();
    await this.tools.remove();
  }

  private async openAccounts(): Promise<void> {
    const opener = new WitnessedClient(this.observer, this.history);
    for (const { bucket } of this.cluster.placement.map.buckets) {
      const numbers = numbersIn(this.cluster.placement, bucket, `b${bucket}-`, ACCOUNTS_PER_BUCKET);
      await Promise.all(numbers.map((number) => opener.createAccount(number, OPENING_MINOR)));
      for (const number of numbers) this.books.opened(number, OPENING_MINOR);
    }
  }
}
