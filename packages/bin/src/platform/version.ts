/** What `--version` prints: the package's own version, and the Node that runs it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod/mini';

export function describeVersion(): string {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(resolve(__dirname, '../../package.json'), 'utf8')));
  return `Mini Account System ${version} (Node ${process.versions.node})`;
}
