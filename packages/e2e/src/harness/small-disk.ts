/** A disk of a few megabytes for one process, as a memory file system of its own; it can be filled and emptied. Needs root. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(64 * 1024);

export class SmallDisk {
  private constructor(readonly path: string) {}

  static available(): boolean {
    return process.platform === 'linux' && process.getuid?.() === 0;
  }

  static mount(path: string, megabytes: number): SmallDisk {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'mas-e2e', path], { stdio: 'pipe' });
    return new SmallDisk(path);
  }

  /** Leaves not one byte. */
  fill(): void {
    const ballast = openSync(this.ballast(), 'a');
    try {
      for (;;) writeSync(ballast, CHUNK);
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(ballast);
    }
  }

  empty(): void {
    rmSync(this.ballast(), { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.path], { stdio: 'pipe' });
  }

  private ballast(): string {
    return join(this.path, 'ballast');
  }
}
