/** A TCP relay that can cut what goes through it. Test support only. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private refusing = false;
  private delayMs = 0;
  private swallowed = 0;

  private constructor(private readonly server: Server) {}

  /** `target` is asked per connection, so that the proxy may exist before what it leads to. */
  static async open(target: () => number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (near) => {
      near.on('error', () => undefined);
      if (proxy.delayMs === 0) proxy.relay(near, target());
      else setTimeout(() => proxy.relay(near, target()), proxy.delayMs).unref();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection at once; new ones pass. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  refuse(refusing: boolean): void {
    this.refusing = refusing;
    if (refusing) this.cut();
  }

  /** The next `count` connections are accepted and never hear a word. */
  swallow(count: number): void {
    this.swallowed = count;
  }

  /** What is connected now carries nothing more, and is not told; new connections pass. */
  mute(): void {
    for (const socket of this.sockets) socket.unpipe();
  }

  /** New connections are accepted at once and lead on only after so long. */
  delay(delayMs: number): void {
    this.delayMs = delayMs;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private relay(near: Socket, port: number): void {
    if (this.refusing) {
      near.destroy();
      return;
    }
    if (this.swallowed > 0) {
      this.swallowed -= 1;
      this.sockets.add(near);
      near.on('error', () => undefined);
      near.resume();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
