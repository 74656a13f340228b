/**
 * A TCP proxy in front of a MySQL server that cuts a connection exactly at a COMMIT: before the server has seen it, or after
 * the server has answered it. A client cannot tell the two apart, which is the point.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type CommitCut = 'before-server' | 'after-server';

/** Command byte of a query (COM_QUERY), then the text. */
const COMMIT_PAYLOAD = Buffer.from('\x03commit');
const HEADER_BYTES = 4;

export class CuttingProxy {
  private armed: { readonly cut: CommitCut; readonly thenRefuse: boolean } | null = null;
  private refusing = false;
  private readonly sockets = new Set<Socket>();
  /** COMMITs that were cut. */
  cuts = 0;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  static async start(targetPort: number): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CuttingProxy(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Once. `thenRefuse`: every later connection is closed at once, and every open one, until heal(). */
  cutNextCommit(cut: CommitCut, thenRefuse = false): void {
    this.armed = { cut, thenRefuse };
  }

  heal(): void {
    this.refusing = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(client: Socket): void {
    if (this.refusing) {
      client.destroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: this.targetPort });
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    let answerIsCut = false;
    client.on('data', (data) => {
      const armed = this.armed;
      if (armed === null || !data.subarray(HEADER_BYTES).equals(COMMIT_PAYLOAD)) {
        server.write(data);
        return;
      }
      this.armed = null;
      this.cuts += 1;
      this.refusing = armed.thenRefuse;
      if (armed.cut === 'before-server') this.cut(client);
      else {
        answerIsCut = true;
        server.write(data);
      }
    });
    server.on('data', (data) => {
      if (answerIsCut) this.cut(client);
      else client.write(data);
    });
  }

  private cut(client: Socket): void {
    client.destroy();
    if (this.refusing) for (const socket of this.sockets) socket.destroy();
  }
}
