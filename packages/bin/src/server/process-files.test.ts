/** Key files that everybody can read draw a warning each; public keys and files of one's own do not. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { warnOfOpenKeys } from './process-files';

const folder = mkdtempSync(join(tmpdir(), 'mas-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
function file(name: string, mode: number, content: string | Buffer = 'x'.repeat(40)): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}
const warned = (jwtKeys: string): unknown[] => {
  const files: unknown[] = [];
  warnOfOpenKeys({ certs: folder, jwtAlgorithm: 'HS256', jwtKeys, jwtIssuer: 'mas', jwtAudience: 'mas' }, 'tm', { warn: (facts) => files.push(facts['file']) });
  return files;
};

test.each([0o600, 0o640, 0o400])('%o is closed', (mode) => {
  file('tm.key', 0o600);
  file('jwt-hs256-1.key', mode);
  expect(warned('')).toEqual([]);
});

test('open ones are named: the certificate’s key and each of the tokens’', () => {
  const certificate = file('tm.key', 0o644);
  const [one, two] = [file('one', 0o604), file('two', 0o606)];
  expect(warned(`1=${one},2=${two}`)).toEqual([certificate, one, two]);
});

test('a public key alone is for everybody; with its private half it is not', () => {
  file('tm.key', 0o600);
  const open = file('public.pem', 0o644, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const both = file('both.pem', 0o644, `${pair.publicKey.export({ type: 'spki', format: 'pem' })}${pair.privateKey.export({ type: 'pkcs8', format: 'pem' })}`);
  expect(warned(`1=${open},2=${both}`)).toEqual([both]);
});
