/**
 * A TCP proxy between two parties, with the network's faults as verbs: cut (both ways, connections reset or black-holed),
 * one-way cut, delay. One proxy stands for one direction of dialling: whoever connects to `port` reaches `target`.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type ProxyMode =
  | { readonly kind: 'open' }
  /** Existing connections are reset and new ones refused. */
  | { readonly kind: 'refused' }
  /** Bytes vanish in the given directions; connections stay open, as in a real partition. */
  | { readonly kind: 'black-hole'; readonly towardsTarget: boolean; readonly towardsClient: boolean };

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
  /** Nothing goes through it any more, and nobody is told. */
  dead: boolean;
}

export class TcpProxy {
  private readonly pairs = new Set<Pair>();
  private mode: ProxyMode = { kind: 'open' };
  private delayMs = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private targetPort: number,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  /** @param host the address to listen on */
  static async start(targetPort: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, host, resolve);
    });
    return new TcpProxy(server, (server.address() as AddressInfo).port, targetPort);
  }

  set(mode: ProxyMode): void {
    this.mode = mode;
    // What a black hole swallowed is gone: a TLS stream with a gap in it cannot go on, so healing resets.
    if (mode.kind !== 'black-hole') this.resetAll();
  }

  /** New connections pass; those of before stay open and dead, as behind a firewall that has forgotten them. */
  forget(): void {
    for (const pair of this.pairs) pair.dead = true;
    this.mode = { kind: 'open' };
  }

  /** Ends every connection as a crash does; new ones are welcome. */
  reset(): void {
    this.resetAll();
  }

  /** From now on it leads to somebody else, as a wrong address does. */
  lead(targetPort: number): void {
    this.targetPort = targetPort;
    this.resetAll();
  }

  /** Adds so many milliseconds each way, from now on. */
  delay(milliseconds: number): void {
    this.delayMs = milliseconds;
  }

  async close(): Promise<void> {
    this.resetAll();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private accept(client: Socket): void {
    if (this.mode.kind === 'refused') {
      client.resetAndDestroy();
      return;
    }
    const pair: Pair = { client, target: connect({ host: '127.0.0.1', port: this.targetPort }), dead: false };
    this.pairs.add(pair);
    client.setNoDelay(true);
    pair.target.setNoDelay(true);
    this.pump(pair, pair.client, pair.target, () => this.mode.kind === 'black-hole' && this.mode.towardsTarget);
    this.pump(pair, pair.target, pair.client, () => this.mode.kind === 'black-hole' && this.mode.towardsClient);
  }

  private pump(pair: Pair, from: Socket, to: Socket, swallowed: () => boolean): void {
    const end = (): void => this.end(pair);
    from.on('error', end);
    from.on('close', end);
    from.on('data', (bytes) => {
      if (pair.dead || swallowed()) return;
      if (this.delayMs === 0) to.write(bytes);
      else setTimeout(() => !to.destroyed && to.write(bytes), this.delayMs);
    });
  }

  private end(pair: Pair): void {
    if (!this.pairs.delete(pair)) return;
    pair.client.destroy();
    pair.target.destroy();
  }

  private resetAll(): void {
    for (const pair of [...this.pairs]) this.end(pair);
  }
}
