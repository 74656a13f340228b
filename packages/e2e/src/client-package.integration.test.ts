/** The client as somebody has it who builds on the system: installed from its tarball in an empty folder outside the repository, in CommonJS and ESM, under strict types, against a running cluster. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';

/** Fifteen lines: two accounts, and a payment between them. */
const program = (load: string, name: string): string => `${load}
const client = new Client({
  addresses: (process.env['MAS_TC'] ?? '').split(','),
  ca: readFileSync(process.env['MAS_CERT'] ?? ''),
  token: process.env['MAS_TOKEN'] ?? '',
});
async function main() {
  for (const number of ['${name}-a', '${name}-b']) await client.createAccount({ id: number, number, openingBalanceMinor: 1_000n });
  const paid = await client.pay({ id: '${name}', from: '${name}-a', to: '${name}-b', amountMinor: 250n });
  const account = await client.account('${name}-b');
  console.log(paid.ok ? paid.value.legs.length : paid.error.message, account.ok ? account.value.balanceMinor : account.error.message);
  client.close();
}
void main();
`;
const CJS = program("const { readFileSync } = require('node:fs');\nconst { Client } = require('@mas/client');", 'cjs');
const TYPED_CJS = program("import { readFileSync } from 'node:fs';\nimport { Client } from '@mas/client';", 'cjs');
const ESM = program("import { readFileSync } from 'node:fs';\nimport { Client } from '@mas/client';", 'esm');

let folder: TempFolder;
let home: string;
let tarball: string;
let cluster: Cluster;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await tempFolder('mas-client-package');
  home = join(folder.path, 'home');
  mkdirSync(home);
  expect(await run(process.execPath, ['packages/tooling/package.mjs', '--only', 'client', '--destination', folder.path])).toMatchObject({
    code: 0,
    stderr: '',
  });
  const [name = 'no tarball'] = readdirSync(folder.path).filter((file) => /^mas-client-\d.*\.tgz$/.test(file));
  tarball = join(folder.path, name);
  const install = ['install', '--prefix', home, '--no-audit', '--no-fund', '--silent', '--prefer-offline', tarball];
  expect(await run('npm', install)).toMatchObject({ code: 0 });
  cluster = await Cluster.start();
  environment = { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() };
});

afterAll(async () => {
  await cluster?.stop();
  await folder?.remove();
});

function written(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return join(home, name);
}

const node = (file: string): Promise<Ran> => run(process.execPath, [file], environment);

test('nothing of ours beside it, no server, and what it needs is named', () => {
  const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).trim().split('\n').sort();
  expect(files).toEqual(
    ['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES.txt', 'dist/index.cjs', 'dist/index.d.cts', 'dist/index.d.mts', 'dist/index.mjs', 'package.json'].map(
      (file) => `package/${file}`,
    ),
  );
  const installed = join(home, 'node_modules/@mas/client');
  expect(readdirSync(join(home, 'node_modules/@mas'))).toEqual(['client']);
  for (const file of ['index.cjs', 'index.mjs', 'index.d.cts', 'index.d.mts']) {
    const text = readFileSync(join(installed, 'dist', file), 'utf8');
    expect(text).not.toMatch(/['"]@mas\//);
    expect(text).not.toContain(REPOSITORY_ROOT);
    expect(text).not.toMatch(/startTmServer|createServer|bindAsync/);
  }
  expect(Object.keys((JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: object }).dependencies)).toEqual(['@grpc/grpc-js']);
});

test.each([
  ['CommonJS', 'program.cjs', CJS],
  ['ESM', 'program.mjs', ESM],
])('fifteen lines of %s create two accounts and pay, and the process ends by itself', async (_, name, text) => {
  expect(await node(written(name, text))).toEqual({ code: 0, stdout: '2 1250n\n', stderr: '' });
});

test('a program that forgets to close its client ends all the same', async () => {
  const text = ESM.replace('  client.close();\n', '').replaceAll("'esm", "'open");
  expect(await node(written('open.mjs', text))).toEqual({ code: 0, stdout: '2 1250n\n', stderr: '' });
});

/** README's examples as one program, and what they say that they print. */
function examples(): { readonly text: string; readonly printed: readonly string[] } {
  const blocks = [...readFileSync(join(REPOSITORY_ROOT, 'packages/client/README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const text = blocks.join('\n');
  return { text, printed: [...text.matchAll(/\/\/ → (.*)$/gm)].map(([, line = '']) => line) };
}

test("README's examples print what they say", async () => {
  const { text, printed } = examples();
  expect(printed.length).toBeGreaterThan(10);
  const ran = await node(written('examples.mjs', text));
  expect(ran.stdout.trim().split('\n')).toEqual(printed);
  expect(ran).toMatchObject({ code: 0, stderr: '' });
});

test('types hold under strict, in CommonJS and ESM; a wrong program does not', async () => {
  const strict = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
  ];
  const check = (...files: readonly string[]): Promise<Ran> =>
    run(process.execPath, [join(REPOSITORY_ROOT, 'node_modules/typescript/bin/tsc'), ...strict, ...files]);
  const right = await check(written('typed.cts', TYPED_CJS), written('typed.mts', ESM), written('examples.mts', examples().text));
  expect(right).toEqual({ code: 0, stdout: '', stderr: '' });
  const wrong = await check(written('wrong.mts', ESM.replace('amountMinor: 250n', 'amountMinor: 2.5').replace('paid.value.legs', 'paid.value.nothing')));
  expect(wrong.stdout).toMatch(/TS2322[\s\S]*TS2339/);
});
