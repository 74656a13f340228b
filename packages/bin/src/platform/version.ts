/** The package's own version, and what `--version` prints. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(resolve(__dirname, '../../package.json'), 'utf8')) as { readonly version: string };
  return version;
}

/** With the Node that runs it. */
export function describeVersion(): string {
  return `Mini Account System ${ownVersion()} (Node ${process.versions.node})`;
}
