/** A folder of its own for one test or one server. The owner removes it; a server's watchdog removes it too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** `prefix` shows in the name, so that a left-over tells where it comes from. */
export async function tempFolder(prefix = 'mas-test'): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
