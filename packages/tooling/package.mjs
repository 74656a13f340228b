#!/usr/bin/env node
/**
 * `npm run package`: the programs as one tarball that runs without a build, the libraries that stand alone as one each, and the client that
 * applications use; `-- --only programs|libraries|client` for one of them. A bundle lies one folder below
 * `packages/bin/dist`, as each source module does, so every path that a program takes from where it lies holds in the tarball, in the image and in the repository.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, transform } from 'esbuild';
import { stagedClient } from './client-package.mjs';
import { foldersOfOthers, fromSources } from './from-sources.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(root, 'node_modules/.cache/mas-package');
const staged = join(cache, 'programs');
const DIST = 'packages/bin/dist';
/** A program's name, its first arguments. The one with the package's name is what npx runs. */
const PROGRAMS = { mas: ['mas'], 'mas-client': ['mas-client'], 'mini-account-system': ['mas', 'demo'] };
/** Has a library for each platform, which npm chooses. */
const INSTALLED = ['libsql'];
/** In the console's pages, which Vite has bundled. */
const IN_PAGES = ['node_modules/preact', 'node_modules/uplot'];
const LIBRARIES = ['values', 'health', 'membership', 'raft', 'multi-raft', 'raft-log'];
const SBOM_TOOL = '@cyclonedx/cyclonedx-npm@6.0.1';

const COMPACT = { minifySyntax: true, minifyWhitespace: true, legalComments: 'none' };
const BUNDLED = {
  ...COMPACT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: INSTALLED,
  plugins: [{ name: 'sources', setup: fromSources(root) }],
  // Its other form names its files only while it runs, so that they would not be in the bundle.
  alias: { 'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js') },
  metafile: true,
  absWorkingDir: root,
  logLevel: 'warning',
};

const PARTS = { programs, libraries, client };

const { values: flags } = parseArgs({ options: { destination: { type: 'string', default: root }, only: { type: 'string' } } });
if (flags.only !== undefined && !Object.hasOwn(PARTS, flags.only)) throw new TypeError(`--only takes one of ${Object.keys(PARTS).join(', ')}`);
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const ofPrograms = JSON.parse(readFileSync(join(root, 'packages/bin/package.json'), 'utf8'));

rmSync(cache, { recursive: true, force: true });
mkdirSync(flags.destination, { recursive: true });
for (const [name, part] of Object.entries(PARTS)) if (flags.only === undefined || flags.only === name) await part();

async function programs() {
  mkdirSync(join(staged, DIST), { recursive: true });
  const bundled = await bundle();
  writeStarters();
  writeManifests();
  for (const file of ['LICENSE', 'CHANGELOG.md', 'README.md', 'certs/README.md', 'certs/make-certs.sh', 'certs/provision.sh'])
    cpSync(join(root, file), join(staged, file));
  cpSync(join(root, 'packages/console/dist/web'), join(staged, 'packages/console/dist/web'), { recursive: true });
  writeFileSync(join(staged, 'THIRD-PARTY-LICENSES.txt'), licenses([...bundled, ...IN_PAGES]));
  writeSbom();
  pack(staged);
}

function libraries() {
  for (const name of LIBRARIES) pack(stagedLibrary(name));
}

async function client() {
  pack(await stagedClient(root, join(cache, 'client'), licenses));
}

/** @returns the folders of the packages of others that are in it */
async function bundle() {
  const outdir = join(staged, DIST, 'bundle');
  const server = await build({ ...BUNDLED, entryPoints: [join(root, 'packages/bin/src/mas.ts')], outdir, format: 'cjs' });
  return [...new Set([...foldersOfOthers(server.metafile), ...foldersOfOthers(await clientBundle(outdir))])];
}

/**
 * mas-client starts often and runs for a moment: what only some commands load lies in files of its own. esbuild finds these parts between ES modules only, and CommonJS
 * is what Node starts faster, so that is what they become here.
 */
async function clientBundle(outdir) {
  const entryPoints = [join(root, 'packages/bin/src/mas-client.ts')];
  const { outputFiles, metafile } = await build({
    ...BUNDLED,
    ...{ entryPoints, outdir, format: 'esm', splitting: true, chunkNames: 'mas-client-[name]-[hash]', write: false },
  });
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, { ...COMPACT, format: 'cjs', platform: 'node', target: BUNDLED.target, supported: { 'dynamic-import': false } });
    writeFileSync(path, code);
  }
  return metafile;
}

/** Compiled code is kept between runs where Node can (22.8 and newer), in the user's own cache: where others write, they would say what runs. */
function writeStarters() {
  const cached = `const { HOME, XDG_CACHE_HOME } = process.env;
const caches = XDG_CACHE_HOME || (HOME && HOME + '/.cache');
if (caches) require('node:module').enableCompileCache?.(caches + '/mas');
`;
  for (const [name, [program, ...args]] of Object.entries(PROGRAMS)) {
    const path = join(staged, DIST, `${name}.js`);
    const first = args.length === 0 ? '' : `process.argv.splice(2, 0, ${args.map((arg) => JSON.stringify(arg)).join(', ')});\n`;
    writeFileSync(path, `#!/usr/bin/env node\n${cached}${first}require('./bundle/${program}.js');\n`);
    chmodSync(path, 0o755);
  }
}

function writeManifests() {
  const { name, version, description, license, engines, repository, keywords } = own;
  const bin = Object.fromEntries(Object.keys(PROGRAMS).map((program) => [program, `${DIST}/${program}.js`]));
  const dependencies = Object.fromEntries(INSTALLED.map((one) => [one, ofPrograms.dependencies[one]]));
  const manifest = { name, version, description, license, repository, keywords, engines, bin, exports: { './package.json': './package.json' }, dependencies };
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(staged, 'packages/bin/package.json'), `${JSON.stringify({ name: ofPrograms.name, version, private: true, license }, null, 2)}\n`);
}

/** As it was built, with the license. */
function stagedLibrary(name) {
  const [from, to] = [join(root, 'packages', name), join(cache, 'libraries', name)];
  for (const file of ['package.json', 'README.md', 'dist', 'example'])
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  return to;
}

/** Of what is in the bundles. */
function licenses(folders) {
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
      const texts = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
      return [`${'='.repeat(80)}\n${name} ${version} (${typeof license === 'string' ? license : 'see below'})`, ...texts].join('\n\n');
    })
    .join('\n\n');
}

function writeSbom() {
  const output = join(staged, 'sbom.cdx.json');
  const args = [
    '--omit',
    'dev',
    '--workspace',
    'packages/bin',
    '--flatten-components',
    '--output-reproducible',
    '--output-file',
    output,
    join(root, 'package.json'),
  ];
  run('npm', ['exec', '--yes', '--omit=optional', `--package=${SBOM_TOOL}`, '--', 'cyclonedx-npm', ...args]);
}

function pack(folder) {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(flags.destination), folder]));
  const path = join(flags.destination, basename(filename));
  process.stdout.write(`${relative(process.cwd(), path)}  ${(statSync(path).size / 1e6).toFixed(1)} MB\n`);
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status === 0) return stdout;
  process.stderr.write(`mas: ${command} ${args[0]} failed: ${error?.message ?? ''}${stderr}\n`);
  process.exit(1);
}
