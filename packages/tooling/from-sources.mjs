/** For esbuild: packages of this repository by their sources, so that what nobody calls can be left out. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** No module of ours does anything by being imported, so what nobody calls can be left out. */
export function fromSources(root) {
  return ({ onResolve }) => {
    onResolve({ filter: /^@mas\/[^/]+$/ }, ({ path }) => ({ path: join(root, 'packages', path.slice('@mas/'.length), 'src/index.ts'), sideEffects: false }));
    onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
      if (!importer.startsWith(join(root, 'packages')) || importer.includes('node_modules')) return undefined;
      const base = resolve(dirname(importer), path.replace(/\.js$/, ''));
      const found = [`${base}.ts`, join(base, 'index.ts')].find((file) => existsSync(file));
      return found === undefined ? undefined : { path: found, sideEffects: false };
    });
  };
}

/** Of the packages of others that are in a bundle. */
export function foldersOfOthers({ inputs }) {
  const folders = Object.keys(inputs).flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(folders)].sort();
}
