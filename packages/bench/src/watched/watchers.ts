/** Who looks at a cluster while it pays: a Prometheus that scrapes once a second, a collector of traces. Both in this process, whose CPU is not counted. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@mas/test-servers';

export interface Watcher {
  readonly name: string;
  /** Looks once at all processes. Null: processes tell by themselves, from their start on. */
  readonly look: (() => Promise<void>) | null;
  /** What the processes of the watched cluster are started with. */
  environmentOf(name: string): Readonly<Record<string, string>>;
  /** Before a slice of the watched cluster, and after it. */
  begin(): void;
  end(): Promise<void>;
  /** What was seen, for the report. */
  seen(): string;
  /** Null: it has seen what it should; else why the figures are of something else. */
  failure(): string | null;
  close(): Promise<void>;
}

const SCRAPE_EVERY_MS = 1_000;
const TRACED_SHARE = 0.01;
const HTTP_OK = 200;

/** @param names of the cluster's processes */
export async function scraper(names: readonly string[]): Promise<Watcher> {
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, await freePort());
  const counts = { scrapes: 0, bytes: 0 };
  const failed: string[] = [];
  let timer: NodeJS.Timeout | null = null;
  let under = Promise.resolve();
  const scrape = async ([name, port]: readonly [string, number]): Promise<void> => {
    try {
      const answer = await fetch(`http://localhost:${port}/metrics`);
      const text = await answer.text();
      if (answer.status !== HTTP_OK) throw new Error(`status ${answer.status}`);
      counts.scrapes += 1;
      counts.bytes += text.length;
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const all = async (): Promise<void> => {
    await Promise.all([...ports].map(scrape));
  };
  return {
    name: 'metrics, scraped once a second',
    look: all,
    environmentOf: (name) => ({ MAS_METRICS_LISTEN: `localhost:${ports.get(name) ?? 0}` }),
    begin: () => {
      timer = setInterval(() => void (under = all()), SCRAPE_EVERY_MS);
    },
    end: async () => {
      clearInterval(timer ?? undefined);
      await under;
    },
    seen: () => `${counts.scrapes} scrapes, ${(counts.bytes / Math.max(1, counts.scrapes) / 1024).toFixed(1)} KiB each`,
    failure: () => (failed.length > 0 ? `${failed.length} scrapes failed: ${failed[0]}` : counts.scrapes === 0 ? 'nothing was scraped' : null),
    close: () => Promise.resolve(),
  };
}

/** A share of the payments is traced, and their spans are sent to a collector that takes them and forgets them. */
export async function collector(): Promise<Watcher> {
  const counts = { exports: 0, bytes: 0 };
  const server: Server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (counts.bytes += chunk.length));
    request.on('end', () => {
      counts.exports += 1;
      response.writeHead(HTTP_OK, { 'Content-Type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name: `traces of ${TRACED_SHARE * 100} % of the payments`,
    look: null,
    environmentOf: () => ({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(TRACED_SHARE),
    }),
    begin: () => undefined,
    end: () => Promise.resolve(),
    seen: () => `${counts.exports} exports, ${(counts.bytes / 1024).toFixed(0)} KiB in all`,
    failure: () => (counts.exports === 0 ? 'no span has reached the collector' : null),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
