#!/usr/bin/env node
/**
 * `npm run reference`: docs/client-reference.md, from the docstrings of what `@mas/client` exports. `-- --destination FOLDER` writes it elsewhere;
 * packages/client/src/application/reference.test.ts holds the one in the repository against the sources.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Application } from 'typedoc';

const NAME = 'client-reference.md';
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values: flags } = parseArgs({ options: { destination: { type: 'string', default: join(root, 'docs') } } });

const folder = mkdtempSync(join(tmpdir(), 'mas-reference-'));
try {
  process.exitCode = (await write(folder)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** @returns whether every docstring could be read */
async function write(folder) {
  const app = await Application.bootstrapWithPlugins({
    name: '@mas/client',
    entryPoints: [join(root, 'packages/client/src/application/index.ts')],
    tsconfig: join(root, 'packages/client/tsconfig.reference.json'),
    plugin: ['typedoc-plugin-markdown'],
    out: folder,
    readme: 'none',
    disableSources: true,
    excludePrivate: true,
    sort: ['source-order'],
    // Types are checked by the build.
    skipErrorChecking: true,
    validation: { notDocumented: true },
    requiredToBeDocumented: ['Class', 'Method', 'Interface', 'Function', 'TypeAlias'],
    logLevel: 'Warn',
    // Of typedoc-plugin-markdown.
    outputFileStrategy: 'modules',
    entryFileName: 'reference',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    interfacePropertiesFormat: 'table',
    parametersFormat: 'table',
    typeDeclarationFormat: 'table',
    useCodeBlocks: true,
    expandParameters: true,
    tableColumnSettings: { hideSources: true, hideModifiers: true, leftAlignHeaders: true },
  });
  const project = await app.convert();
  if (project === undefined) return false;
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return false;
  copyFileSync(join(folder, 'reference.md'), join(flags.destination, NAME));
  return true;
}
