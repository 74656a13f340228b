/** The public service as JSON over HTTP/1.1 and HTTP/2, always with TLS. It knows nothing and keeps nothing: whoever calls shows a token, which goes on to a Transaction Manager. */
import type { Http2SecureServer } from 'node:http2';
import type { JsonObject } from '@bufbuild/protobuf';
import cors from '@fastify/cors';
import type { MasCallFailed } from '@mas/client';
import { TLS_MIN_VERSION, TLS_SUITES } from '@mas/rpc';
import type { Logger } from '@mas/values';
import Fastify, { type FastifyReply, type FastifyRequest, type RouteGenericInterface } from 'fastify';
import { paymentProblem, readAnswer, isUnknown } from './answer';
import { bind } from './binding';
import { HeadWatch } from './head-watch';
import { LIMITS } from './limits';
import { openApiDocument } from './openapi';
import { problemOf, type Problem } from './problem';
import { refusal, type Refusal } from './refusal';
import { ROUTES, routerPath, type Route } from './routes';
import { methodOf } from './schema';
import { readJsonObject } from './strict-json';

/** Where requests go. */
export interface Upstream {
  /** A call without an answer is repeated while that is safe. @throws MasCallFailed */
  call(path: string, request: Uint8Array, lead: { readonly timeoutMs: number; readonly token: string; readonly signal: AbortSignal }): Promise<Uint8Array>;
}

export interface GatewayOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly tls: { readonly certificate: Buffer; readonly key: Buffer };
  readonly upstream: Upstream;
  readonly version: string;
  /** Origins whose pages may call; empty: none. */
  readonly corsOrigins: readonly string[];
  readonly logger: Logger;
}

export interface RunningGateway {
  readonly port: number;
  /** For connections that are made from then on. */
  replaceTls(tls: GatewayOptions['tls']): void;
  /** What is under way is answered for so long, then cut off. */
  stop(graceMs: number): Promise<void>;
}

type Request = FastifyRequest<RouteGenericInterface, Http2SecureServer>;
type Answer = FastifyReply<RouteGenericInterface, Http2SecureServer>;

const SECURE = { minVersion: TLS_MIN_VERSION, ciphers: TLS_SUITES } as const;
const PROBLEM_JSON = 'application/problem+json; charset=utf-8';
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
  await app.listen({ host: options.host.replace(/^\[(.*)\]$/, '$1'), port: options.port });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    replaceTls: ({ certificate, key }) => app.server.setSecureContext({ ...SECURE, cert: certificate, key }),
    stop: (graceMs) => stop(app, () => underWay, graceMs),
  };
}

async function serve(route: Route, { upstream, logger }: GatewayOptions, request: Request, reply: Answer): Promise<unknown> {
  const { input, output } = methodOf(route.method);
  const body = readBody(request);
  if (!body.ok) return refuse(reply, body.error);
  const lead = readLead(request);
  if ('error' in lead) return refuse(reply, lead);
  const url = new URL(request.url, 'https://gateway');
  const bound = bind(route, input, {
    path: Object.values(request.params as Readonly<Record<string, string>>),
    query: url.searchParams,
    body: body.value,
    idempotencyKey: oneHeader(request, 'idempotency-key'),
  });
  if (!bound.ok) return refuse(reply, bound.error);
  const given = new AbortController();
  reply.raw.once('close', () => given.abort());
  const untilMs = performance.now() + lead.waitMs;
  for (;;) {
    let bytes: Uint8Array;
    try {
      bytes = await upstream.call(`/mas.v1.${route.method}`, bound.value, {
        timeoutMs: Math.max(1, untilMs - performance.now()),
        token: lead.token,
        signal: given.signal,
      });
    } catch (error) {
      if (!isCallFailed(error)) throw error;
      return say(reply, { ...problemOf(error.error), ...(error.mayHaveHappened ? { mayHaveHappened: true } : {}) });
    }
    // Asked again with the same id: then the payment has been made once, whatever the answer.
    if (route.isPayment && isUnknown(bytes) && !given.signal.aborted && performance.now() + LIMITS.unknownRetryMs < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, LIMITS.unknownRetryMs));
      continue;
    }
    const answer = readAnswer(output, bytes);
    const problem = route.isPayment ? paymentProblem(bytes, answer) : null;
    if (problem !== null) return say(reply, problem);
    linkNext(reply, url, answer);
    logger.debug({ route: route.path }, 'answered');
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify(answer));
  }
}

function readBody(request: Request): ReturnType<typeof readJsonObject> {
  return Buffer.isBuffer(request.body) && request.body.length > 0 ? readJsonObject(request.body) : { ok: true, value: {} };
}

function readLead(request: Request): { readonly token: string; readonly waitMs: number } | Refusal {
  const authorization = request.headers.authorization ?? '';
  const [, token = ''] = /^bearer +([\w.~+/=-]+)$/i.exec(authorization) ?? [];
  if (authorization !== '' && token === '') return refusal('TOKEN_MALFORMED', 'expected the header Authorization: Bearer TOKEN', { kind: 'unauthenticated' });
  const prefer = oneHeader(request, 'prefer') ?? '';
  const [, seconds] = /(?:^|[,;]\s*)wait=(\d{1,9})(?:$|[,;\s])/i.exec(prefer) ?? [];
  if (seconds === undefined) return { token, waitMs: LIMITS.defaultWaitMs };
  const waitMs = Number(seconds) * 1000;
  if (waitMs < 1000 || waitMs > LIMITS.maxWaitMs) return refusal('WAIT_OUT_OF_RANGE', `Prefer: wait must be from 1 to ${LIMITS.maxWaitMs / 1000} seconds`);
  return { token, waitMs };
}

function oneHeader(request: Request, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}

/** RFC 8288. */
function linkNext(reply: Answer, url: URL, { nextPageToken }: JsonObject): void {
  if (typeof nextPageToken !== 'string' || nextPageToken === '') return;
  const next = new URL(url);
  next.searchParams.set('pageToken', nextPageToken);
  void reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
}

function refuse(reply: Answer, { error, httpStatus }: Refusal): Answer {
  return say(reply, problemOf(error, httpStatus));
}

function say(reply: Answer, problem: Problem): Answer {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="mas"');
  if (problem.status === 429 || problem.status === 503) void reply.header('retry-after', '1');
  return reply.code(problem.status).type(PROBLEM_JSON).header('cache-control', 'no-store').send(JSON.stringify(problem));
}

function isCallFailed(error: unknown): error is MasCallFailed {
  return error instanceof Error && 'error' in error && 'mayHaveHappened' in error;
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
