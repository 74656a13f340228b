/** No password of a server in an argument; from a file it gets into the URL as it stands there, whatever characters it has. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../usage-error';
import { withPassword } from './password-file';
import { setting } from './setting';

const sql = setting('sql', '<url>', '', 'embedded', z.string());
const sqlPasswordFile = setting('sql-password-file', '<file>', '', '', z.string());
const complete = (url: string, file: string, flag: unknown = undefined): string =>
  withPassword({ setting: sql, url, fileSetting: sqlPasswordFile, file }, flag);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mas-password-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'password');
  writeFileSync(path, text);
  return path;
}

test.each(['mysql://root:secret@localhost', 'mysql://root:se#cr%et@localhost:3306/mas', 'redis://:secret@localhost'])(
  '%s as an argument is refused, without repeating it',
  (url) => {
    expect(() => complete(url, '', url)).toThrow(UsageError);
    expect(() => complete(url, '', url)).toThrow(/^--sql holds a password, .* in MAS_SQL, or .* --sql-password-file \(or MAS_SQL_PASSWORD_FILE\) names$/);
    expect(complete(url, '')).toBe(url);
  },
);

test.each(['embedded', 'mysql://root@localhost', 'mysql://[::1]:3306', 'redis://localhost:6379'])('%s holds none, and may be one', (url) => {
  expect(complete(url, '', url)).toBe(url);
});

test.each(['plain', 'with space', '%41:/@#?', 'grüße', '-- drop'])('the password %s from a file', (password) => {
  for (const end of ['', '\n', '\r\n']) {
    const url = new URL(complete('mysql://me@db.example:3307', file(`${password}${end}`), 'mysql://me@db.example:3307'));
    expect([decodeURIComponent(url.password), url.username, url.host]).toEqual([password, 'me', 'db.example:3307']);
  }
  expect(decodeURIComponent(new URL(complete('redis://db/2', file(password))).password)).toBe(password);
});

test.each<[string, () => string, RegExp]>([
  ['a file that is not there', () => complete('mysql://me@db', '/nowhere/password'), /\/nowhere\/password cannot be read \(ENOENT\)$/],
  ['an empty file', () => complete('mysql://me@db', file('\n')), /on one line, and nothing else$/],
  ['a file of something else', () => complete('mysql://me@db', file('a\nb\n')), /on one line, and nothing else$/],
  ['two passwords', () => complete('mysql://me:other@db', file('a')), /MAS_SQL holds one as well/],
  ['no server', () => complete('embedded', file('a')), /needs the server's URL in --sql \(or MAS_SQL\)/],
])('%s: refused', (_, act, text) => {
  expect(act).toThrow(text);
  expect(act).toThrow(UsageError);
});
