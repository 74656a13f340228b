/** What stands in the way of a start is named for what it is: a port, or the name of the host. */
import { createServer, type AddressInfo } from 'node:net';
import { UsageError } from '../usage-error';
import { checkPorts, type PortChoice } from './ports';

const choice = (port: number): PortChoice => ({ port, flag: '--tc-port', variable: 'MAS_TC_PORT', base: 9008 });

async function refusal(choices: readonly PortChoice[], host?: string): Promise<string> {
  const failure = await checkPorts(choices, host).then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(UsageError);
  return (failure as UsageError).message;
}

test('a port that somebody listens on', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await refusal([choice(port)], '127.0.0.1')).toBe(
    `port ${port} is in use (by another "npm start"?): choose another with "npm start -- --tc-port 10008" (or MAS_TC_PORT)`,
  );
  await new Promise((resolve) => server.close(resolve));
});

test('a host that does not resolve is not called a port that cannot be used', async () => {
  expect(await refusal([choice(9008)], 'no-such-host.invalid')).toMatch(
    /^the name "no-such-host\.invalid" does not resolve on this machine \(E[A-Z_]+\): add the line "127\.0\.0\.1 no-such-host\.invalid" to \/etc\/hosts$/,
  );
});

test('a host that is not this machine', async () => {
  expect(await refusal([choice(9008)], '192.0.2.1')).toMatch(/^"192\.0\.2\.1" resolves to an address that this machine does not have \(EADDRNOTAVAIL\)/);
});

test('one port for two processes', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  expect(await refusal([choice(port), choice(port)], '127.0.0.1')).toMatch(/is meant for two processes/);
});
