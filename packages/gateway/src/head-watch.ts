/**
 * Closes connections of HTTP/1 whose next request does not come, be it that nothing is said or a head line by line without an end: Node's own limit does not hold for a
 * server that speaks HTTP/2 as well. Sessions of HTTP/2 have their own.
 */
import type { TLSSocket } from 'node:tls';
import { LIMITS } from './limits';

interface Arrived {
  readonly httpVersionMajor: number;
  readonly socket: object;
}

export class HeadWatch {
  private readonly timers = new WeakMap<object, NodeJS.Timeout>();

  connected(socket: TLSSocket): void {
    if (socket.alpnProtocol === 'h2') return;
    socket.once('close', () => this.forget(socket));
    this.expect(socket, LIMITS.handshakeMs);
  }

  arrived(request: Arrived, response: { once(event: 'close', hear: () => void): unknown }): void {
    if (request.httpVersionMajor !== 1) return;
    const { socket } = request;
    this.forget(socket);
    response.once('close', () => this.expect(socket as TLSSocket, LIMITS.idleMs));
  }

  private expect(socket: TLSSocket, withinMs: number): void {
    this.forget(socket);
    if (!socket.destroyed) this.timers.set(socket, setTimeout(() => socket.destroy(), withinMs).unref());
  }

  private forget(socket: object): void {
    clearTimeout(this.timers.get(socket));
    this.timers.delete(socket);
  }
}
