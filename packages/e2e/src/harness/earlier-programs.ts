/** The server program of an earlier commit, for clusters of several versions. Needs the repository's history; without it a test fails and says so. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { REPOSITORY_ROOT } from './mas-process';

export class EarlierPrograms {
  private constructor(
    /** `mas` of that commit. */
    readonly program: string,
    readonly commit: string,
    private readonly folder: TempFolder,
  ) {}

  /** @param reference as git names a commit, such as `HEAD~1` */
  static async of(reference: string): Promise<EarlierPrograms> {
    const folder = await tempFolder('mas-earlier');
    try {
      const commit = await made(reference, folder.path);
      return new EarlierPrograms(join(folder.path, 'packages/bin/dist/mas.js'), commit, folder);
    } catch (error) {
      await folder.remove();
      throw error;
    }
  }

  remove(): Promise<void> {
    return this.folder.remove();
  }
}

function made(reference: string, folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(REPOSITORY_ROOT, 'packages/tooling/earlier.mjs'), reference, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complained] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(said.trim()) : reject(new Error(`the programs of ${reference} could not be made (exit code ${code}): ${complained.trim()}`)),
    );
  });
}
