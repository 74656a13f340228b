/**
 * Where mas-client finds its cluster: a flag, else the environment, else the context file, else the seed's defaults. The
 * context file is JSON with any of tc, cert and token; `npm start` writes one for the cluster that it starts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../usage-error';

export interface Context {
  readonly addresses: readonly string[];
  readonly ca: Buffer;
  readonly token: string;
  readonly timeoutMs: number;
  /** He has said how long he waits; else long calls have a longer time of their own. */
  readonly timeoutGiven: boolean;
}

export interface ContextFlags {
  readonly tc?: string;
  readonly cert?: string;
  readonly token?: string;
  readonly timeout?: string;
  readonly context?: string;
}

const contextFile = z.object({ tc: z.string().optional(), cert: z.string().optional(), token: z.string().optional() }).strict();
const DEFAULTS = { tc: 'localhost:9008', cert: 'certs/ca.crt', token: 'certs/operator.jwt', timeout: '15000' };
const LOCAL_CONTEXT = '.mas/context.json';
const MAX_TIMEOUT_MS = 60_000;

/** @throws UsageError naming the setting, its value and where it came from. */
export function readContext(flags: ContextFlags, environment: NodeJS.ProcessEnv): Context {
  const file = readContextFile(flags.context ?? environment['MAS_CONTEXT']);
  const pick = (name: 'tc' | 'cert' | 'token'): { readonly value: string; readonly from: string; readonly base: string } => {
    const flag = flags[name];
    const variable = `MAS_${name.toUpperCase()}`;
    const fromEnvironment = environment[variable];
    if (flag !== undefined) return { value: flag, from: `--${name}`, base: '.' };
    if (fromEnvironment !== undefined) return { value: fromEnvironment, from: variable, base: '.' };
    const fromFile = file.values[name];
    if (fromFile !== undefined) return { value: fromFile, from: file.path, base: dirname(file.path) };
    return { value: DEFAULTS[name], from: 'the default', base: '.' };
  };
  const tc = pick('tc');
  const addresses = tc.value.split(',').map((address) => address.trim());
  const wrong = addresses.find((address) => !/^[^\s:]+:\d{1,5}$/.test(address));
  if (wrong !== undefined) throw new UsageError(`the address "${wrong}" (${tc.from}) is not host:port, as in localhost:9008`);
  const timeout = flags.timeout ?? environment['MAS_TIMEOUT'] ?? DEFAULTS.timeout;
  const timeoutMs = Number(timeout);
  if (!/^\d+$/.test(timeout) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) throw new UsageError(`the timeout "${timeout}" is not a number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`);
  const cert = pick('cert');
  return { addresses, ca: readOrExplain(resolve(cert.base, cert.value), `the certificate (${cert.from})`, 'give the cluster\u2019s ca.crt with --cert or MAS_CERT; certs/make-certs.sh makes one'), token: readToken(pick('token')), timeoutMs, timeoutGiven: (flags.timeout ?? environment['MAS_TIMEOUT']) !== undefined };
}

/** A token is given as itself or, as in the seed, as the path of a file that holds it. */
export function readToken(source: { readonly value: string; readonly from: string; readonly base: string }): string {
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(source.value) && !existsSync(source.value)) return source.value;
  return readOrExplain(resolve(source.base, source.value), `the token (${source.from})`, 'give one with --token or MAS_TOKEN; "mas-client token sign" makes one').toString('utf8').trim();
}

function readContextFile(given: string | undefined): { readonly path: string; readonly values: z.infer<typeof contextFile> } {
  const path = given ?? [LOCAL_CONTEXT, join(homedir(), '.config/mas/context.json')].find((candidate) => existsSync(candidate));
  if (path === undefined) return { path: '', values: {} };
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`the context file ${path} cannot be read as JSON`);
  }
  const parsed = contextFile.safeParse(raw);
  if (!parsed.success) throw new UsageError(`the context file ${path} may hold tc, cert and token, as texts, and nothing else`);
  return { path, values: parsed.data };
}

function readOrExplain(path: string, what: string, advice: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError(`${what} cannot be read from ${path}: ${advice}`);
  }
}
