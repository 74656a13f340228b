/** When certificates are refused, and from when on a running process speaks of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Logger } from '@mas/values';
import { certificateProblem, CertificateWatch } from './certificate-times';

const DAY_MS = 86_400_000;
let folder: string;
let pem: Buffer;
let untilMs: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mas-times-'));
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '100', '-subj', '/CN=x', '-keyout', join(folder, 'k'), '-out', join(folder, 'c')],
    { stdio: 'ignore' },
  );
  pem = readFileSync(join(folder, 'c'));
  untilMs = Date.parse(execFileSync('openssl', ['x509', '-in', join(folder, 'c'), '-noout', '-enddate'], { encoding: 'utf8' }).replace('notAfter=', ''));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[string, number, RegExp | null]>([
  ['in its time', -1, null],
  ['at its end', 0, /^x\.crt has expired on \d{4}-.*: renew it/],
  ['before its beginning', -101 * DAY_MS, /^x\.crt is valid from .* on, which is in the future/],
])('a certificate %s', (_what, afterEndMs, problem) => {
  const found = certificateProblem({ path: 'x.crt', pem }, untilMs + afterEndMs);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toMatch(problem);
});

test('what is no certificate', () => {
  expect(certificateProblem({ path: 'x.crt', pem: Buffer.from('nonsense') }, 0)).toMatch(/not a certificate/);
});

test('of several authorities one that has ended ends nothing; of a chain it does', () => {
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '10', '-subj', '/CN=y', '-keyout', join(folder, 'k2'), '-out', join(folder, 'c2')],
    { stdio: 'ignore' },
  );
  const both = Buffer.concat([readFileSync(join(folder, 'c2')), pem]);
  const at = untilMs - 50 * DAY_MS;
  expect(certificateProblem({ path: 'ca.crt', pem: both, isAuthorities: true }, at)).toBeNull();
  expect(certificateProblem({ path: 'x.crt', pem: both }, at)).toMatch(/has expired/);
});

test('a running process says it once a day from thirty days before the end', () => {
  let nowMs = untilMs - 31 * DAY_MS;
  let next: (() => void) | null = null;
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    schedule: (_delayMs, callback) => ((next = callback), { cancel: () => (next = null) }),
    defer: (callback) => callback(),
  };
  const lines: string[] = [];
  const note =
    (level: string) =>
    (facts: object, text: string): void =>
      void lines.push(`${level} ${JSON.stringify(facts)} ${text.split(';')[0] ?? ''}`);
  const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const watch = new CertificateWatch(() => [{ path: 'x.crt', pem }], clock, logger);
  watch.start();
  expect(lines).toEqual([]);
  for (const days of [29.5, 1.5, -1]) {
    nowMs = untilMs - days * DAY_MS;
    (next as (() => void) | null)?.();
  }
  expect(lines).toEqual([
    'warn {"file":"x.crt","days":29} a certificate expires soon',
    'warn {"file":"x.crt","days":1} a certificate expires soon',
    'error {"file":"x.crt"} a certificate has expired: nobody new can connect',
  ]);
  watch.stop();
  expect(next).toBeNull();
});
