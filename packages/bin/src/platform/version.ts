/** What `--version` prints: the package's own version, and the Node that runs it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export function describeVersion(): string {
  const { version } = JSON.parse(readFileSync(resolve(__dirname, '../../package.json'), 'utf8')) as { readonly version: string };
  return `Mini Account System ${version} (Node ${process.versions.node})`;
}
