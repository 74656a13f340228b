/** One request of one route: bound to its message, asked of a Transaction Manager with the caller's token and time, answered as JSON or as a problem. */
import type { Http2SecureServer } from 'node:http2';
import type { JsonObject } from '@bufbuild/protobuf';
import type { MasCallFailed, StatementReads } from '@mas/client';
import type { Logger } from '@mas/values';
import type { FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify';
import { isUnknown, paymentProblem, readAnswer } from './answer';
import { bind } from './binding';
import { LIMITS } from './limits';
import { problemOf, type Problem } from './problem';
import { refusal, type Refusal } from './refusal';
import type { Route } from './routes';
import { methodOf } from './schema';
import { readJsonObject } from './strict-json';

export interface UpstreamLead {
  readonly timeoutMs: number;
  readonly token: string;
  readonly signal: AbortSignal;
}

/** Where requests go. */
export interface Upstream {
  /** A call without an answer is repeated while that is safe. @throws MasCallFailed */
  call(path: string, request: Uint8Array, lead: UpstreamLead): Promise<Uint8Array>;
  /** Of one statement, which together may take as long as the lead says. */
  reads(lead: UpstreamLead): StatementReads;
}

export interface Serving {
  readonly upstream: Upstream;
  readonly logger: Logger;
}

export type Request = FastifyRequest<RouteGenericInterface, Http2SecureServer>;
export type Answer = FastifyReply<RouteGenericInterface, Http2SecureServer>;

const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

export async function serve(route: Route, { upstream, logger }: Serving, request: Request, reply: Answer): Promise<unknown> {
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
      return sayFailed(reply, error);
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
    return sayDone(reply, answer);
  }
}

export function sayDone(reply: Answer, answer: JsonObject): Answer {
  return reply.type('application/json; charset=utf-8').header('cache-control', 'no-store').send(JSON.stringify(answer));
}

/** @throws what is no failed call */
export function sayFailed(reply: Answer, error: unknown): Answer {
  if (!isCallFailed(error)) throw error;
  return say(reply, { ...problemOf(error.error), ...(error.mayHaveHappened ? { mayHaveHappened: true } : {}) });
}

function readBody(request: Request): ReturnType<typeof readJsonObject> {
  return Buffer.isBuffer(request.body) && request.body.length > 0 ? readJsonObject(request.body) : { ok: true, value: {} };
}

export function readLead(request: Request): { readonly token: string; readonly waitMs: number } | Refusal {
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

export function oneHeader(request: Request, name: string): string | null {
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

export function refuse(reply: Answer, { error, httpStatus }: Refusal): Answer {
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
