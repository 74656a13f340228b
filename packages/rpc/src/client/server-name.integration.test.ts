/** Servers dialled by name, by IPv4 and by IPv6 address: the certificate is checked against each, and no address goes into the handshake. */
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { Client, credentials, status as Code, type ServiceError } from '@grpc/grpc-js';
import { makeTestCerts } from '../testing/test-certs';
import { identity } from './node-channel';
import { serverName } from './server-name';

const certs = makeTestCerts();
let server: Server;
let names: (string | false | null)[];

// A server and a list for each test: a connection that is still on its way when the next test begins counts there for nothing.
beforeEach(async () => {
  const heard: (string | false | null)[] = [];
  names = heard;
  server = createServer({ key: certs.tm.key, cert: certs.tm.certificate, ALPNProtocols: ['h2'] }, (socket: TLSSocket) => {
    heard.push(socket.servername);
    socket.destroy();
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
});
afterEach(() => server.close());
afterAll(() => certs.remove());

async function dial(host: string): Promise<ServiceError | null> {
  const address = `${host}:${(server.address() as AddressInfo).port}`;
  const { verify, options } = serverName(address);
  const client = new Client(address, credentials.createSsl(certs.tm.ca, null, null, verify), options);
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest('/a/b', identity, identity, Buffer.alloc(0), { deadline: Date.now() + 20_000 }, (error) => resolve(error));
    });
  } finally {
    client.close();
  }
}

test.each(['localhost', '127.0.0.1', '[::1]'])('%s is what the certificate names', async (host) => {
  const warnings: string[] = [];
  const heard = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', heard);
  await dial(host);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', heard);
  expect(names).not.toEqual([]);
  expect(new Set(names)).toEqual(new Set([host === 'localhost' ? 'localhost' : 'mas']));
  expect(warnings).toEqual([]);
});

test('an address that the certificate does not name is refused', async () => {
  expect(await dial('127.0.0.2')).toMatchObject({
    code: Code.UNAVAILABLE,
    details: expect.stringContaining("IP: 127.0.0.2 is not in the cert's list") as unknown,
  });
});
