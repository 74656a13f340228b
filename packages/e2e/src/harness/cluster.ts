/**
 * A whole Mini Account System of real processes on this machine: TMs, RMs, and where asked for a private MariaDB and Redis.
 * Every link (TM–RM, RM–RM, TM–Redis, RM–SQL) can run through a proxy of its own, so that it can be cut alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startMariaDb, startRedis, tempFolder, type TempFolder, type TestServer } from '@mas/test-servers';
import { MasProcess, REPOSITORY_ROOT } from './mas-process';
import { TcpProxy } from './tcp-proxy';

export interface ClusterOptions {
  readonly rms?: number;
  readonly tms?: number;
  readonly buckets?: number;
  readonly replicas?: number;
  readonly storage?: 'embedded' | 'servers';
  /** Proxies on every link; without them cut and delay are not available. */
  readonly proxies?: boolean;
  /** Added to every process's environment: MAS_* settings. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class Cluster {
  readonly tms: MasProcess[] = [];
  readonly rms: MasProcess[] = [];
  /** By `from>to`, for example `rm1>rm2`, `tm1>rm3`, `tm1>redis`, `rm2>sql`. */
  readonly links = new Map<string, TcpProxy>();
  sql: TestServer | null = null;
  redis: TestServer | null = null;
  private tmPorts: number[] = [];
  private rmPorts: number[] = [];

  private constructor(
    private readonly folder: TempFolder,
    private readonly options: Required<ClusterOptions>,
  ) {}

  /** Starts everything and waits until every process is ready. Whatever fails is cleaned up. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const complete = { rms: 3, tms: 1, buckets: 3, replicas: 3, storage: 'embedded', proxies: false, environment: {}, ...options } as const;
    const cluster = new Cluster(await tempFolder('mas-cluster'), complete);
    try {
      await cluster.launch();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** `localhost:port` of the TMs, for clients. */
  addresses(): readonly string[] {
    return this.tmPorts.map((port) => `localhost:${port}`);
  }

  certs(): string {
    return join(this.folder.path, 'certs');
  }

  caCertificate(): Buffer {
    return readFileSync(join(this.certs(), 'ca.crt'));
  }

  link(name: string): TcpProxy {
    const proxy = this.links.get(name);
    if (proxy === undefined) throw new Error(`no link ${name}; there are ${[...this.links.keys()].join(', ')}`);
    return proxy;
  }

  /** Cuts a process off from all others, both ways, as a pulled network cable does. */
  cut(name: string): void {
    for (const proxy of this.linksOf(name)) proxy.set({ kind: 'black-hole', towardsClient: true, towardsTarget: true });
  }

  heal(name: string): void {
    for (const proxy of this.linksOf(name)) proxy.set({ kind: 'open' });
  }

  async ready(): Promise<void> {
    await Promise.all([...this.rms, ...this.tms].filter((process) => process.running()).map((process) => process.ready()));
  }

  /** Ends all processes and servers and removes their folder. Frozen ones included. */
  async stop(): Promise<void> {
    await Promise.all([...this.tms, ...this.rms].filter((process) => process.running()).map((process) => process.kill()));
    await Promise.all([...this.links.values()].map((proxy) => proxy.close()));
    await Promise.all([this.sql?.stop(), this.redis?.stop()]);
    await this.folder.remove();
  }

  /** What to look at when a test failed: the end of every log. */
  diagnostics(): string {
    return [...this.tms, ...this.rms].map((process) => `=== ${process.name} ${JSON.stringify(process.exitStatus())}\n${process.logTail()}`).join('\n');
  }

  private async launch(): Promise<void> {
    const { storage, rms, tms } = this.options;
    if (storage === 'servers') [this.sql, this.redis] = await Promise.all([startMariaDb(), startRedis()]);
    execFileSync('bash', [join(REPOSITORY_ROOT, 'certs/make-certs.sh'), '--dir', this.certs(), '--rms', String(rms)], { stdio: 'pipe' });
    this.rmPorts = await ports(rms);
    this.tmPorts = await ports(tms);
    for (let rm = 1; rm <= rms; rm += 1) this.rms.push(await this.resourceManager(rm));
    for (let tm = 1; tm <= tms; tm += 1) this.tms.push(await this.transactionManager(tm));
    for (const process of [...this.rms, ...this.tms]) process.start();
    await this.ready();
  }

  private async resourceManager(rm: number): Promise<MasProcess> {
    const name = `rm${rm}`;
    const sql = this.sql === null ? 'embedded' : `mysql://root@127.0.0.1:${await this.through(`${name}>sql`, this.sql.port)}`;
    return this.process(name, ['rm', '--id', String(rm), '--listen', `localhost:${this.rmPorts[rm - 1] ?? 0}`, '--cluster', await this.members(name), '--sql', sql, '--db', `mas${rm}`, ...this.shared()]);
  }

  private async transactionManager(tm: number): Promise<MasProcess> {
    const name = `tm${tm}`;
    const redis = this.redis === null ? 'embedded' : `redis://127.0.0.1:${await this.through(`${name}>redis`, this.redis.port)}`;
    return this.process(name, ['tc', '--id', `tc-${tm}`, '--listen', `localhost:${this.tmPorts[tm - 1] ?? 0}`, '--cluster', await this.members(name), '--redis', redis, ...this.shared()]);
  }

  private process(name: string, args: readonly string[]): MasProcess {
    const folder = join(this.folder.path, name);
    return new MasProcess({ name, folder, args: [...args, '--data', join(folder, 'data')], environment: { MAS_LOG_LEVEL: 'info', ...this.options.environment } });
  }

  private shared(): readonly string[] {
    return ['--buckets', String(this.options.buckets), '--replicas', String(this.options.replicas), '--certs', this.certs()];
  }

  /** The cluster as `viewer` dials it: through its own proxies to everybody else. */
  private async members(viewer: string): Promise<string> {
    const parts: string[] = [];
    for (const [at, port] of this.rmPorts.entries()) {
      const name = `rm${at + 1}`;
      parts.push(`${at + 1}=localhost:${name === viewer ? port : await this.through(`${viewer}>${name}`, port)}`);
    }
    return parts.join(',');
  }

  private async through(link: string, port: number): Promise<number> {
    if (!this.options.proxies) return port;
    const proxy = await TcpProxy.start(port);
    this.links.set(link, proxy);
    return proxy.port;
  }

  private linksOf(name: string): readonly TcpProxy[] {
    return [...this.links].filter(([link]) => link.split('>').includes(name)).map(([, proxy]) => proxy);
  }
}

async function ports(count: number): Promise<number[]> {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(await freePort());
  return [...chosen];
}
