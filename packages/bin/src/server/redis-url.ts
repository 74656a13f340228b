/** Where Redis is, from one URL; everything that can be wrong with it is said before anything is dialled, and no password is repeated. */
import { UsageError } from '../usage-error';

export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly redis: { readonly username?: string; readonly password?: string; readonly tls?: { readonly servername: string }; readonly db?: number };
}

const DEFAULT_PORT = 6_379;
const FORM = 'redis://user:password@host:6379/0 (rediss:// with TLS), user and password percent-encoded';
/** A name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/;
const DATABASE = /^\/?(\d{0,5})$/;

/** Null: the embedded stand-in. @throws UsageError */
export function readRedisUrl(text: string): RedisTarget | null {
  if (text === 'embedded') return null;
  const url = parse(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw wrong(`begins with ${url.protocol}//`);
  if (url.hostname === '') throw wrong('names no host');
  if (!HOST.test(url.hostname)) throw wrong(`names the host "${url.hostname}", which is no host name or address`);
  if (url.port === '0') throw wrong('has port 0');
  if (url.search !== '') throw wrong('has parameters ("?…"), and none is known');
  if (url.hash !== '') throw wrong('has a "#" part: in a user or password write # as %23');
  const database = DATABASE.exec(url.pathname)?.[1];
  if (database === undefined) throw wrong('ends in something that is not the number of a database');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    redis: {
      ...(url.username === '' ? {} : { username: decoded(url.username, 'user') }),
      ...(url.password === '' ? {} : { password: decoded(url.password, 'password') }),
      ...(url.protocol === 'rediss:' ? { tls: { servername: host } } : {}),
      ...(database === '' ? {} : { db: Number(database) }),
    },
  };
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw wrong('is not a URL');
  }
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`has a stray % in its ${part}: write % as %25`);
  }
}

function wrong(what: string): UsageError {
  return new UsageError(`--redis (or MAS_REDIS) ${what}; expected embedded or ${FORM}`);
}
