/**
 * Ports for test servers. They come from below the range that Linux gives to outgoing connections (32768 …), because a
 * server that is killed and restarted must find its port again: an outgoing connection must not have taken it meanwhile.
 */
import { createServer } from 'node:net';

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
/** Each worker of a test run has a range of its own: a server that is down for a moment must not find its port taken by another worker's. */
const RANGES = 4;
const MAX_ATTEMPTS = 100;

/** A port that nothing listens on now. Two runs may be told the same one: who starts a server tries again. */
export async function freePort(): Promise<number> {
  const size = Math.floor((LAST_PORT - FIRST_PORT) / RANGES);
  const first = FIRST_PORT + (Number(process.env['JEST_WORKER_ID'] ?? 0) % RANGES) * size;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const port = first + Math.floor(Math.random() * size);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port found between ${FIRST_PORT} and ${LAST_PORT} in ${MAX_ATTEMPTS} attempts`);
}

/** The first of so many, each `step` above the one before. */
export async function freePorts(count: number, step: number): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const first = await freePort();
    const others = Array.from({ length: count - 1 }, (_, at) => first + (at + 1) * step);
    if ((await Promise.all(others.map(canListen))).every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports found, ${step} apart, in ${MAX_ATTEMPTS} attempts`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
