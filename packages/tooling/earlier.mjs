/**
 * `node packages/tooling/earlier.mjs COMMIT FOLDER`: the programs of an earlier commit of this repository, bundled in FOLDER/packages/bin/dist, made from the
 * repository's history with the packages that are installed here. Prints the commit. Exit code 2 where the history does not have it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { fromSources } from './from-sources.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const MAX_ARCHIVE_BYTES = 512 * 1024 * 1024;
const [reference, destination] = process.argv.slice(2);
if (reference === undefined || destination === undefined) {
  process.stderr.write('usage: node packages/tooling/earlier.mjs COMMIT FOLDER\n');
  process.exit(2);
}
const folder = resolve(destination);
const commit = commitOf(reference);
unpack();
linkPackages();
execFileSync(process.execPath, ['packages/rpc/generate.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
await bundle();
process.stdout.write(`${commit}\n`);

function commitOf(name) {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`], { cwd: root, encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  process.stderr.write(`commit ${name} is not in the history that is here: this needs a whole clone (git fetch --unshallow), and git\n`);
  process.exit(2);
}

function unpack() {
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', '--format=tar', commit], { cwd: root, maxBuffer: MAX_ARCHIVE_BYTES });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}

/** Packages of others are those that are installed here, packages of this repository those of the commit. */
function linkPackages() {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@mas'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) if (name !== '@mas') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const name of readdirSync(join(folder, 'packages'))) symlinkSync(join(folder, 'packages', name), join(modules, '@mas', name));
}

/** One folder below `dist`, where each source module lies too: every path that a program takes from where it lies holds. */
async function bundle() {
  const dist = join(folder, 'packages/bin/dist');
  await build({
    entryPoints: [join(folder, 'packages/bin/src/mas.ts')],
    outdir: join(dist, 'bundle'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['libsql'],
    plugins: [{ name: 'sources', setup: fromSources(folder) }],
    alias: { 'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js') },
    absWorkingDir: folder,
    logLevel: 'error',
  });
  writeFileSync(join(dist, 'mas.js'), "#!/usr/bin/env node\nrequire('./bundle/mas.js');\n");
}
