/** Settings that the coordinator and the resource managers share. */
import { formatAmount, DEFAULT_CURRENCY, MAX_AMOUNT_MINOR, parseAmount, rmId, type AmountMinor } from '@mas/values';
import { MAX_BUCKETS, type ResourceManagerAddress } from '@mas/placement';
import { z } from 'zod';
import { parseHostPort } from './host-port';
import { metricsAddress } from './metrics-address';
import { integer, oneOf, secret, setting, text } from './setting';

export const MAX_RESOURCE_MANAGERS = 64;

/** `1=localhost:50041,2=localhost:50051`. */
export const clusterMembers = (): z.ZodType<readonly ResourceManagerAddress[]> =>
  z.string().transform((value, context) => {
    const members: ResourceManagerAddress[] = [];
    for (const part of value.split(',')) {
      const [, digits = '', address = ''] = /^(\d{1,5})=(.+)$/.exec(part.trim()) ?? [];
      const id = Number(digits);
      if (id < 1 || id > 65535 || (parseHostPort(address)?.port ?? 0) === 0) {
        context.addIssue(`"${part.trim()}" is not ID=HOST:PORT; expected a list like 1=localhost:50041,2=localhost:50051,3=localhost:50061`);
        return z.NEVER;
      }
      members.push({ rm: rmId(id), address });
    }
    const ids = new Set(members.map((member) => member.rm));
    const addresses = new Set(members.map((member) => member.address));
    if (ids.size !== members.length || addresses.size !== members.length || members.length > MAX_RESOURCE_MANAGERS) {
      context.addIssue(`every resource manager needs an id and an address of its own, ${MAX_RESOURCE_MANAGERS} at most`);
      return z.NEVER;
    }
    return members;
  });

/** A decimal of the default currency. */
export const decimalAmount = (): z.ZodType<AmountMinor> =>
  z.string().transform((value, context) => {
    const parsed = parseAmount(value, DEFAULT_CURRENCY);
    if (parsed.ok && parsed.value >= 0n) return parsed.value;
    context.addIssue('expected an amount like 10 or 10.00');
    return z.NEVER;
  });

const JWT_KEYS = /^[A-Za-z0-9._-]+=[^,]+(,[A-Za-z0-9._-]+=[^,]+)?$/;

export const commonSettings = {
  cluster: setting(
    'cluster',
    '<id=host:port,…>',
    'the resource managers that founded the cluster, or any that are still there: it learns of the others by itself',
    undefined,
    clusterMembers(),
  ),
  buckets: setting(
    'buckets',
    '<n>',
    'number of buckets of a new cluster; the same everywhere, and later what it was founded with counts',
    '3',
    integer(1, MAX_BUCKETS),
  ),
  replicas: setting('replicas', '<n>', 'replicas per bucket of a new cluster; the same everywhere', '3', integer(1, 9)),
  certs: setting('certs', '<dir>', 'folder with the certificates and keys (npm run certs)', 'certs', text()),
  jwtAlgorithm: setting('jwt-algorithm', '<alg>', 'the one algorithm of tokens: HS256, RS256 or ES256', 'HS256', oneOf(['HS256', 'RS256', 'ES256'])),
  jwtKeys: secret(
    setting(
      'jwt-keys',
      '<kid=file,…>',
      'token keys: the first signs, a second one (rotation) still verifies; none: those that jwt.keys in the folder of certificates lists, which may change meanwhile',
      '',
      z.string().refine((value) => value === '' || JWT_KEYS.test(value), 'expected KID=FILE or KID=FILE,KID=FILE'),
    ),
  ),
  jwtIssuer: setting('jwt-issuer', '<iss>', 'issuer of tokens', 'mas', text()),
  jwtAudience: setting('jwt-audience', '<aud>', 'audience of tokens', 'mas', text()),
  maxConnections: setting('max-connections', '<n>', 'connections that may be open at once', '1000', integer(1, 100_000)),
  maxConnectionsPerAddress: setting(
    'max-connections-per-address',
    '<n>',
    'of these, from one address; raise it where many callers share one',
    '250',
    integer(1, 100_000),
  ),
  metricsListen: setting(
    'metrics-listen',
    '<host:port|none>',
    'where /metrics, /healthz and /readyz are served by plain HTTP; auto: on localhost, five above the port of --listen; none: nowhere',
    'auto',
    metricsAddress(),
  ),
  logLevel: setting('log-level', '<level>', 'debug, info, warn or error', 'info', oneOf(['debug', 'info', 'warn', 'error'])),
  logFormat: setting('log-format', '<form>', 'auto: readable on a terminal, JSON else; or json, pretty', 'auto', oneOf(['auto', 'json', 'pretty'])),
  data: setting('data', '<dir>', 'the process\u2019s own folder; locked while it runs, and refused to another process', undefined, text()),
} as const;

export const policySettings = {
  policyVersion: setting('policy-version', '<n>', 'raise it with every change of the policy', '1', integer(1, Number.MAX_SAFE_INTEGER)),
  numberPattern: setting(
    'number-pattern',
    '<any|dddd-dddd-dddd-dddd>',
    'form of account numbers: d is a digit',
    'any',
    z.string().regex(/^[\x21-\x7e]{1,64}$/, 'expected "any" or a template like dddd-dddd-dddd-dddd'),
  ),
  minimumBalance: setting('minimum-balance', '<amount>', 'what must remain on every account', '0', decimalAmount()),
  maximumAmount: setting('maximum-amount', '<amount>', 'largest amount of one leg', formatAmount(MAX_AMOUNT_MINOR, DEFAULT_CURRENCY), decimalAmount()),
} as const;

/** Relations that no single setting shows, for either process. */
export function clusterProblems({ cluster, replicas }: { readonly cluster: readonly ResourceManagerAddress[]; readonly replicas: number }): readonly string[] {
  if (replicas <= cluster.length) return [];
  return [
    `--replicas (or MAS_REPLICAS) is ${replicas}, but --cluster lists only ${cluster.length} resource manager${cluster.length === 1 ? '' : 's'}: give at most as many replicas, or list more`,
  ];
}
