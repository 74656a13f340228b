/** The public service as JSON over HTTP/1.1 and HTTP/2, always with TLS. It knows nothing and keeps nothing: whoever calls shows a token, which goes on to a Transaction Manager. */
import cors from '@fastify/cors';
import { endedBehindPacket, TLS_MIN_VERSION, TLS_SUITES } from '@mas/rpc';
import Fastify from 'fastify';
import { HeadWatch } from './head-watch';
import { LIMITS } from './limits';
import { openApiDocument } from './openapi';
import { refusal, type Refusal } from './refusal';
import { ROUTES, routerPath, STATEMENT_PATH } from './routes';
import { refuse, serve, type Request, type Serving } from './serve';
import { StatementRoute } from './statement';

export interface GatewayOptions extends Serving {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly tls: { readonly certificate: Buffer; readonly key: Buffer };
  readonly version: string;
  /** Origins whose pages may call; empty: none. */
  readonly corsOrigins: readonly string[];
}

export interface RunningGateway {
  readonly port: number;
  /** For connections that are made from then on. */
  replaceTls(tls: GatewayOptions['tls']): void;
  /** What is under way is answered for so long, then cut off. */
  stop(graceMs: number): Promise<void>;
}

const SECURE = { minVersion: TLS_MIN_VERSION, ciphers: TLS_SUITES } as const;
const HTTP_KINDS: Readonly<Record<number, Refusal['error']['kind']>> = {
  404: 'not-found',
  408: 'deadline-exceeded',
  429: 'resource-exhausted',
  503: 'unavailable',
};
/** Of Fastify's own refusals. */
const HTTP_REASONS: Readonly<Record<string, readonly [reason: string, message: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', `the body is larger than ${LIMITS.bodyBytes} bytes: send fewer payments at a time`],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE_UNSUPPORTED', 'the body must be JSON: Content-Type: application/json'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['JSON_MALFORMED', 'the body is empty'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BODY_INCOMPLETE', 'the body is not as long as Content-Length says'],
};

/** @throws the system's error where it cannot listen */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { tls, logger, corsOrigins } = options;
  const app = Fastify({
    http2: true,
    https: {
      allowHTTP1: true,
      cert: tls.certificate,
      key: tls.key,
      ...SECURE,
      handshakeTimeout: LIMITS.handshakeMs,
      settings: { maxConcurrentStreams: LIMITS.streamsPerConnection, maxHeaderListSize: LIMITS.headerBytes },
    },
    bodyLimit: LIMITS.bodyBytes,
    connectionTimeout: LIMITS.idleMs,
    http2SessionTimeout: LIMITS.idleMs,
    routerOptions: { maxParamLength: LIMITS.parameterCharacters },
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  app.server.maxConnections = LIMITS.connections;
  app.server.on('sessionError', () => undefined);
  app.server.on('session', endedBehindPacket);
  const heads = new HeadWatch();
  app.server.on('secureConnection', (socket) => heads.connected(socket));
  let underWay = 0;
  app.addHook('onRequest', async (request, reply) => {
    heads.arrived(request.raw, reply.raw);
    if (request.method === 'POST') limitBody(request);
    if (underWay >= LIMITS.requests) return refuse(reply, refusal('GATEWAY_BUSY', 'too many requests are under way: try again', { kind: 'unavailable' }));
    underWay += 1;
    reply.raw.once('close', () => (underWay -= 1));
    return undefined;
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: { readonly code?: string; readonly statusCode?: number; readonly message: string }, _request, reply) => {
    const httpStatus = error.statusCode ?? 500;
    const [reason, message] =
      HTTP_REASONS[error.code ?? ''] ?? (httpStatus >= 500 ? ['INTERNAL', 'an unexpected failure of the gateway'] : ['REQUEST_INVALID', error.message]);
    if (httpStatus >= 500) logger.error({ err: error }, 'a request failed');
    return refuse(reply, refusal(reason, message, { httpStatus, kind: HTTP_KINDS[httpStatus] ?? (httpStatus >= 500 ? 'internal' : 'invalid') }));
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      refusal('NO_SUCH_ROUTE', `there is no ${request.method} ${request.url.slice(0, 200)}; GET /v1/openapi.json lists what there is`, { kind: 'not-found' }),
    ),
  );
  if (corsOrigins.length > 0)
    await app.register(cors, {
      origin: [...corsOrigins],
      methods: ['GET', 'POST'],
      allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'prefer'],
      exposedHeaders: ['link'],
      maxAge: 600,
    });
  const document = JSON.stringify(openApiDocument(options.version));
  app.get('/v1/openapi.json', (_request, reply) => reply.type('application/json').send(document));
  for (const route of ROUTES)
    app.route({ method: route.verb, url: routerPath(route.path), handler: (request, reply) => serve(route, options, request, reply) });
  const statements = new StatementRoute(options);
  app.get(routerPath(STATEMENT_PATH), (request, reply) => statements.serve(request, reply));
  await app.listen({ host: options.host.replace(/^\[(.*)\]$/, '$1'), port: options.port });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    replaceTls: ({ certificate, key }) => app.server.setSecureContext({ ...SECURE, cert: certificate, key }),
    stop: (graceMs) => stop(app, () => underWay, graceMs),
  };
}

function limitBody({ raw }: Request): void {
  const timer = setTimeout(() => raw.destroy(), LIMITS.bodyMs);
  const done = (): void => clearTimeout(timer);
  raw.once('end', done).once('close', done);
}

async function stop(app: { close(): Promise<void> }, underWay: () => number, graceMs: number): Promise<void> {
  const untilMs = performance.now() + graceMs;
  while (underWay() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20));
  await app.close();
}
