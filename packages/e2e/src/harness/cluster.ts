/**
 * A whole Mini Account System of real processes on this machine: TMs, RMs, and where asked for a private MariaDB and Redis.
 * Every link (client–TM, TM–RM, RM–RM, TM–Redis, RM–SQL) can run through a proxy of its own, so that it can be cut alone.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { genesisPlacement, PlacementIndex } from '@mas/placement';
import type { MasClient } from '@mas/client';
import { freePort, startMariaDb, startRedis, tempFolder, waitUntil, type TempFolder, type TestServer } from '@mas/test-servers';
import { rmId, type RmId } from '@mas/values';
import { Access, type ClientOptions } from './access';
import { run, type Ran } from './command';
import { Links, LOOPBACK } from './links';
import { MasProcess, OWN_PROGRAM, REPOSITORY_ROOT } from './mas-process';
import { PrivateNetwork } from './private-network';

export interface ClusterOptions {
  readonly rms?: number;
  readonly tms?: number;
  readonly buckets?: number;
  readonly replicas?: number;
  readonly storage?: 'embedded' | 'servers';
  /** Of the private MariaDB: `durable` syncs every commit, as a figure must; default `fast`. */
  readonly durability?: 'fast' | 'durable';
  /** Of the private MariaDB: `large` buffers, as a server has that is not one of many on a machine; default `small`. */
  readonly sqlMemory?: 'small' | 'large';
  /** Proxies on every link; without them cut and delay are not available. */
  readonly proxies?: boolean;
  /**
   * `loopback` (default), or a network of its own in which each process is a host and single packets can be lost (`network`);
   * proxies then stand before Redis and the SQL server only. Needs root on Linux.
   */
  readonly hosts?: 'loopback' | 'namespaces';
  /** Added to every process's environment: MAS_* settings. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Added to the environment of one process. */
  readonly environmentOf?: (name: string) => Readonly<Record<string, string>>;
  /** The folder of another cluster's certificates, which are then good for this one, too. Default: its own. */
  readonly certs?: string | null;
  /** A backup that all RMs are restored from before their first start. */
  readonly restoredFrom?: string | null;
  /** Where an RM keeps its own files (its log), instead of in the cluster's folder. */
  readonly dataOf?: (name: string) => string | null;
  /** Where the private MariaDB keeps its data: an empty folder of the caller's. Default: its own. */
  readonly sqlDataFolder?: string | null;
  /** The server program that its processes are started from; default: the one that is built here. */
  readonly program?: string;
}

const HOST = 'localhost';
const LEADERS_TIMEOUT_MS = 180_000;

export class Cluster {
  readonly tms: MasProcess[] = [];
  readonly rms: MasProcess[] = [];
  /** Named `from>to`, for example `rm1>rm2`, `tm1>rm3`, `tm1>redis`, `rm2>sql`. */
  readonly links: Links;
  readonly placement: PlacementIndex;
  sql: TestServer | null = null;
  redis: TestServer | null = null;
  private ownNetwork: PrivateNetwork | null = null;
  private tmPorts: number[] = [];
  private rmPorts: number[] = [];
  private readonly access: Access;

  private constructor(
    private readonly folder: TempFolder,
    private readonly options: Required<ClusterOptions>,
  ) {
    this.links = new Links(options.proxies);
    this.access = new Access(this.certs(), () => this.addresses());
    const members = Array.from({ length: options.rms }, (_, at) => ({ rm: rmId(at + 1), address: '' }));
    this.placement = new PlacementIndex(genesisPlacement(members, options.buckets, options.replicas));
  }

  /** Starts everything and waits until every bucket has a leader. Whatever fails is cleaned up. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const complete: Required<ClusterOptions> = {
      rms: 3,
      tms: 1,
      buckets: 3,
      replicas: 3,
      storage: 'embedded',
      durability: 'fast',
      sqlMemory: 'small',
      proxies: false,
      hosts: 'loopback',
      environment: {},
      environmentOf: () => ({}),
      certs: null,
      restoredFrom: null,
      dataOf: () => null,
      sqlDataFolder: null,
      program: OWN_PROGRAM,
      ...options,
    };
    const cluster = new Cluster(await tempFolder('mas-cluster'), complete);
    try {
      await cluster.launch();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** `host:port` of the TMs, for clients. */
  addresses(): readonly string[] {
    return this.tmPorts.map((port, at) => `${this.hostOf(`tm${at + 1}`)}:${port}`);
  }

  rmAddresses(): readonly string[] {
    return this.rmPorts.map((port, at) => `${this.hostOf(`rm${at + 1}`)}:${port}`);
  }

  /** A Resource Manager that comes later, with the next id: not started, and named to nobody yet. It asks to be taken in at all that run. */
  async newcomer(): Promise<MasProcess> {
    const rm = this.rmPorts.length + 1;
    const seeds = this.rmAddresses().join(',');
    this.makeCertificates(rm);
    this.rmPorts = [...this.rmPorts, (await differentPorts(1))[0] ?? 0];
    const process = await this.resourceManager(rm, ['--join', seeds]);
    this.rms.push(process);
    return process;
  }

  /** It is not to be started with the others any more. */
  forget(rm: MasProcess): void {
    this.rms.splice(this.rms.indexOf(rm), 1);
  }

  /** Where single packets are lost; only with `hosts: 'namespaces'`. */
  get network(): PrivateNetwork {
    if (this.ownNetwork === null) throw new Error("this cluster has no network of its own: start it with hosts: 'namespaces'");
    return this.ownNetwork;
  }

  certs(): string {
    return this.options.certs ?? join(this.folder.path, 'certs');
  }

  /** An operator's client of all TMs, unless asked otherwise. Closed with the cluster. */
  client(options: ClientOptions = {}): MasClient {
    return this.access.client(options);
  }

  operatorToken(name?: string): string {
    return this.access.operatorToken(name);
  }

  accountToken(number: string): string {
    return this.access.accountToken(number);
  }

  /** Of every Resource Manager, past its proxy; none where it is embedded. */
  databases(): readonly { readonly rm: RmId; readonly url: string }[] {
    const { sql } = this;
    return sql === null ? [] : this.rms.map((_, at) => ({ rm: rmId(at + 1), url: `mysql://root@127.0.0.1:${sql.port}/${databaseOf(at + 1)}` }));
  }

  /** Where a process keeps its own files. */
  dataOf(name: string): string {
    return this.options.dataOf(name) ?? join(this.folder.path, name, 'data');
  }

  process(name: string): MasProcess {
    const found = [...this.rms, ...this.tms].find((one) => one.name === name);
    if (found === undefined) throw new Error(`no process ${name}; there are ${[...this.rms, ...this.tms].map((one) => one.name).join(', ')}`);
    return found;
  }

  /** The RM that leads a bucket now, as a majority of its living replicas say. */
  async leaderOf(bucket: number, client = this.client()): Promise<MasProcess> {
    let name = '';
    await waitUntil(
      `bucket ${bucket} has a leader`,
      async () => {
        const { replicas } = await client.clusterStatus();
        const leader = replicas.filter((one) => one.bucket === bucket && one.role === 'leader').sort((a, b) => b.term - a.term)[0];
        if (leader === undefined) return false;
        name = `rm${leader.rm}`;
        return true;
      },
      { timeoutMs: LEADERS_TIMEOUT_MS, diagnostics: () => this.diagnostics() },
    );
    return this.process(name);
  }

  /** Cuts a process off from all others, both ways, as a pulled network cable does. */
  cut(name: string): void {
    this.links.of(name).forEach((proxy) => proxy.set({ kind: 'black-hole', towardsClient: true, towardsTarget: true }));
  }

  heal(name: string): void {
    this.links.of(name).forEach((proxy) => proxy.set({ kind: 'open' }));
  }

  /** `mas restore` into the storage of an RM that does not run, to its end. @param environment such as a failpoint */
  restore(rm: MasProcess, backup: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return run(process.execPath, [join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js'), 'restore', '--from', backup, ...rm.restoreFlags()], environment);
  }

  /** Starts what does not run and waits until every process is ready and every bucket is led. */
  async whole(): Promise<void> {
    for (const one of [...this.rms, ...this.tms]) if (!one.running()) one.start();
    await Promise.all([...this.rms, ...this.tms].map((one) => one.ready()));
    await this.led();
  }

  /** Ends all processes and servers and removes their folder. Frozen ones included. */
  async stop(): Promise<void> {
    this.access.close();
    await Promise.all([...this.tms, ...this.rms].filter((one) => one.running()).map((one) => one.kill()));
    await this.links.close();
    await Promise.all([this.sql?.stop(), this.redis?.stop(), this.ownNetwork?.close()]);
    await this.folder.remove();
  }

  /** Processes that stopped on an error of their own, with what they said last. */
  failures(): readonly string[] {
    return [...this.tms, ...this.rms].flatMap((one) => one.failures());
  }

  /** What to look at when a test failed: the end of every log. */
  diagnostics(): string {
    return [...this.tms, ...this.rms].map((one) => `=== ${one.name} ${JSON.stringify(one.exitStatus())}\n${one.logTail()}`).join('\n');
  }

  private async launch(): Promise<void> {
    const { storage, durability, sqlMemory, sqlDataFolder, rms, tms } = this.options;
    const place = sqlDataFolder === null ? {} : { dataFolder: sqlDataFolder };
    if (storage === 'servers') [this.sql, this.redis] = await Promise.all([startMariaDb({ durability, memory: sqlMemory, ...place }), startRedis()]);
    const names = [...numbered('rm', rms), ...numbered('tm', tms)];
    if (this.options.hosts === 'namespaces') this.ownNetwork = await PrivateNetwork.start(names);
    if (this.options.certs === null) this.makeCertificates(rms, this.ownNetwork === null ? [] : names.map((name) => this.hostOf(name)));
    const ports = await differentPorts(rms + tms);
    this.rmPorts = ports.slice(0, rms);
    this.tmPorts = ports.slice(rms);
    for (let rm = 1; rm <= rms; rm += 1) this.rms.push(await this.resourceManager(rm));
    for (let tm = 1; tm <= tms; tm += 1) this.tms.push(await this.transactionManager(tm));
    if (this.options.restoredFrom !== null) await this.restored(this.options.restoredFrom);
    await this.whole();
  }

  private async restored(backup: string): Promise<void> {
    for (const rm of this.rms) {
      const ran = await this.restore(rm, backup);
      if (ran.code !== 0) throw new Error(`mas restore ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
    }
  }

  private makeCertificates(rms: number, hosts: readonly string[] = []): void {
    const addresses = hosts.flatMap((host) => ['--host', host]);
    execFileSync('bash', [join(REPOSITORY_ROOT, 'certs/make-certs.sh'), '--dir', this.certs(), '--rms', String(rms), ...addresses], { stdio: 'pipe' });
  }

  private async led(): Promise<void> {
    const client = this.client();
    await waitUntil(
      'every bucket has a leader',
      async () => {
        const { replicas } = await client.clusterStatus();
        return this.placement.map.buckets.every(({ bucket }) => replicas.some((one) => one.bucket === bucket && one.role === 'leader'));
      },
      { timeoutMs: LEADERS_TIMEOUT_MS, diagnostics: () => this.diagnostics() },
    );
  }

  private async resourceManager(rm: number, arrival?: readonly string[]): Promise<MasProcess> {
    const name = `rm${rm}`;
    const sql = this.sql === null ? 'embedded' : `mysql://root@${this.outside()}:${await this.links.through(`${name}>sql`, this.sql.port, this.outside())}`;
    return this.newProcess(name, [
      'rm',
      '--id',
      String(rm),
      '--listen',
      `${this.hostOf(name)}:${this.rmPorts[rm - 1] ?? 0}`,
      ...(arrival ?? ['--cluster', await this.members(name)]),
      '--sql',
      sql,
      '--db',
      databaseOf(rm),
    ]);
  }

  private async transactionManager(tm: number): Promise<MasProcess> {
    const name = `tm${tm}`;
    const redis = this.redis === null ? 'embedded' : `redis://${this.outside()}:${await this.links.through(`${name}>redis`, this.redis.port, this.outside())}`;
    return this.newProcess(name, [
      'tc',
      '--id',
      `tc-${tm}`,
      '--listen',
      `${this.hostOf(name)}:${this.tmPorts[tm - 1] ?? 0}`,
      '--cluster',
      await this.members(name),
      '--redis',
      redis,
    ]);
  }

  private hostOf(name: string): string {
    return this.ownNetwork?.addressOf(name) ?? HOST;
  }

  /** Where Redis and the SQL server are, as the processes see it. */
  private outside(): string {
    return this.ownNetwork?.ownAddress ?? LOOPBACK;
  }

  private newProcess(name: string, args: readonly string[]): MasProcess {
    const folder = join(this.folder.path, name);
    const { buckets, replicas } = this.options;
    const shared = ['--buckets', String(buckets), '--replicas', String(replicas), '--certs', this.certs(), '--data', this.dataOf(name)];
    return new MasProcess({
      name,
      folder,
      on: this.ownNetwork?.on(name) ?? [],
      program: this.options.program,
      args: [...args, ...shared],
      environment: { MAS_LOG_LEVEL: 'info', MAS_SQL_WAIT_MS: '600000', ...this.options.environment, ...this.options.environmentOf(name) },
    });
  }

  /** The cluster as `viewer` dials it: through its own proxies to everybody else. */
  private async members(viewer: string): Promise<string> {
    const parts: string[] = [];
    for (const [at, port] of this.rmPorts.entries()) {
      const name = `rm${at + 1}`;
      const direct = name === viewer || this.ownNetwork !== null;
      parts.push(`${at + 1}=${this.hostOf(name)}:${direct ? port : await this.links.through(`${viewer}>${name}`, port)}`);
    }
    return parts.join(',');
  }
}

function databaseOf(rm: number): string {
  return `mas${rm}`;
}

function numbered(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${kind}${at + 1}`);
}

async function differentPorts(count: number): Promise<number[]> {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(await freePort());
  return [...chosen];
}
