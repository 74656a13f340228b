/** Chromium, for tests of pages: tests drive it themselves, without a window. */
import { requirePrograms, type Program } from './binaries';

const PROGRAM: Program = { name: 'chromium', probe: { args: ['--version'], says: /Chromium \d+/ }, debianPackage: 'chromium' };

/** Its path. @throws MissingServer naming the package to install when chromium is not here or does not run, and cannot be installed. */
export function chromiumProgram(): string {
  const [path = ''] = requirePrograms([PROGRAM]);
  return path;
}
