/** The client as one package: bundled for CommonJS and ESM with one file of types for each, and of others' packages only what it names. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { foldersOfOthers, fromSources } from './from-sources.mjs';

/** Has state that a program may share with other users of it, and is well kept by itself. */
const INSTALLED = ['@grpc/grpc-js'];

/**
 * @param licenses of the packages in these folders, as a text
 * @returns the folder
 */
export async function stagedClient(root, to, licenses) {
  const bundled = new Set();
  const from = join(root, 'packages/client');
  const own = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const { engines, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  mkdirSync(join(to, 'dist'), { recursive: true });
  for (const [format, file] of [
    ['cjs', 'index.cjs'],
    ['esm', 'index.mjs'],
  ]) {
    const { metafile } = await build({
      entryPoints: [join(from, 'src/application/index.ts')],
      outfile: join(to, 'dist', file),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      external: INSTALLED,
      plugins: [{ name: 'sources', setup: fromSources(root) }],
      legalComments: 'none',
      metafile: true,
      absWorkingDir: root,
      logLevel: 'warning',
    });
    for (const folder of foldersOfOthers(metafile)) bundled.add(folder);
  }
  writeFileSync(join(to, 'THIRD-PARTY-LICENSES.txt'), licenses([...bundled]));
  const types = await typesOf(join(from, 'dist/application/index.d.ts'));
  for (const file of ['index.d.cts', 'index.d.mts']) writeFileSync(join(to, 'dist', file), types);
  const dependencies = Object.fromEntries(INSTALLED.map((one) => [one, own.dependencies[one]]));
  const { name, version, description, license } = own;
  const entry = (types, main) => ({ types: `./dist/${types}`, default: `./dist/${main}` });
  const exports = { '.': { import: entry('index.d.mts', 'index.mjs'), require: entry('index.d.cts', 'index.cjs') }, './package.json': './package.json' };
  const main = {
    main: './dist/index.cjs',
    module: './dist/index.mjs',
    types: './dist/index.d.cts',
    sideEffects: false,
    files: ['dist', 'THIRD-PARTY-LICENSES.txt'],
  };
  const manifest = { name, version, description, license, repository, engines, ...main, exports, dependencies };
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync(join(from, 'README.md'), join(to, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  return to;
}

async function typesOf(input) {
  const bundle = await rollup({ input, plugins: [dts()], onwarn: fail });
  const { output } = await bundle.generate({ format: 'es' });
  await bundle.close();
  return output[0].code;
}

function fail(warning) {
  throw new Error(warning.message);
}
