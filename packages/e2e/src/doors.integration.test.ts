/**
 * Who gets in, tried from outside on running processes: reflection for tools, tokens at the Transaction Manager, node
 * certificates with the right role at the Resource Managers, and nothing without TLS.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls, createServer, type ConnectionOptions } from 'node:tls';
import { join } from 'node:path';
import { status as Code } from '@grpc/grpc-js';
import { MasCallFailed } from '@mas/client';
import { signerOf } from './harness/access';
import { masClient, run, type Ran } from './harness/command';
import { Cluster } from './harness/cluster';
import { numberIn } from './harness/names';
import { Bank, OPENING_MINOR } from './testing/bank';
import { openToOthers } from './testing/open-to-others';
import { rawCall } from './testing/raw-call';

const BUF = 'node_modules/@bufbuild/buf/bin/buf';
const CALL_TIMEOUT_MS = 60_000;

let cluster: Cluster;
let bank: Bank;
let alice: string;
let bob: string;

beforeAll(async () => {
  cluster = await Cluster.start();
  bank = new Bank(cluster);
  alice = numberIn(cluster.placement, 1, 'alice');
  bob = numberIn(cluster.placement, 2, 'bob');
  await bank.open([alice, bob]);
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

describe('reflection on the Transaction Manager', () => {
  const bufCurl = (path: string, ...args: readonly string[]): Promise<Ran> =>
    run(process.execPath, [
      BUF,
      'curl',
      '--protocol',
      'grpc',
      '--cacert',
      join(cluster.certs(), 'ca.crt'),
      '-H',
      `authorization: Bearer ${cluster.operatorToken()}`,
      ...args,
      `https://${cluster.addresses()[0] ?? ''}${path}`,
    ]);

  test('buf curl lists the services and their methods', async () => {
    const services = await bufCurl('', '--list-services');
    expect(services).toMatchObject({ code: 0 });
    for (const service of ['mas.v1.AccountService', 'mas.v1.LockService', 'mas.v1.NodeService', 'grpc.health.v1.Health'])
      expect(services.stdout).toContain(service);
    const methods = await bufCurl('', '--list-methods');
    expect(methods).toMatchObject({ code: 0, stderr: '' });
    expect(methods.stdout).toContain('mas.v1.AccountService/CreatePayment');
  });

  test('buf curl calls: a read, and a refusal with its reason', async () => {
    const read = await bufCurl('/mas.v1.AccountService/GetAccount', '--timeout', '55s', '-d', JSON.stringify({ number: alice }));
    expect(read).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(read.stdout)).toMatchObject({ account: { number: alice, balanceMinor: String(OPENING_MINOR) } });
    const missing = await bufCurl('/mas.v1.AccountService/GetAccount', '--timeout', '55s', '-d', '{"number":"nobody"}');
    expect(missing.code).toBe(Code.NOT_FOUND << 3);
    const [info] = (JSON.parse(missing.stderr) as { readonly details: readonly { readonly type: string; readonly value: string }[] }).details;
    expect(info?.type).toBe('google.rpc.ErrorInfo');
    expect(Buffer.from(info?.value ?? '', 'base64').toString('latin1')).toContain('ACCOUNT_NOT_FOUND');
  });
});

describe('tokens at the Transaction Manager', () => {
  const key = (): Buffer => readFileSync(join(cluster.certs(), 'jwt-hs256-1.key'));
  const refusal = async (token: string, what: (client: ReturnType<Cluster['client']>) => Promise<unknown>): Promise<{ code: number; reason: string }> => {
    try {
      await what(cluster.client({ token, timeoutMs: CALL_TIMEOUT_MS }));
    } catch (error) {
      if (error instanceof MasCallFailed) return { code: error.code, reason: error.error.reason };
      throw error;
    }
    return { code: Code.OK, reason: '' };
  };

  test.each<[string, string, () => string]>([
    ['none', 'TOKEN_MISSING', () => ''],
    ['not a token', 'TOKEN_INVALID', () => 'a.b.c'],
    [
      'one signed with another key',
      'TOKEN_INVALID',
      () => signerOf(Buffer.from('0123456789abcdef0123456789abcdef0123456789abcdef')).operator('mallory', 60).token,
    ],
    ['one that has expired', 'TOKEN_INVALID', () => signerOf(key(), { nowMs: () => Date.now() - 3_600_000 }).operator('late', 60).token],
    ['one of another issuer', 'TOKEN_INVALID', () => signerOf(key(), { issuer: 'elsewhere' }).operator('tester', 60).token],
    ['one for another audience', 'TOKEN_INVALID', () => signerOf(key(), { audience: 'elsewhere' }).operator('tester', 60).token],
    ['one under an unknown key id', 'TOKEN_INVALID', () => signerOf(key(), { keyId: '7' }).operator('tester', 60).token],
    ['one whose algorithm is none', 'TOKEN_INVALID', () => unsigned()],
  ])('%s: UNAUTHENTICATED, %s', async (_, reason, token) => {
    expect(await refusal(token(), (client) => client.getAccount(alice))).toEqual({ code: Code.UNAUTHENTICATED, reason });
  });

  test('without a deadline nothing is begun', async () => {
    expect(
      (await rawCall(cluster.certs(), cluster.addresses()[0] ?? '', '/mas.v1.AccountService/GetAccount', { token: cluster.operatorToken(), deadline: false }))
        .code,
    ).toBe(Code.INVALID_ARGUMENT);
  });
});

describe('node certificates at a Resource Manager', () => {
  const PHASE_1 = '/mas.v1.TransactionService/ProcessPhase1';
  const RAFT = '/mas.v1.RaftService/Replicate';
  const rm = (): string => cluster.rmAddresses()[0] ?? '';

  test('without a client certificate: refused, with an operator\u2019s token too', async () => {
    for (const token of ['', cluster.operatorToken()]) expect(refused(await rawCall(cluster.certs(), rm(), PHASE_1, { token }))).toBe(true);
  });

  test('with a certificate of another authority: refused', async () => {
    const other = join(cluster.certs(), 'other');
    await run('bash', ['certs/make-certs.sh', '--dir', other, '--rms', '1']);
    expect(refused(await rawCall(cluster.certs(), rm(), PHASE_1, { certificate: join(other, 'tm') }))).toBe(true);
  });

  test("an RM's certificate opens Raft for that RM, and for no other", async () => {
    const second = join(cluster.certs(), 'rm-2');
    expect((await rawCall(cluster.certs(), rm(), RAFT, { certificate: second, rm: 2 })).code).not.toBe(Code.PERMISSION_DENIED);
    expect((await rawCall(cluster.certs(), rm(), RAFT, { certificate: second, rm: 3 })).code).toBe(Code.PERMISSION_DENIED);
    expect((await rawCall(cluster.certs(), rm(), RAFT, { certificate: second })).code).toBe(Code.PERMISSION_DENIED);
  });

  test('plain text gets no answer on any port', async () => {
    for (const address of [rm(), cluster.addresses()[0] ?? '']) expect(await speakPlainly(address)).not.toMatch(/HTTP/);
  });
});

describe('TLS', () => {
  const everybody = (): readonly string[] => [...cluster.addresses(), ...cluster.rmAddresses()];
  const AEAD = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  const CBC = 'ECDHE-ECDSA-AES128-SHA256';

  test('1.2 with an AEAD suite, and 1.3, are taken by every listener', async () => {
    for (const address of everybody()) {
      expect(await handshake(address, { ciphers: AEAD, maxVersion: 'TLSv1.2' })).toBe(`TLSv1.2 ${AEAD}`);
      expect(await handshake(address, {})).toMatch(/^TLSv1\.3 TLS_/);
    }
  });

  test.each<[string, ConnectionOptions]>([
    ['a CBC suite', { ciphers: CBC, maxVersion: 'TLSv1.2' }],
    ['a suite without forward secrecy', { ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }],
    ['TLS 1.1', { ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }],
  ])('%s: refused by every listener', async (_, options) => {
    for (const address of everybody()) expect(await handshake(address, options)).toBe('refused');
  });

  test('mas-client does not talk to a server that has a CBC suite only', async () => {
    const [key, cert] = ['tm.key', 'tm.crt'].map((name) => readFileSync(join(cluster.certs(), name)));
    const server = createServer({ key, cert, ciphers: CBC, maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] });
    const suites: string[] = [];
    const failures: string[] = [];
    server.on('secureConnection', (socket) => {
      suites.push(socket.getCipher().name);
      socket.destroy();
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException) => failures.push(error.code ?? ''));
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const ran = await masClient(['account', 'get', alice], {
      MAS_TC: `localhost:${port ?? 0}`,
      MAS_CERT: join(cluster.certs(), 'ca.crt'),
      MAS_TOKEN: cluster.operatorToken(),
      MAS_TIMEOUT: '8000',
    });
    await new Promise((resolve) => server.close(resolve));
    expect({ code: ran.code, suites }).toEqual({ code: 7, suites: [] });
    expect(failures).toContain('ERR_SSL_NO_SHARED_CIPHER');
  });
});

test('nothing that the processes write is for other users of the machine to read', () => {
  for (const name of ['rm1', 'rm2', 'rm3', 'tm1']) expect(openToOthers(join(cluster.certs(), '..', name, 'data'))).toEqual([]);
});

/** By the handshake, or by the method. */
function refused(answer: { readonly code: number }): boolean {
  return answer.code === Code.UNAVAILABLE || answer.code === Code.UNAUTHENTICATED || answer.code === Code.PERMISSION_DENIED;
}

/** Version and suite that were agreed on, or `refused`. With a node's certificate, so that it is not that. */
function handshake(address: string, options: ConnectionOptions): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const [ca, key, cert] = ['ca.crt', 'tm.key', 'tm.crt'].map((name) => readFileSync(join(cluster.certs(), name)));
  return new Promise((resolve) => {
    const socket = connectTls({ host, port: Number(port), ca, key, cert, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined, ...options }, () => {
      resolve(`${socket.getProtocol() ?? ''} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.on('error', () => resolve('refused'));
  });
}

function unsigned(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT', kid: '1' })}.${part({ iss: 'mas', aud: 'mas', sub: 'tester', role: 'operator', exp: Math.floor(Date.now() / 1000) + 60 })}.`;
}

/** What a listener says to an HTTP/2 preface without TLS, until it hangs up. */
function speakPlainly(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host, port: Number(port) }, () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('error', () => resolve(heard));
    socket.on('close', () => resolve(heard));
    socket.setTimeout(CALL_TIMEOUT_MS, () => socket.destroy());
  });
}
