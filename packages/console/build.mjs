#!/usr/bin/env node
/** Builds the console's pages into dist/web, when what they are made of has changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const stamp = join(here, 'dist/web.stamp');

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const digest = createHash('sha256');
for (const file of [...filesIn(join(here, 'web')), join(here, 'package.json'), join(here, 'build.mjs')].sort())
  digest
    .update(`${relative(here, file)}\0`)
    .update(readFileSync(file))
    .update('\0');
const now = digest.digest('hex');

if (!existsSync(join(here, 'dist/web/index.html')) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== now) {
  // Loading Vite takes longer than looking whether it is needed.
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: join(here, 'web'),
    logLevel: 'warn',
    // No script or style within the page: the console's Content-Security-Policy allows none.
    build: { outDir: join(here, 'dist/web'), emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}
