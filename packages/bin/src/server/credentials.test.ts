/** Which certificates and keys a running process takes in the place of its own, and which it refuses because it would cut itself off. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { JwtTokenVerifier, TokenSigner, type TlsIdentity } from '@mas/rpc';
import { silentLogger } from '@mas/values';
import { systemClock } from '../platform/system-clock';
import { Credentials } from './credentials';
import { identityProblem } from './identity-problem';
import { readTlsIdentity, readTokenKeys } from './process-files';

const MAKE_CERTS = resolve(__dirname, '../../../../certs/make-certs.sh');
const root = mkdtempSync(join(tmpdir(), 'mas-credentials-'));
afterAll(() => rmSync(root, { recursive: true }));

function made(name: string): string {
  const folder = join(root, name);
  execFileSync('bash', [MAKE_CERTS, '--dir', folder, '--rms', '2'], { stdio: 'pipe' });
  return folder;
}
const [ours, others] = [made('ours'), made('others')];
const before = readTlsIdentity(ours, 'rm-1');
const foreign = readTlsIdentity(others, 'rm-1');

test.each<[string, TlsIdentity, RegExp | null]>([
  ['the same again', before, null],
  ['a second authority that is trusted as well', { ...before, ca: Buffer.concat([before.ca, foreign.ca]) }, null],
  ['a certificate of that one', { ...foreign, ca: Buffer.concat([before.ca, foreign.ca]) }, null],
  ['all of another authority', foreign, null],
  ['the key of another certificate', { ...before, key: foreign.key }, /key/],
  ['the certificate of another process', readTlsIdentity(ours, 'rm-2'), /another process/],
  ['the certificate of another role', readTlsIdentity(ours, 'tm'), /another process/],
  ['an authority that has not signed it', { ...before, ca: foreign.ca }, /no authority in ca\.crt/],
  ['nonsense', { ...before, certificate: Buffer.from('nonsense') }, /cannot be used/],
])('%s', (_what, found, problem) => {
  if (problem === null) expect(identityProblem(found, before)).toBeNull();
  else expect(identityProblem(found, before)).toMatch(problem);
});

const settings = { certs: ours, jwtAlgorithm: 'HS256', jwtKeys: '', jwtIssuer: 'mas', jwtAudience: 'mas' } as const;

test('token keys follow the list in the folder: a second one verifies, signs once it is first, and the old one opens nothing once it is gone', () => {
  const credentials = new Credentials({
    settings,
    name: 'rm-1',
    tls: before,
    tokens: readTokenKeys(settings),
    reloads: { done: 0, refused: 0 },
    clock: systemClock,
    logger: silentLogger,
  });
  const signer = new TokenSigner(credentials.tokens, systemClock);
  const verifier = new JwtTokenVerifier(credentials.tokens, systemClock);
  const kidOf = (token: string): unknown => (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;
  const list = (...kids: readonly number[]): void => {
    writeFileSync(join(ours, 'jwt.keys'), `# comment\n${kids.map((kid) => `${kid}=jwt-hs256-${kid}.key`).join('\n')}\n`);
    credentials.tokens.current = readTokenKeys(settings);
  };
  copyFileSync(join(others, 'jwt-hs256-1.key'), join(ours, 'jwt-hs256-2.key'));
  const old = signer.operator('ops', 60).token;
  expect(verifier.verify(old).ok).toBe(true);
  list(1, 2);
  expect(kidOf(signer.operator('ops', 60).token)).toBe('1');
  list(2, 1);
  const fresh = signer.operator('ops', 60).token;
  expect([kidOf(fresh), verifier.verify(fresh).ok, verifier.verify(old).ok]).toEqual(['2', true, true]);
  list(2);
  expect([verifier.verify(fresh).ok, verifier.verify(old).ok]).toEqual([true, false]);
});

test('metrics show what is in use, by the names of files', () => {
  const credentials = new Credentials({
    settings,
    name: 'rm-1',
    tls: { ...before, ca: readFileSync(join(ours, 'ca.crt')) },
    tokens: readTokenKeys(settings),
    reloads: { done: 3, refused: 1 },
    clock: systemClock,
    logger: silentLogger,
  });
  const { certificates, tokenKeys, reloads } = credentials.numbers();
  expect(certificates.map(({ file }) => file)).toEqual(['ca.crt', 'rm-1.crt']);
  expect(tokenKeys.map(({ keyId, isSigning }) => [keyId, isSigning])).toEqual([['2', true]]);
  expect(reloads).toEqual({ done: 3, refused: 1 });
  expect(credentials.endsMs()).toBe(certificates[1]?.untilMs);
});
