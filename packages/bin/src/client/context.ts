/**
 * Where mas-client finds its cluster: a flag, else the environment, else the context file, else the seed's defaults. The
 * context file is JSON with any of tc, cert and token; `npm start` writes one for the cluster that it starts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { hostPortAdvice, parseHostPort } from '../config/host-port';
import { UsageError } from '../usage-error';
import { findContext, readNamedContext, type ContextFile } from './context-file';

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

export interface Source {
  readonly value: string;
  /** `--token`, `MAS_TOKEN`, a context file or `the default`. */
  readonly from: string;
  /** Folder that a relative path starts from. */
  readonly base: string;
}

const NAMES = ['tc', 'cert', 'token'] as const;
type Name = (typeof NAMES)[number];

const DEFAULTS = { tc: 'localhost:9008', cert: 'certs/ca.crt', token: 'certs/operator.jwt', timeout: '15000' };
const THE_DEFAULT = 'the default';
const MAX_TIMEOUT_MS = 60_000;
/** Header, claims and signature, in base64url. */
const TOKEN_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const MAX_TOKEN_FILE_BYTES = 16 * 1024;

/** @param note hears of a context file that is not used. @throws UsageError naming the setting and where it came from, and its value unless that may be a secret. */
export function readContext(flags: ContextFlags, environment: NodeJS.ProcessEnv, note: (text: string) => void = () => undefined): Context {
  const given = new Map(NAMES.map((name) => [name, fromOutside(name, flags, environment)]));
  const file = contextFile(
    flags,
    environment,
    NAMES.every((name) => given.get(name) !== null),
    note,
  );
  const pick = (name: Name): Source => {
    const outside = given.get(name) ?? null;
    if (outside !== null) return outside;
    const fromFile = file.values[name];
    return fromFile === undefined ? { value: DEFAULTS[name], from: THE_DEFAULT, base: '.' } : { value: fromFile, from: file.path, base: dirname(file.path) };
  };
  const tc = pick('tc');
  const addresses = tc.value.split(',').map((address) => address.trim());
  const wrong = addresses.find((address) => (parseHostPort(address)?.port ?? 0) === 0);
  if (wrong !== undefined) throw new UsageError(`the address "${wrong}" (${tc.from}) is not host:port: ${hostPortAdvice(wrong)}`);
  const timeout = flags.timeout ?? environment['MAS_TIMEOUT'] ?? DEFAULTS.timeout;
  const timeoutMs = Number(timeout);
  if (!/^\d+$/.test(timeout) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS)
    throw new UsageError(`the timeout "${timeout}" is not a number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`);
  return {
    addresses,
    ca: readCertificate(pick('cert')),
    token: readToken(pick('token')),
    timeoutMs,
    timeoutGiven: (flags.timeout ?? environment['MAS_TIMEOUT']) !== undefined,
  };
}

/**
 * A token is given as itself or, as in the seed, as the path of a file that holds it. Neither the value, which may be a secret
 * under the wrong name, nor what stands in the file is ever shown or sent unless it has the form of a token.
 */
export function readToken({ value: given, from, base }: Source): string {
  const value = given.trim();
  if (TOKEN_FORM.test(value) && !existsSync(value)) return value;
  const advice = 'give one with --token or MAS_TOKEN; "mas-client token sign" makes one';
  let text: string;
  try {
    text = readFileSync(resolve(base, value)).subarray(0, MAX_TOKEN_FILE_BYTES).toString('utf8').trim();
  } catch {
    throw new UsageError(
      from === THE_DEFAULT
        ? `there is no token: ${value} cannot be read; ${advice}`
        : `the token (${from}) is neither a token, three parts separated by dots, nor the name of a file that can be read: ${advice}`,
    );
  }
  if (!TOKEN_FORM.test(text))
    throw new UsageError(`the file that holds the token (${from}) has something else in it; a token is three parts separated by dots: ${advice}`);
  return text;
}

function fromOutside(name: Name, flags: ContextFlags, environment: NodeJS.ProcessEnv): Source | null {
  const variable = `MAS_${name.toUpperCase()}`;
  const [flag, fromEnvironment] = [flags[name], environment[variable]];
  if (flag !== undefined) return { value: flag, from: `--${name}`, base: '.' };
  return fromEnvironment === undefined ? null : { value: fromEnvironment, from: variable, base: '.' };
}

/** Looked for only where something is left for it to say. */
function contextFile(flags: ContextFlags, environment: NodeJS.ProcessEnv, allGiven: boolean, note: (text: string) => void): ContextFile {
  if (flags.context !== undefined) return readNamedContext(flags.context, '--context');
  const variable = environment['MAS_CONTEXT'];
  if (variable !== undefined) return readNamedContext(variable, 'MAS_CONTEXT');
  return allGiven ? { path: '', values: {} } : findContext(note);
}

function readCertificate({ value, from, base }: Source): Buffer {
  const path = resolve(base, value);
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError(
      `the certificate (${from}) cannot be read from ${path}: give the cluster\u2019s ca.crt with --cert or MAS_CERT; certs/make-certs.sh makes one`,
    );
  }
}
