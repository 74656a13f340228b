/**
 * What `npm run package` makes, as somebody has it who has nothing else: installed in an empty folder outside the repository, where there is no source, no build and no
 * other package of ours.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, freePorts, tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { httpsCall, type HttpsAnswer } from './testing/https-call';

const NAME = 'mini-account-system';
const BUNDLE = 'packages/bin/dist/bundle';
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--no-save', '--silent'];

let folder: TempFolder;
let home: string;

beforeAll(async () => {
  folder = await tempFolder('mas-packaged');
  home = join(folder.path, 'home');
  mkdirSync(home);
  const packed = await run(process.execPath, ['packages/tooling/package.mjs', '--destination', folder.path]);
  expect(packed).toMatchObject({ code: 0, stderr: '' });
  expect(await at('npm', [...INSTALL, tarball(NAME)])).toMatchObject({ code: 0 });
});

afterAll(() => folder?.remove());

function tarball(name: string): string {
  const found = readdirSync(folder.path).find((file) => new RegExp(`^${name}-\\d+\\.\\d+\\.\\d+\\.tgz$`).test(file));
  return join(folder.path, found ?? `no tarball of ${name}`);
}

function at(command: string, args: readonly string[]): Promise<Ran> {
  return run('env', ['-C', home, command, ...args]);
}

const installed = (program: string): string => join(home, 'node_modules/.bin', program);

test('the show, by the name that npx takes: it starts a cluster, pays and stops', async () => {
  const ports = ['--tc-port', String(await freePort()), '--rm-port', String(await freePorts(3, 10)), '--gateway-port', String(await freePort())];
  const shown = await at(installed(NAME), ['--exit', ...ports]);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/COMMITTED {2}alice pays/);
});

test('the programs say their version, and make what they need', async () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  for (const program of ['mas', 'mas-client']) expect((await at(installed(program), ['--version'])).stdout).toContain(`Mini Account System ${version} (`);
  expect(await at(installed('mas'), ['certs', '--dir', 'more-certs'])).toMatchObject({ code: 0, stderr: '' });
  expect(await at(installed('mas-client'), ['account', 'list', '--tc', 'localhost:1', '--timeout', '300'])).toMatchObject({ code: 7, stdout: '' });
});

test.each<[string, readonly string[], number, RegExp]>([
  ['a token', ['token', 'sign', '--key', 'later/jwt-hs256-1.key'], 0, /^\S+\.\S+\.\S+\n$/],
  ['completion', ['complete', 'bash'], 0, /complete/],
  ['a backup', ['backup', 'verify', 'later'], 14, /^$/],
  ['a file of payments', ['payment', 'create', '--file', 'later/payments.csv'], 7, /^$/],
  ['a connection', ['cluster', 'status'], 7, /^$/],
])('what mas-client loads for %s alone is there', async (_, args, code, stdout) => {
  expect(await at(installed('mas'), ['certs', '--dir', 'later'])).toMatchObject({ code: 0 });
  writeFileSync(join(home, 'later/payments.csv'), 'from,to,amount\nabc,def,1\n');
  const variables = ['MAS_TC=localhost:1', 'MAS_CERT=later/ca.crt', 'MAS_TOKEN=later/operator.jwt', 'MAS_TIMEOUT=300', 'OTEL_TRACES_EXPORTER=otlp'];
  expect(await at('env', [...variables, installed('mas-client'), ...args])).toMatchObject({ code, stdout: expect.stringMatching(stdout) as unknown });
});

test('no help waits for gRPC', async () => {
  const watch = join(home, 'watch.cjs');
  writeFileSync(watch, "process.on('exit', () => process.stdout.write(Object.keys(require.cache).join('\\n')));");
  const withGrpc = async (...args: readonly string[]): Promise<number> => {
    const { stdout } = await at(process.execPath, ['-r', watch, installed('mas-client'), ...args]);
    const files = stdout.split('\n').filter((file) => file.includes(BUNDLE));
    expect(files.length).toBeGreaterThan(0);
    return files.filter((file) => readFileSync(file, 'utf8').includes('grpc-node-js/')).length;
  };
  expect(await withGrpc('--help')).toBe(0);
  expect(await withGrpc('account', 'list', '--tc', 'localhost:1', '--timeout', '300')).toBe(1);
});

test('the console has its pages', async () => {
  await at(installed('mas'), ['certs', '--dir', 'console-certs']);
  const port = await freePort();
  const child = spawn(installed('mas'), ['console', '--listen', `localhost:${port}`, '--certs', 'console-certs'], { cwd: home, stdio: 'ignore' });
  try {
    const ca = readFileSync(join(home, 'console-certs/ca.crt'));
    let page: HttpsAnswer | null = null;
    await waitUntil('it answers', async () => (page = await httpsCall(`https://localhost:${port}/`, { ca })) !== null);
    const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec((page as HttpsAnswer | null)?.text ?? '') ?? [];
    expect((await httpsCall(`https://localhost:${port}${script}`, { ca })).headers['content-type']).toMatch(/javascript/);
  } finally {
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
});

test('the tarball has programs, scripts, licenses and the bill of materials; no source, no test, no development dependency', () => {
  const files = execFileSync('tar', ['tzf', tarball(NAME)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, '').replace(/-[\w-]{8}\.(js|css)$/, '-DIGEST.$1'))
    .map((file) => file.replace(/(mas-client)-.*-DIGEST\.js$/, '$1-PART.js'))
    .sort();
  expect([...new Set(files)]).toEqual([
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'THIRD-PARTY-LICENSES.txt', 'certs/README.md', 'certs/make-certs.sh', 'certs/provision.sh', 'package.json'],
    ...['mas-client-PART', 'mas-client', 'mas'].map((file) => `${BUNDLE}/${file}.js`),
    ...['mas-client', 'mas', NAME].map((program) => `packages/bin/dist/${program}.js`),
    'packages/bin/package.json',
    ...['assets/index-DIGEST.css', 'assets/index-DIGEST.js', 'icon.svg', 'index.html'].map((file) => `packages/console/dist/web/${file}`),
    'sbom.cdx.json',
  ]);
  const beside = readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'));
  expect(beside.sort()).toEqual(['@libsql', '@neon-rs', 'detect-libc', 'libsql', NAME]);
  const manifest = JSON.parse(readFileSync(join(home, 'node_modules', NAME, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>;
  expect(manifest).toMatchObject({ license: 'Apache-2.0', engines: { node: '>=20' }, dependencies: { libsql: expect.any(String) as unknown } });
  const sbom = JSON.parse(readFileSync(join(home, 'node_modules', NAME, 'sbom.cdx.json'), 'utf8')) as {
    readonly bomFormat: string;
    readonly components: readonly { readonly name: string }[];
  };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const names = sbom.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['grpc-js', 'libsql', 'mysql2', 'ioredis']));
  expect(names).not.toContain('jest');
});
