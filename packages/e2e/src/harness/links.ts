/** The proxies of a cluster, one per link and direction of dialling, by name. */
import { TcpProxy } from './tcp-proxy';

/** Where the servers of a test listen; only from elsewhere a proxy must be passed. */
export const LOOPBACK = '127.0.0.1';

export class Links {
  private readonly proxies = new Map<string, TcpProxy>();

  constructor(private readonly enabled: boolean) {}

  /** The port to dial instead of `port`, on `host`. */
  async through(name: string, port: number, host = LOOPBACK): Promise<number> {
    if (!this.enabled && host === LOOPBACK) return port;
    const proxy = await TcpProxy.start(port, host);
    this.proxies.set(name, proxy);
    return proxy.port;
  }

  get(name: string): TcpProxy {
    const proxy = this.proxies.get(name);
    if (proxy === undefined) throw new Error(`no link ${name}; there are ${[...this.proxies.keys()].join(', ')}`);
    return proxy;
  }

  /** All links that begin or end at `party`: a process, `redis` or `sql`. */
  of(party: string): readonly TcpProxy[] {
    return [...this.proxies].filter(([name]) => name.split('>').includes(party)).map(([, proxy]) => proxy);
  }

  /** All links whose name matches: `/^rm1>/` is what rm1 dials. */
  matching(pattern: RegExp): readonly TcpProxy[] {
    return [...this.proxies].filter(([name]) => pattern.test(name)).map(([, proxy]) => proxy);
  }

  openAll(): void {
    for (const proxy of this.proxies.values()) proxy.set({ kind: 'open' });
    for (const proxy of this.proxies.values()) proxy.delay(0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.close()));
  }
}
