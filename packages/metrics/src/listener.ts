/**
 * Three pages by plain HTTP: /metrics, /healthz, /readyz. Read only, without secrets, on the loopback address unless told otherwise. Nothing
 * that comes from outside is kept: no body is read, heads, connections and times have bounds.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '@mas/values';
import type { MetricsPage } from './page';

const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8 * 1024;
const HEAD_TIMEOUT_MS = 5_000;
/** Of a connection on which nothing is said, and of an answer that nobody takes. */
const IDLE_TIMEOUT_MS = 30_000;
const REQUESTS_PER_CONNECTION = 1_000;
const PLAIN = 'text/plain; charset=utf-8';

export interface MetricsListenerOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly page: MetricsPage;
  readonly isReady: () => boolean;
  readonly logger: Logger;
}

export interface MetricsListener {
  readonly port: number;
  /** At once, whoever is connected. */
  close(): Promise<void>;
}

/** @throws the system's error where it cannot listen */
export async function listenForScrapes(options: MetricsListenerOptions): Promise<MetricsListener> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: HEAD_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => answer(options, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.on('clientError', (_error, socket: Socket) => socket.destroy());
  await listening(server, options.host.replace(/^\[(.*)\]$/, '$1'), options.port);
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

function answer({ page, isReady, logger }: MetricsListenerOptions, request: IncomingMessage, response: ServerResponse): void {
  // A body is nobody's business here: whoever sends one is cut off with the answer.
  const hasBody = request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
  const say = (code: number, text: string, type = PLAIN): void => {
    response.writeHead(code, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(code === 405 ? { Allow: 'GET, HEAD' } : {}),
      ...(hasBody ? { Connection: 'close' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
    if (hasBody) response.once('finish', () => request.socket.destroy());
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'only GET\n');
  if (hasBody) return say(413, 'no body\n');
  switch (request.url) {
    case '/metrics':
      page.text().then(
        (text) => say(200, text, page.contentType),
        (error: unknown) => {
          logger.error({ err: error }, 'the metrics cannot be read');
          say(500, 'the metrics cannot be read; the log says why\n');
        },
      );
      return;
    case '/healthz':
      return say(200, 'alive\n');
    case '/readyz':
      return isReady() ? say(200, 'ready\n') : say(503, 'not ready\n');
    default:
      return say(404, '/metrics, /healthz, /readyz\n');
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      // A connection that cannot be taken (no files left) ends nothing.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
