/**
 * The connection of a client to one address, for unary calls: on Node's HTTP/2 itself, because the layers of grpc-js cost as much again.
 * Dialled when it is needed; calls wait for a dial that is under way, and fail at once while it would be too early for another one.
 */
import { status as Code } from '@grpc/grpc-js';
import { noConnection } from './call-failure';
import { ClientSession } from './client-session';
import type { ServerName } from './server-name';
import type { UnaryCall } from './unary-call';

const REDIAL_MIN_MS = 100;
const REDIAL_MAX_MS = 1_000;
/** Clients that have lost their server together do not come back together. */
const JITTER = 0.2;

export class UnaryConnection {
  private session: ClientSession | null = null;
  private readonly all = new Set<ClientSession>();
  private waiting: UnaryCall[] = [];
  private pauseMs = REDIAL_MIN_MS;
  private dialAgainMs = 0;
  private problem = '';
  private isClosed = false;

  constructor(
    private readonly address: string,
    private readonly ca: Buffer,
    private readonly name: ServerName,
  ) {}

  call(call: UnaryCall): void {
    if (this.isClosed) return call.fail({ code: Code.CANCELLED, details: 'the client was closed' });
    const { session } = this;
    if (session?.takesCalls === true) return session.begin(call);
    // For one that has been ready nobody waits: it is on its way out.
    if (session === null || session.isReady) {
      if (performance.now() < this.dialAgainMs) return call.fail(noConnection(this.problem));
      this.dial();
    }
    this.waiting.push(call);
  }

  close(): void {
    this.isClosed = true;
    for (const session of this.all) session.break('the client was closed');
    this.failWaiting({ code: Code.CANCELLED, details: 'the client was closed' });
  }

  private dial(): void {
    const session = new ClientSession(this.address, this.ca, this.name, {
      onReady: () => this.ready(),
      onGone: (reason, wasReady) => this.gone(session, reason, wasReady),
      onClosed: () => this.all.delete(session),
    });
    this.all.add(session);
    this.session = session;
  }

  private ready(): void {
    this.pauseMs = REDIAL_MIN_MS;
    const { waiting } = this;
    this.waiting = [];
    for (const call of waiting) if (!call.hasEnded) this.call(call);
  }

  private gone(session: ClientSession, reason: string, wasReady: boolean): void {
    if (this.session === session) this.session = null;
    if (wasReady) return;
    this.problem = reason;
    this.dialAgainMs = performance.now() + this.pauseMs * (1 - JITTER + 2 * JITTER * Math.random());
    this.pauseMs = Math.min(REDIAL_MAX_MS, 2 * this.pauseMs);
    this.failWaiting(noConnection(reason));
  }

  private failWaiting(failure: Parameters<UnaryCall['fail']>[0]): void {
    const { waiting } = this;
    this.waiting = [];
    for (const call of waiting) call.fail(failure);
  }
}
