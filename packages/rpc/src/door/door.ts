/**
 * A TLS listener for gRPC that costs no more than its limits say, whoever calls. It owns the sockets: how many, from where,
 * for how long; connection.ts owns the calls on one of them. docs/adr has the reasons.
 */
import { lookup } from 'node:dns/promises';
import { createSecureServer, type Http2SecureServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { every, type Clock, type Logger, type Timer } from '@mas/values';
import { LiveTls } from '../auth/live-tls';
import type { TlsIdentity } from '../auth/tls-identity';
import { TLS_MIN_VERSION, TLS_SUITES } from '../auth/tls-suites';
import { Connection, type DoorState } from './connection';
import { ConnectionList, type Guest } from './connection-list';
import type { DoorLimits } from './door-limits';
import { endedBehindPacket } from './ended-behind-packet';
import { GuestBook } from './guest-book';
import { MemoryAccount } from './memory-account';
import type { Method } from './methods';

const SWEEP_MS = 1_000;
/** Lines about refused connections are rare, whatever a stranger does. */
const LOG_EVERY_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** TLS 1.3, and of 1.2 what has forward secrecy and authenticates what it encrypts. */
const SESSION_MEMORY_MIB = 64;
/** Ages differ by up to a fifth, so that connections of one moment do not all end in one. */
const AGE_STEPS = 16;

export interface DoorOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsIdentity;
  /** Whether callers must show a certificate of the same authority. */
  readonly asksForCertificates: boolean;
  readonly methods: ReadonlyMap<string, Method>;
  readonly limits: DoorLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Door {
  private readonly servers: Http2SecureServer[] = [];
  private readonly list: ConnectionList;
  private readonly connections = new Map<Guest, Connection>();
  private readonly guestOf = new Map<string, Guest>();
  private readonly state: DoorState;
  private sweeping: Timer | null = null;
  private refusedSince = 0;
  private lastLogMs = Number.NEGATIVE_INFINITY;
  private opened = 0;
  private stopped: (() => void) | null = null;

  private constructor(private readonly options: DoorOptions) {
    const { limits, methods, clock, logger } = options;
    this.list = new ConnectionList(limits.maxConnections, limits.maxConnectionsPerAddress);
    this.state = {
      limits,
      methods,
      clock,
      logger,
      memory: new MemoryAccount(limits.memoryBytes),
      guests: new GuestBook(),
      openCalls: 0,
      callsOf: new Map(),
      relieve: (asking) => this.relieve(asking),
    };
  }

  /** On every address that the host has; port 0 takes one that is free. @throws what listening or the look-up threw */
  static async open(options: DoorOptions): Promise<{ readonly door: Door; readonly port: number }> {
    const door = new Door(options);
    const addresses = [...new Set((await lookup(options.host, { all: true })).map(({ address }) => address))];
    let { port } = options;
    try {
      for (const address of addresses) port = await door.listen(address, port);
    } catch (error) {
      await door.stop(0);
      throw error;
    }
    door.scheduleSweep();
    return { door, port };
  }

  /** No new connections and calls; what is open may end within `graceMs`, then it is cut. */
  async stop(graceMs: number): Promise<void> {
    for (const server of this.servers) server.close();
    for (const guest of this.list.all()) {
      const connection = this.connections.get(guest);
      if (connection === undefined) guest.end();
      else connection.close();
    }
    if (this.list.size > 0) {
      await new Promise<void>((resolve) => {
        const cut = this.options.clock.schedule(graceMs, () => {
          for (const guest of this.list.all()) guest.end();
          resolve();
        });
        this.stopped = () => {
          cut.cancel();
          resolve();
        };
      });
    }
    this.sweeping?.cancel();
  }

  private listen(address: string, port: number): Promise<number> {
    const server = this.createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port }, () => {
        server.removeListener('error', reject);
        this.servers.push(server);
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  private createServer(): Http2SecureServer {
    const { limits, tls, asksForCertificates } = this.options;
    const server = createSecureServer({
      ...this.secureContext(),
      ...(asksForCertificates ? { requestCert: true, rejectUnauthorized: true } : {}),
      handshakeTimeout: limits.handshakeTimeoutMs,
      unknownProtocolTimeout: limits.handshakeTimeoutMs,
      maxSessionMemory: Math.max(SESSION_MEMORY_MIB, Math.ceil(limits.memoryPerConnectionBytes / (1024 * 1024))),
      settings: {
        initialWindowSize: limits.windowBytes,
        maxConcurrentStreams: limits.maxCallsPerConnection,
        maxHeaderListSize: MAX_HEADER_BYTES,
        enablePush: false,
      },
    });
    if (tls instanceof LiveTls) tls.onChange(() => server.setSecureContext(this.secureContext()));
    // Before TLS takes the socket: a connection that is not wanted costs no handshake.
    server.prependListener('connection', (socket: Socket) => this.arrive(socket));
    // What goes wrong in a handshake or a session closes the socket, and that is heard.
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
    server.on('tlsClientError', () => undefined);
    server.on('sessionError', () => undefined);
    server.on('session', (session: ServerHttp2Session) => this.begin(session));
    return server;
  }

  private secureContext(): SecureContextOptions {
    const { tls, asksForCertificates } = this.options;
    return { cert: tls.certificate, key: tls.key, ...(asksForCertificates ? { ca: tls.ca } : {}), minVersion: TLS_MIN_VERSION, ciphers: TLS_SUITES };
  }

  private arrive(socket: Socket): void {
    const guest: Guest = { address: socket.remoteAddress ?? '', stranger: true, end: () => this.end(guest, socket) };
    const seat = this.list.add(guest);
    if (seat !== 'free') this.noteRefusal(guest.address, seat === 'vacated');
    if (seat === 'none') {
      socket.destroy();
      return;
    }
    const key = nameOf(socket);
    this.guestOf.set(key, guest);
    const timer = this.options.clock.schedule(this.options.limits.strangerTimeoutMs, () => this.dismiss(guest));
    socket.once('close', () => {
      timer.cancel();
      this.guestOf.delete(key);
      this.connections.get(guest)?.abandonCalls();
      this.connections.delete(guest);
      this.list.remove(guest);
      if (this.list.size === 0) this.stopped?.();
    });
  }

  private begin(session: ServerHttp2Session): void {
    session.on('error', () => undefined);
    endedBehindPacket(session);
    const guest = this.guestOf.get(nameOf(session.socket));
    // The socket closed meanwhile.
    if (guest === undefined) return session.destroy();
    const { limits, asksForCertificates } = this.options;
    this.opened += 1;
    const maxAgeMs = limits.maxConnectionAgeMs * (0.9 + (0.2 * (this.opened % AGE_STEPS)) / AGE_STEPS);
    const connection = new Connection(
      session,
      this.state,
      maxAgeMs,
      () => this.list.known(guest),
      () => guest.end(),
    );
    // TLS has seen the certificate already.
    if (asksForCertificates) this.list.known(guest);
    this.connections.set(guest, connection);
    // One window for the whole connection would let one stream that is not read hold up the others.
    session.setLocalWindowSize(Math.max(16 * limits.windowBytes, 1024 * 1024));
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders?: readonly string[]) =>
      connection.accept(stream, headers, rawHeaders ?? []),
    );
  }

  /** A stranger's time is over: what it asks just now is still answered. */
  private dismiss(guest: Guest): void {
    if (!guest.stranger) return;
    const connection = this.connections.get(guest);
    if (connection === undefined) guest.end();
    else connection.close();
    this.options.clock.schedule(this.options.limits.strangerTimeoutMs, () => guest.end());
  }

  private end(guest: Guest, socket: Socket): void {
    if (socket.destroyed) return;
    socket.destroy();
    this.connections.get(guest)?.destroy();
  }

  private scheduleSweep(): void {
    this.sweeping = every(this.options.clock, SWEEP_MS, () => {
      const nowMs = this.options.clock.monotonicMs();
      for (const connection of [...this.connections.values()]) connection.sweep(nowMs);
    });
  }

  private relieve(asking: Connection): boolean {
    let largest: Guest | null = null;
    let most = asking.memory.held;
    for (const [guest, { memory }] of this.connections) {
      if (memory.held <= most) continue;
      largest = guest;
      most = memory.held;
    }
    if (largest === null) return false;
    this.options.logger.warn(
      { address: largest.address, heldBytes: most, limitBytes: this.options.limits.memoryBytes },
      'the messages of all calls hold too much memory: the connection that holds most is closed',
    );
    largest.end();
    return true;
  }

  private noteRefusal(address: string, vacated: boolean): void {
    this.refusedSince += 1;
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.lastLogMs < LOG_EVERY_MS) return;
    this.lastLogMs = nowMs;
    const { maxConnections, maxConnectionsPerAddress } = this.options.limits;
    this.options.logger.warn(
      { address, connections: this.list.size, maxConnections, maxConnectionsPerAddress, refused: this.refusedSince },
      vacated ? 'too many connections: the oldest that has shown no token is closed for a new one' : 'too many connections: a new one is refused',
    );
    this.refusedSince = 0;
  }
}

/** The two ends of a connection: what its plain socket and its session have in common. */
function nameOf({ localAddress, localPort, remoteAddress, remotePort }: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>): string {
  return `${localAddress ?? ''}|${localPort ?? 0}|${remoteAddress ?? ''}|${remotePort ?? 0}`;
}
