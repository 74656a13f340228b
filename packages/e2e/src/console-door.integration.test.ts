/**
 * The console's door, without a browser: who gets in, what another site's page or a plain program can do (nothing), and that a token
 * opens as much as at a Transaction Manager.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { signerOf } from './harness/access';
import { Cluster } from './harness/cluster';
import { run } from './harness/command';
import { ConsoleProcess } from './testing/console-process';
import { httpsCall, type HttpsAnswer } from './testing/https-call';

const JSON_TYPE = { 'content-type': 'application/json' };

let cluster: Cluster;
let door: ConsoleProcess;
let ca: Buffer;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.client().createAccount({ id: 'open-own', number: 'own', openingBalance: { minor: 100n } });
  await cluster.client().createAccount({ id: 'open-other', number: 'other', openingBalance: { minor: 100n } });
  const token = join(cluster.certs(), 'console-token');
  writeFileSync(token, `${cluster.operatorToken()}\n`, { mode: 0o600 });
  door = await ConsoleProcess.start(cluster, ['--token', token]);
  ca = readFileSync(join(cluster.certs(), 'ca.crt'));
});

afterAll(async () => {
  await door?.stop();
  await cluster?.stop();
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpsAnswer> => httpsCall(`${door.address}${path}`, { ca, headers });

function send(path: string, body: object, headers: Readonly<Record<string, string>> = {}, method = 'POST'): Promise<HttpsAnswer> {
  return httpsCall(`${door.address}${path}`, { ca, method, headers: { origin: door.address, ...JSON_TYPE, ...headers }, body: JSON.stringify(body) });
}

async function sessionOf(credential: object): Promise<string> {
  const answer = await send('/api/session', credential);
  expect(answer).toMatchObject({ status: 200 });
  const [cookie = ''] = [answer.headers['set-cookie'] ?? ''].flat();
  return cookie.split(';')[0] ?? '';
}

const reasonOf = ({ text }: HttpsAnswer): unknown => (JSON.parse(text) as { readonly reason?: unknown }).reason;

test('pages and answers bring their rules: nothing inline, nothing from elsewhere, no frame, nothing kept', async () => {
  const page = await get('/');
  expect(page.status).toBe(200);
  const policy = String(page.headers['content-security-policy']);
  expect(policy.split(';').sort()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
  ]);
  expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
  expect((await get('/api/session')).headers).toMatchObject({ 'cache-control': 'no-store', 'content-security-policy': policy });
  expect(page.text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:\/\//);
  for (const path of ['/../package.json', '/%2e%2e/index.js', '/..%2findex.js', '/assets/']) expect((await get(path)).status).toBeGreaterThanOrEqual(403);
});

test('signing in: a cookie that scripts and other sites do not get; nothing that is no token of this cluster', async () => {
  const answer = await send('/api/session', { token: cluster.operatorToken('somebody') });
  expect(JSON.parse(answer.text)).toMatchObject({ viewer: { name: 'somebody', isOperator: true }, hasShow: false });
  expect(answer.text).not.toContain(cluster.operatorToken('somebody'));
  const [cookie = ''] = [answer.headers['set-cookie'] ?? ''].flat();
  expect(cookie).toMatch(/^__Host-mas-console-\d+=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);

  const foreign = signerOf(Buffer.from('ab'.repeat(32)));
  const ended = signerOf(readFileSync(join(cluster.certs(), 'jwt-hs256-1.key')), { nowMs: () => Date.now() - 7_200_000 });
  for (const credential of [
    { token: foreign.operator('operator', 3600).token },
    { token: ended.operator('operator', 3600).token },
    { token: 'a.b.c' },
    { token: 'x'.repeat(5000) },
    { token: '' },
    { code: 'guessed' },
    { code: '' },
    {},
    { token: 'a', code: 'b' },
  ]) {
    const refused = await send('/api/session', credential);
    expect([400, 401]).toContain(refused.status);
    expect(refused.headers['set-cookie']).toBeUndefined();
  }
});

test('a one-time address signs in once', async () => {
  let code = '';
  await waitUntil('the address is printed', () => {
    code = /Sign in, once: https:\/\/localhost:\d+\/#\/sign-in\?code=([\w-]+)/.exec(door.process.logTail())?.[1] ?? '';
    return code !== '';
  });
  expect((await get('/api/accounts', { cookie: await sessionOf({ code }) })).status).toBe(200);
  const again = await send('/api/session', { code });
  expect([again.status, reasonOf(again)]).toEqual([401, 'CODE_REFUSED']);
});

test('what another site’s page can send changes nothing', async () => {
  const cookie = await sessionOf({ token: cluster.operatorToken() });
  const held = await cluster.client().acquireLock({ lockIds: ['own'], timeoutMs: 600_000 });
  const tries: readonly (readonly [number, HttpsAnswer])[] = [
    [403, await send('/api/locks/break', { id: 'own' }, { cookie, origin: 'https://elsewhere.example' })],
    [403, await send('/api/locks/break', { id: 'own' }, { cookie, origin: door.address.replace('https', 'http') })],
    [403, await send('/api/locks/break', { id: 'own' }, { cookie, origin: 'null' })],
    [403, await httpsCall(`${door.address}/api/locks/break`, { ca, method: 'POST', headers: { cookie, ...JSON_TYPE }, body: '{"id":"own"}' })],
    [403, await send('/api/locks/break', { id: 'own' }, { cookie, 'sec-fetch-site': 'cross-site' })],
    [403, await send('/api/locks/break', { id: 'own' }, { cookie, 'sec-fetch-site': 'same-site' })],
    [415, await send('/api/locks/break', { id: 'own' }, { cookie, 'content-type': 'text/plain' })],
    [404, await get('/api/locks/break?id=own', { cookie })],
    [403, await get('/api/locks', { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })],
    [401, await send('/api/locks/break', { id: 'own' })],
    [401, await send('/api/locks/break', { id: 'own' }, { cookie: `${cookie.split('=')[0] ?? ''}=${'a'.repeat(43)}` })],
    [413, await send('/api/locks/break', { id: 'x'.repeat(20_000) }, { cookie })],
    [400, await send('/api/locks/break', { id: 'own', more: 1 }, { cookie })],
  ];
  expect(tries.map(([, { status }]) => status)).toEqual(tries.map(([status]) => status));
  expect((await cluster.client().getLock('own')).mode).toBe('exclusive');
  await cluster.client().releaseLock(['own'], held.handle);
});

test('an account’s token sees its own account, and changes nothing', async () => {
  const cookie = await sessionOf({ token: cluster.accountToken('own') });
  expect(JSON.parse((await get('/api/accounts/own', { cookie })).text)).toMatchObject({ number: 'own', balance: '1.00' });
  expect((await get('/api/accounts/own/payments', { cookie })).status).toBe(200);
  const refused = await Promise.all([
    get('/api/accounts/other', { cookie }),
    get('/api/accounts', { cookie }),
    get('/api/doubts', { cookie }),
    get('/api/locks', { cookie }),
    get('/api/live', { cookie }),
    get('/api/live/history', { cookie }),
    send('/api/locks/break', { id: 'own' }, { cookie }),
    send('/api/doubts/resolve', { txn: 'a'.repeat(64), account: 'own' }, { cookie }),
  ]);
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
  expect(JSON.parse((await get('/api/search?q=other', { cookie })).text)).toEqual({ account: null, payment: null });
});

test('a session ends with signing out; there is no show where there is none', async () => {
  const cookie = await sessionOf({ token: cluster.operatorToken() });
  expect((await send('/api/show/kill', { name: 'rm-1' }, { cookie })).status).toBe(404);
  expect((await send('/api/session', {}, { cookie }, 'DELETE')).status).toBe(204);
  const after = await get('/api/accounts', { cookie });
  expect([after.status, reasonOf(after)]).toEqual([401, 'NOT_SIGNED_IN']);
});

test('a certificate that is made anew is shown from then on, without a restart, and sessions go on', async () => {
  const cookie = await sessionOf({ token: cluster.operatorToken() });
  const shown = (): string => {
    const { status, stdout } = spawnSync('openssl', ['s_client', '-connect', new URL(door.address).host, '-showcerts'], { input: '', encoding: 'utf8' });
    return status === 0 ? (/-----BEGIN CERTIFICATE-----[^-]*/.exec(stdout)?.[0] ?? '') : '';
  };
  const before = shown();
  for (const name of ['console.crt', 'console.key']) rmSync(join(cluster.certs(), name));
  expect((await run('bash', ['certs/make-certs.sh', '--dir', cluster.certs()])).stdout).toBe('made console.crt\n');
  await waitUntil('the new one is shown', () => shown() !== before && readFileSync(join(cluster.certs(), 'console.crt'), 'utf8').includes(shown()), {
    diagnostics: () => door.process.logTail(),
  });
  expect((await get('/api/accounts', { cookie })).status).toBe(200);
});
