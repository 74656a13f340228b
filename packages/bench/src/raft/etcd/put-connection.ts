/**
 * A lean gRPC client for one method, etcdserverpb.KV/Put: HTTP/2 frames made by hand, everything that one turn of the event loop
 * produces in one write. grpc-js manages some thousand calls a second and would be what is measured; this leaves the work to etcd.
 * A call has succeeded when a message came before the end of its stream: a gRPC server that refuses sends none.
 */
import { connect, type Socket } from 'node:net';
import * as http2 from './http2-frames';

interface Waiting {
  readonly settle: (isDone: boolean) => void;
  answered: boolean;
}

const PUT_PATH = '/etcdserverpb.KV/Put';

export class PutConnection {
  private readonly streams = new Map<number, Waiting>();
  private nextStream = 1;
  private sendWindow = http2.CONNECTION_WINDOW_BYTES;
  /** Calls that wait for the connection's window. */
  private readonly queued: { readonly request: Uint8Array; readonly waiting: Waiting }[] = [];
  private unsent: Buffer[] = [];
  private rest: Buffer = Buffer.alloc(0);
  private receivedBytes = 0;
  private failure: string | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly authority: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('close', () => this.fail('closed'));
    socket.on('error', (error) => this.fail(error.message));
    this.write(http2.preface());
  }

  static async open(port: number): Promise<PutConnection> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new PutConnection(socket, `127.0.0.1:${port}`);
  }

  /** Why nothing works any more. */
  get failed(): string | undefined {
    return this.failure;
  }

  /** @param request an encoded PutRequest. @returns whether etcd confirmed it. */
  put(request: Uint8Array): Promise<boolean> {
    return new Promise((settle) => {
      const waiting: Waiting = { settle, answered: false };
      if (this.failure !== undefined) settle(false);
      else if (this.queued.length > 0 || this.sendWindow < http2.dataBytes(request)) this.queued.push({ request, waiting });
      else this.send(request, waiting);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private send(request: Uint8Array, waiting: Waiting): void {
    const stream = this.nextStream;
    const block = stream === 1 ? http2.firstHeaderBlock(PUT_PATH, this.authority) : http2.REPEATED_HEADER_BLOCK;
    this.nextStream += 2;
    this.sendWindow -= http2.dataBytes(request);
    this.streams.set(stream, waiting);
    this.write(http2.unaryCall(stream, block, request));
  }

  private write(bytes: Buffer): void {
    this.unsent.push(bytes);
    if (this.unsent.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { unsent } = this;
    this.unsent = [];
    if (this.failure === undefined) this.socket.write(unsent.length === 1 ? (unsent[0] ?? '') : Buffer.concat(unsent));
  }

  private receive(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (bytes.length - at >= http2.FRAME_HEADER_BYTES) {
      const end = at + http2.FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5) & 0x7fff_ffff, bytes.subarray(at + http2.FRAME_HEADER_BYTES, end));
      at = end;
    }
    this.rest = bytes.subarray(at);
  }

  private onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case http2.DATA:
        this.onData(stream, payload.length);
        if ((flags & http2.END_STREAM) !== 0) this.end(stream);
        return;
      case http2.HEADERS:
        if ((flags & http2.END_STREAM) !== 0) this.end(stream);
        return;
      case http2.RST_STREAM:
        this.end(stream);
        return;
      case http2.SETTINGS:
        if ((flags & http2.ACK) === 0) this.write(http2.frame(http2.SETTINGS, http2.ACK, 0, Buffer.alloc(0)));
        return;
      case http2.PING:
        if ((flags & http2.ACK) === 0) this.write(http2.frame(http2.PING, http2.ACK, 0, payload));
        return;
      case http2.WINDOW_UPDATE:
        if (stream === 0) this.widen(payload.readUInt32BE(0) & 0x7fff_ffff);
        return;
      case http2.GOAWAY:
        this.fail('etcd sent GOAWAY');
        return;
      default:
        return;
    }
  }

  private onData(stream: number, length: number): void {
    const waiting = this.streams.get(stream);
    if (waiting !== undefined && length > 0) waiting.answered = true;
    this.receivedBytes += length;
    if (this.receivedBytes < http2.GRANTED_BYTES / 2) return;
    this.write(http2.windowUpdate(this.receivedBytes));
    this.receivedBytes = 0;
  }

  private end(stream: number): void {
    const waiting = this.streams.get(stream);
    this.streams.delete(stream);
    waiting?.settle(waiting.answered);
  }

  private widen(bytes: number): void {
    this.sendWindow += bytes;
    for (let next = this.queued[0]; next !== undefined && this.sendWindow >= http2.dataBytes(next.request); next = this.queued[0]) {
      this.queued.shift();
      this.send(next.request, next.waiting);
    }
  }

  private fail(why: string): void {
    if (this.failure !== undefined) return;
    this.failure = why;
    this.socket.destroy();
    const waiting = [...this.streams.values(), ...this.queued.splice(0).map((one) => one.waiting)];
    this.streams.clear();
    for (const one of waiting) one.settle(false);
  }
}
