/** Ports of the local cluster, checked before anything starts, so that a person reads which one and what to do about it. */
import { createServer } from 'node:net';
import { UsageError } from '../usage-error';

export interface PortChoice {
  readonly port: number;
  /** `--tc-port`. */
  readonly flag: string;
  /** `MAS_TC_PORT`. */
  readonly variable: string;
  /** Value of the flag in use; the port may be above it. */
  readonly base: number;
}

const STEP = 1000;
const MAX_PORT = 65_000;

/** @throws UsageError naming the first port that cannot be had, and how to choose others. */
export async function checkPorts(choices: readonly PortChoice[]): Promise<void> {
  for (const [at, choice] of choices.entries()) {
    const twin = choices.slice(0, at).find((other) => other.port === choice.port);
    if (twin !== undefined) throw new UsageError(`port ${choice.port} is meant for two processes: choose another with "npm start -- ${choice.flag} ${other(choice.base)}" (or ${choice.variable})`);
    const problem = await tryPort(choice.port);
    if (problem === null) continue;
    const what = problem === 'EADDRINUSE' ? 'is in use (by another "npm start"?)' : `cannot be used (${problem})`;
    throw new UsageError(`port ${choice.port} ${what}: choose another with "npm start -- ${choice.flag} ${other(choice.base)}" (or ${choice.variable})`);
  }
}

function other(base: number): number {
  return base + STEP > MAX_PORT ? base - STEP : base + STEP;
}

/** Null when a listener could be opened, else the error's code. */
function tryPort(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: 'localhost', port }, () => server.close(() => resolve(null)));
  });
}
