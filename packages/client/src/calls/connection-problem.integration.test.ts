/** A client in front of the wrong door: what cannot get better ends the call at once with what to do, a refused connection soon. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { makeTestCerts, type TestCerts } from '../../../rpc/src/testing/test-certs';
import { MasCallFailed } from './call-failed';
import { RetryingChannel } from './retrying-channel';

/** A call that runs into it has been left waiting; the test runner's own limit is above it. */
const PATIENCE_MS = 50_000;

let certs: TestCerts;
let others: TestCerts;
const servers: Server[] = [];

beforeAll(() => {
  certs = makeTestCerts();
  others = makeTestCerts();
});

afterAll(() => {
  for (const server of servers) server.close();
  certs.remove();
  others.remove();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `localhost:${(server.address() as AddressInfo).port}`;
}

function tls(crt: string, key: string, more: { readonly requestCert?: boolean } = {}): Promise<string> {
  return listen(
    createTlsServer({
      cert: readFileSync(crt),
      key: readFileSync(key),
      ca: readFileSync(join(certs.dir, 'ca.crt')),
      ALPNProtocols: ['h2'],
      rejectUnauthorized: true,
      ...more,
    }).on('tlsClientError', () => undefined),
  );
}

/** Signed by the cluster's authority, for another name or with its time over. */
function certificate(name: string, subject: string, days: number): readonly [string, string] {
  const [key, csr, crt, ext] = ['key', 'csr', 'crt', 'ext'].map((end) => join(certs.dir, `${name}.${end}`)) as [string, string, string, string];
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  execFileSync('bash', ['-c', `printf 'subjectAltName=${subject}' > '${ext}'`]);
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', `/CN=${name}`, '-out', csr);
  openssl(
    'x509',
    '-req',
    '-in',
    csr,
    '-CA',
    join(certs.dir, 'ca.crt'),
    '-CAkey',
    join(certs.dir, 'ca.key'),
    '-set_serial',
    '7',
    '-days',
    String(days),
    '-extfile',
    ext,
    '-out',
    crt,
  );
  return [crt, key];
}

async function failureOf(addresses: readonly string[], ca = certs.tm.ca, connectPatienceMs = PATIENCE_MS): Promise<MasCallFailed> {
  const channel = new RetryingChannel({ addresses, ca, token: 'a.b.c', timeoutMs: PATIENCE_MS, connectPatienceMs });
  try {
    await channel.call('/mas.v1.NodeService/GetClusterStatus', Buffer.alloc(0), () => null);
  } catch (error) {
    if (error instanceof MasCallFailed) return error;
    throw error;
  } finally {
    channel.close();
  }
  throw new Error('the call was answered');
}

const own = (name: string): readonly [string, string] => [join(certs.dir, `${name}.crt`), join(certs.dir, `${name}.key`)];

test.each<[string, () => Promise<string>, string, string, RegExp]>([
  [
    'the certificate of another authority',
    () => tls(...([join(others.dir, 'tm.crt'), join(others.dir, 'tm.key')] as const)),
    'invalid',
    'CERTIFICATE_OF_ANOTHER_AUTHORITY',
    /give this cluster's ca\.crt/,
  ],
  [
    'a certificate for another host',
    () => tls(...certificate('elsewhere', 'DNS:bank.example', 30)),
    'invalid',
    'HOST_NAME_NOT_IN_CERTIFICATE',
    /by a name that the certificate has/,
  ],
  ['a certificate that has expired', () => tls(...certificate('old', 'DNS:localhost', -1)), 'unavailable', 'CERTIFICATE_EXPIRED', /renew it/],
  [
    "a Resource Manager's port, which asks for a certificate",
    () => tls(...own('rm-1'), { requestCert: true }),
    'invalid',
    'NOT_A_TRANSACTION_MANAGER',
    /address of a Transaction Manager/,
  ],
  [
    'a port without TLS',
    () =>
      listen(
        createServer((socket) =>
          socket
            .on('error', () => undefined)
            .resume()
            .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
        ),
      ),
    'invalid',
    'NOT_A_TRANSACTION_MANAGER',
    /does not speak TLS/,
  ],
])('%s: one attempt, one clear line', async (_what, serve, kind, reason, advice) => {
  const address = await serve();
  const failure = await failureOf([address]);
  expect(failure).toMatchObject({ attempts: 1, error: { kind, reason } });
  expect(failure.message.startsWith(`${address} `)).toBe(true);
  expect(failure.message).toMatch(advice);
});

test('nobody there: tried again for as long as a restart takes, and no longer', async () => {
  const failure = await failureOf(['localhost:1'], certs.tm.ca, 300);
  expect(failure).toMatchObject({ code: 14, error: { kind: 'unavailable', reason: 'GRPC_UNAVAILABLE' } });
  expect(failure.message).toMatch(/ECONNREFUSED/);
  expect(failure.attempts).toBeGreaterThan(1);
});

test('of several addresses only one is wrong: the others are asked', async () => {
  const wrong = await tls(...certificate('elsewhere2', 'DNS:bank.example', 30));
  const failure = await failureOf([wrong, 'localhost:1'], certs.tm.ca, 300);
  expect(failure.error.reason).toBe('GRPC_UNAVAILABLE');
  expect(failure.attempts).toBeGreaterThan(2);
});
