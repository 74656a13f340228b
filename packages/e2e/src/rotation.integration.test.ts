/**
 * Certificates of a new authority for all processes, new token keys, another log level: all of it while payments run, without a restart, and no payment
 * fails. The steps and their order are those of docs/runbooks.md.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MasCallFailed } from '@mas/client';
import { checkHealth, type TlsIdentity } from '@mas/rpc';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { rmId } from '@mas/values';
import { signerOf } from './harness/access';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { Bank } from './testing/bank';
import { caughtUp } from './testing/caught-up';
import { OngoingPayments } from './testing/ongoing-payments';
import { Pairs } from './testing/pairs';

const HEALTH_TIMEOUT_MS = 60_000;
const NAMES = ['tm', 'rm-1', 'rm-2', 'rm-3'];

let cluster: Cluster;
let made: TempFolder;
let payments: OngoingPayments;
let oldAuthority: Buffer;
let newAuthority: Buffer;
let oldNode: TlsIdentity;

beforeAll(async () => {
  cluster = await Cluster.start();
  made = await tempFolder('mas-new-authority');
  execFileSync('bash', [join(REPOSITORY_ROOT, 'certs/make-certs.sh'), '--dir', made.path, '--rms', '3'], { stdio: 'pipe' });
  oldAuthority = readFileSync(join(cluster.certs(), 'ca.crt'));
  newAuthority = readFileSync(join(made.path, 'ca.crt'));
  oldNode = { ca: newAuthority, certificate: readFileSync(join(cluster.certs(), 'tm.crt')), key: readFileSync(join(cluster.certs(), 'tm.key')) };
});

afterAll(async () => {
  await payments?.stop();
  payments?.close();
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
  await made?.remove();
});

/** As an operator does it: written beside, and renamed. */
function install(name: string, content: string | Buffer): void {
  const path = join(cluster.certs(), name);
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Every process has taken something over so many times since it was started. */
function taken(what: string, times: number): Promise<void> {
  const all = [...cluster.tms, ...cluster.rms];
  const count = (process: (typeof all)[number]): number =>
    process.lines().filter((line) => line['what'] === what && line.msg === 'changed files are in use from now on').length;
  return waitUntil(`all processes have taken over ${what} ${times} times`, () => all.every((process) => count(process) >= times), {
    diagnostics: () => `${all.map((process) => `${process.name}: ${count(process)}`).join(', ')}\n${cluster.diagnostics()}`,
  });
}

test('a second authority is trusted by all, then by clients', async () => {
  install('ca.crt', Buffer.concat([oldAuthority, newAuthority]));
  await taken('certificates', 1);
  const bank = new Bank(cluster, cluster.client());
  const pairs = await Pairs.open(bank, 4);
  payments = new OngoingPayments(cluster, pairs.take(4), cluster.operatorToken());
  payments.start();
  await payments.proceed();
});

test('all processes show certificates of the new one, under load', async () => {
  for (const name of NAMES) {
    // Between the two a process sees a key that is not that of its certificate.
    install(`${name}.key`, readFileSync(join(made.path, `${name}.key`)));
    install(`${name}.crt`, readFileSync(join(made.path, `${name}.crt`)));
  }
  await taken('certificates', 2);
  await payments.proceed();
});

test('new token keys: known to all, then signing, then alone, under load', async () => {
  copyFileSync(join(made.path, 'jwt-hs256-1.key'), join(cluster.certs(), 'jwt-hs256-2.key'));
  install('jwt.keys', '1=jwt-hs256-1.key\n2=jwt-hs256-2.key\n');
  await taken('token keys', 1);
  install('jwt.keys', '2=jwt-hs256-2.key\n1=jwt-hs256-1.key\n');
  await taken('token keys', 2);
  payments.token = signerOf(readFileSync(join(made.path, 'jwt-hs256-1.key')), { keyId: '2' }).operator('tester', 3_600).token;
  await payments.proceed();
  install('jwt.keys', '2=jwt-hs256-2.key\n');
  await taken('token keys', 3);
  await payments.proceed();
  const refused = await cluster
    .client()
    .clusterStatus()
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MasCallFailed);
  expect((refused as MasCallFailed).error.kind).toBe('unauthenticated');
});

test('the old authority is trusted no more; a process that is killed and started finds its way, under load', async () => {
  install('ca.crt', newAuthority);
  await taken('certificates', 3);
  await payments.proceed();
  const now = currentNode();
  for (const address of [...cluster.addresses(), ...cluster.rmAddresses()]) {
    expect([address, await checkHealth(address, now, HEALTH_TIMEOUT_MS)]).toEqual([address, 'SERVING']);
    expect([address, await checkHealth(address, { ...now, ca: oldAuthority }, HEALTH_TIMEOUT_MS)]).toEqual([address, 'UNREACHABLE']);
  }
  for (const address of cluster.rmAddresses()) expect([address, await checkHealth(address, oldNode, HEALTH_TIMEOUT_MS)]).toEqual([address, 'UNREACHABLE']);
  await cluster.process('rm3').kill();
  cluster.process('rm3').start();
  await cluster.process('rm3').ready();
  await payments.proceed();
  await caughtUp(cluster, payments.client, rmId(3));
});

test('certificates that do not fit are refused, and what was in use goes on', async () => {
  install('rm-1.crt', readFileSync(join(made.path, 'rm-2.crt')));
  const rm1 = cluster.process('rm1');
  await waitUntil('rm-1 has refused it', () => rm1.lines().some((line) => line.msg.startsWith('changed files cannot be used')));
  expect(await checkHealth(cluster.rmAddresses()[0] ?? '', currentNode(), HEALTH_TIMEOUT_MS)).toBe('SERVING');
  install('rm-1.crt', readFileSync(join(made.path, 'rm-1.crt')));
  await payments.proceed();
});

test('the log level changes with a file, and back without it', async () => {
  const tm = cluster.process('tm1');
  const file = join(cluster.dataOf('tm1'), 'log-level');
  writeFileSync(file, 'debug\n');
  await waitUntil('the change is said', () => tm.lines().some((line) => line['what'] === 'log level'));
  rmSync(file);
  await waitUntil('the change back is said', () => tm.lines().filter((line) => line['what'] === 'log level').length === 2);
});

test('no payment has failed, and the books are right', async () => {
  await payments.stop();
  expect(payments.failures).toEqual([]);
  expect(payments.committed).toBeGreaterThan(100);
  const { consistent } = await payments.client.audit();
  expect(consistent).toBe(true);
});

function currentNode(): TlsIdentity {
  return { ca: newAuthority, certificate: readFileSync(join(made.path, 'tm.crt')), key: readFileSync(join(made.path, 'tm.key')) };
}
