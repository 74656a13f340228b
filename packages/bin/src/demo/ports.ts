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

/** @throws UsageError naming the first port that cannot be had, and how to choose others; or the host, where it is that. */
export async function checkPorts(choices: readonly PortChoice[], host = 'localhost'): Promise<void> {
  for (const [at, choice] of choices.entries()) {
    const twin = choices.slice(0, at).find((other) => other.port === choice.port);
    if (twin !== undefined) throw new UsageError(`port ${choice.port} is meant for two processes: ${another(choice)}`);
    const problem = await tryPort(host, choice.port);
    if (problem !== null) throw new UsageError(explain(problem, choice, host));
  }
}

function explain(problem: string, choice: PortChoice, host: string): string {
  switch (problem) {
    case 'EADDRINUSE':
      return `port ${choice.port} is in use (by another "npm start"?): ${another(choice)}`;
    case 'EACCES':
      return `port ${choice.port} is for privileged processes only (${problem}): ${another(choice)}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return `the name "${host}" does not resolve on this machine (${problem}): add the line "127.0.0.1 ${host}" to /etc/hosts`;
    case 'EADDRNOTAVAIL':
      return `"${host}" resolves to an address that this machine does not have (${problem}): correct its line in /etc/hosts, "127.0.0.1 ${host}"`;
    default:
      return `cannot listen on ${host}:${choice.port} (${problem}): ${another(choice)}`;
  }
}

function another({ base, flag, variable }: PortChoice): string {
  return `choose another with "npm start -- ${flag} ${base + STEP > MAX_PORT ? base - STEP : base + STEP}" (or ${variable})`;
}

/** Null when a listener could be opened, else the error's code. */
function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
}
