/**
 * The console's listener: pages and a small JSON API over TLS, for browsers. It has no authority of its own (docs/adr/0025): every call to the
 * cluster is made with the viewer's token. Everything that a stranger can take is bounded.
 */
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import { MasCallFailed } from '@mas/client';
import type { Clock, Logger } from '@mas/values';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Context } from './api/context';
import { liveRoutes } from './api/live-routes';
import { operatorRoutes } from './api/operator-routes';
import { readRoutes } from './api/read-routes';
import { ofCall, Refused } from './api/refused';
import { sessionRoutes } from './api/session-routes';
import { showRoutes } from './api/show-routes';
import type { ErrorView } from './api/views';
import type { Judge } from './live/judge';
import { requireOwnOrigin } from './own-origin';
import { OneTimeCodes } from './session/one-time-codes';
import { Sessions } from './session/sessions';
import { SignIn, type Cluster } from './session/sign-in';
import type { Viewer } from './session/viewer';
import type { Show } from './show/show';

/** Shown to browsers; may be replaced while the console runs. */
export interface ConsoleTls {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: string;
}

export interface ConsoleOptions {
  /** Folder of the built pages. */
  readonly pages: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: ConsoleTls;
  readonly cluster: Cluster;
  readonly judge: Judge;
  readonly show: Show | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningConsole {
  readonly port: number;
  /** Without a trailing slash. */
  readonly address: string;
  /** An address that signs in once, within an hour. */
  oneTimeAddress(token: () => string): string;
  /** For connections from now on. */
  useTls(tls: ConsoleTls): void;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 256;
const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_CONNECTION_MS = 60_000;
/** Names of built files hold a digest of their content. */
const BUILT = /\/assets\//;

/** @throws what the system says where the address cannot be listened on */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { clock, logger, cluster, judge, show, listen } = options;
  const codes = new OneTimeCodes(clock);
  const sessions = new Sessions<Viewer>(clock);
  const app = fastify({
    https: secureContext(options.tls),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    forceCloseConnections: true,
    logger: false,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.server.headersTimeout = REQUEST_TIMEOUT_MS;
  // A page of another site may send plain text without asking first.
  app.removeContentTypeParser('text/plain');
  await headers(app);
  await app.register(fastifyCookie);
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
    requireOwnOrigin(request);
  });
  answerErrors(app, logger);
  const context: Context = {
    sessions,
    codes,
    show,
    clock,
    logger,
    signIn: new SignIn(cluster, judge, clock, logger),
    cookieName: () => `__Host-mas-console-${portOf(app)}`,
  };
  for (const routes of [sessionRoutes, readRoutes, operatorRoutes, showRoutes, liveRoutes]) routes(app, context);
  await app.register(fastifyStatic, {
    root: options.pages,
    cacheControl: false,
    setHeaders: (reply, path) => void reply.header('cache-control', cachingOf(path)),
  });
  // Fastify opens a second listener for the other address of "localhost", without our bounds.
  await app.listen({ host: listen.host === 'localhost' ? '127.0.0.1' : listen.host, port: listen.port });
  const address = `https://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${portOf(app)}`;
  return {
    port: portOf(app),
    address,
    oneTimeAddress: (token) => `${address}/#/sign-in?code=${codes.issue(token)}`,
    useTls: (tls) => app.server.setSecureContext(secureContext(tls)),
    close: async () => {
      sessions.closeAll();
      await app.close();
    },
  };
}

function secureContext({ certificate, key, minVersion, ciphers }: ConsoleTls): SecureContextOptions {
  return { cert: certificate, key, minVersion, ciphers };
}

function portOf(app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port;
}

/** Scripts, styles and requests of the console itself, and nothing else. No HSTS: the host's other ports are not ours. */
async function headers(app: FastifyInstance): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}

/** A page that is new after an upgrade must not meet scripts of before. */
function cachingOf(path: string): string {
  return BUILT.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function answerErrors(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    const refused = error instanceof Refused ? error : error instanceof MasCallFailed ? ofCall(error) : ofFastify(error);
    if (refused === null) logger.error({ err: error, url: request.routeOptions.url ?? '' }, 'a request to the console failed');
    const { status, reason, message } = refused ?? { status: 500, reason: 'UNEXPECTED', message: 'The console met an error of its own; its log has it.' };
    const view: ErrorView = { reason, message };
    void reply.code(status).send(view);
  });
  app.setNotFoundHandler((_, reply) => {
    const view: ErrorView = { reason: 'NOT_FOUND', message: 'There is nothing under this address.' };
    void reply.code(404).send(view);
  });
}

/** Bodies that are too long, no JSON, of another type. */
function ofFastify(error: unknown): Refused | null {
  if (!(error instanceof Error)) return null;
  const { statusCode, code } = error as Partial<FastifyError>;
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? new Refused(statusCode, code ?? 'REQUEST_INVALID', error.message) : null;
}
