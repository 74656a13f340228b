/** A flag wins over the environment, that over the context file, that over the default; what is wrong is named with where it came from. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContext } from './context';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mas-context-'));
  mkdirSync(join(folder, 'keys'));
  for (const name of ['flag', 'environment', 'file']) {
    writeFileSync(join(folder, 'keys', `${name}.crt`), `${name} certificate`);
    writeFileSync(join(folder, 'keys', `${name}.jwt`), `${name}.token.text\n`);
  }
  file = join(folder, 'context.json');
  writeFileSync(file, JSON.stringify({ tc: 'file:1', cert: 'keys/file.crt', token: 'keys/file.jwt' }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = (name: string): string => join(folder, 'keys', name);

test.each([
  ['the file alone, its paths relative to it', {}, {}, 'file'],
  ['the environment over the file', {}, { MAS_TC: 'environment:1', MAS_CERT: 'environment.crt', MAS_TOKEN: 'environment.jwt' }, 'environment'],
  [
    'flags over both',
    { tc: 'flag:1', cert: 'flag.crt', token: 'flag.jwt' },
    { MAS_TC: 'environment:1', MAS_CERT: 'environment.crt', MAS_TOKEN: 'environment.jwt' },
    'flag',
  ],
])('%s', (_, flags: Record<string, string>, environment: Record<string, string>, expected) => {
  const located = (values: Record<string, string>, cert: string, token: string): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, name === cert || name === token ? key(value) : value]));
  const context = readContext({ ...located(flags, 'cert', 'token'), context: file }, located(environment, 'MAS_CERT', 'MAS_TOKEN'));
  expect(context).toEqual({
    addresses: [`${expected}:1`],
    ca: Buffer.from(`${expected} certificate`),
    token: `${expected}.token.text`,
    timeoutMs: 15_000,
    timeoutGiven: false,
  });
});

test('several addresses, a token as itself, a time limit', () => {
  const context = readContext({ tc: 'a:1, b:2', token: 'x.y.z', timeout: '200', context: file }, { MAS_TIMEOUT: '300' });
  expect(context).toMatchObject({ addresses: ['a:1', 'b:2'], token: 'x.y.z', timeoutMs: 200 });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['an address without a port', { tc: 'localhost' }, /"localhost" \(--tc\) is not host:port/],
  ['a time limit beyond the bound', { timeout: '60001' }, /timeout "60001"/],
  ['a certificate that is not there', { cert: '/nowhere/ca.crt' }, /certificate \(--cert\) cannot be read from \/nowhere\/ca.crt/],
  ['an IPv6 address without brackets', { tc: '::1:9008' }, /"::1:9008" \(--tc\) .* as in \[::1\]:9008/],
])('%s', (_, flags, message) => {
  expect(() => readContext({ ...flags, context: file }, {})).toThrow(message);
});

test('a name, an IPv4 address, an IPv6 address', () => {
  expect(readContext({ tc: 'localhost:1,127.0.0.1:2,[::1]:3', context: file }, {}).addresses).toEqual(['localhost:1', '127.0.0.1:2', '[::1]:3']);
});

describe('a token', () => {
  const SECRET = 'c2VjcmV0/c2VjcmV0+c2VjcmV0';
  const refusal = (token: string, from: 'flag' | 'variable'): string => {
    try {
      readContext({ context: file, ...(from === 'flag' ? { token } : {}) }, from === 'flag' ? {} : { MAS_TOKEN: token });
    } catch (error) {
      return String(error);
    }
    return '';
  };

  test.each(['x.y.z\n', ' x.y.z', '\r\nx.y.z\r\n'])('with white space around it (%j) is trimmed', (token) => {
    expect(readContext({ token, context: file }, {}).token).toBe('x.y.z');
    expect(readContext({ context: file }, { MAS_TOKEN: token }).token).toBe('x.y.z');
  });

  test.each([SECRET, `${SECRET}\n${SECRET}`, `x.y\n.${SECRET}`, `Bearer ${SECRET}`])('that is none (%j) is never shown', (token) => {
    for (const [from, name] of [
      ['flag', '--token'],
      ['variable', 'MAS_TOKEN'],
    ] as const) {
      expect(refusal(token, from)).toContain(`the token (${name}) is neither a token`);
      expect(refusal(token, from)).not.toContain(SECRET);
    }
  });

  test('in a file that holds a key: neither sent nor shown', () => {
    writeFileSync(key('jwt.key'), `${SECRET}\n`);
    expect(refusal(key('jwt.key'), 'flag')).toContain('the file that holds the token (--token) has something else in it');
    expect(refusal(key('jwt.key'), 'flag')).not.toContain(SECRET);
  });
});

test.each([
  ['not JSON', 'tc: x', /cannot be read as JSON/],
  ['a field that does not exist', '{"tcs": "x"}', /may hold tc, cert and token/],
])('a context file with %s', (_, content, message) => {
  writeFileSync(file, content);
  expect(() => readContext({ context: file }, {})).toThrow(message);
});
