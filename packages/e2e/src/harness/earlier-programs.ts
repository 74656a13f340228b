/** The server program of an earlier commit, for clusters of several versions. Needs git, which is installed like a server, and the repository's history. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { requirePrograms, tempFolder, type TempFolder } from '@mas/test-servers';
import { OWN_PROGRAM, REPOSITORY_ROOT } from './mas-process';

const GIT = { name: 'git', probe: { args: ['--version'], says: /^git version/ }, debianPackage: 'git' };
const NOT_IN_HISTORY = 2;

export class EarlierPrograms {
  private constructor(
    /** `mas` of that commit. */
    readonly program: string,
    /** Null: today's, because the history is not here. */
    readonly commit: string | null,
    private readonly folder: TempFolder,
  ) {}

  /**
   * @param reference as git names a commit, such as `HEAD~1`
   * @param orOwn in a copy without history (an archive, a shallow clone) it is today's program, which is said on standard error; else that throws
   */
  static async of(reference: string, orOwn: boolean): Promise<EarlierPrograms> {
    requirePrograms([GIT]);
    const folder = await tempFolder('mas-earlier');
    try {
      const commit = await made(reference, folder.path);
      if (commit !== null) return new EarlierPrograms(join(folder.path, 'packages/bin/dist/mas.js'), commit, folder);
      const missing = `${reference} is not in the history that is here`;
      if (!orOwn) throw new Error(`${missing}: this needs a whole clone`);
      process.stderr.write(`${missing}: today's program takes its place, so one version is replaced by itself\n`);
      return new EarlierPrograms(OWN_PROGRAM, null, folder);
    } catch (error) {
      await folder.remove();
      throw error;
    }
  }

  remove(): Promise<void> {
    return this.folder.remove();
  }
}

/** @returns the commit; null: it is not in the history */
function made(reference: string, folder: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(REPOSITORY_ROOT, 'packages/tooling/earlier.mjs'), reference, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complained] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 || code === NOT_IN_HISTORY) resolve(code === 0 ? said.trim() : null);
      else reject(new Error(`the programs of ${reference} could not be made (exit code ${code}): ${complained.trim()}`));
    });
  });
}
