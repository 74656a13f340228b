/**
 * A slow disk and a jumping clock for single processes, by a small library that is preloaded into them (shim/faults.c).
 * It is compiled on the spot; where there is no C compiler the scenarios that need it are left out, and say so.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './mas-process';

const SOURCE = join(REPOSITORY_ROOT, 'packages/e2e/shim/faults.c');

export class Shim {
  private constructor(
    private readonly library: string,
    private readonly folder: string,
  ) {}

  /** Null where it cannot be compiled. */
  static compile(folder: string): Shim | null {
    const library = join(folder, 'faults.so');
    try {
      execFileSync('cc', ['-O1', '-fPIC', '-shared', '-o', library, SOURCE, '-ldl'], { stdio: 'pipe' });
    } catch {
      return null;
    }
    return new Shim(library, folder);
  }

  /** What a process needs in its environment to be under the control of `set`. */
  environmentOf(process: string): Readonly<Record<string, string>> {
    this.set(process, { fsyncDelayMs: 0, clockOffsetMs: 0 });
    return { LD_PRELOAD: this.library, MAS_E2E_FAULTS: this.fileOf(process) };
  }

  /** Takes effect at once, and stays over restarts of the process. */
  set(process: string, faults: { readonly fsyncDelayMs?: number; readonly clockOffsetMs?: number }): void {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64LE(BigInt(faults.fsyncDelayMs ?? 0), 0);
    bytes.writeBigInt64LE(BigInt(faults.clockOffsetMs ?? 0), 8);
    const file = this.fileOf(process);
    try {
      // In place: the process has the file mapped.
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, bytes, 0, bytes.length, 0);
      closeSync(descriptor);
    } catch {
      writeFileSync(file, bytes);
    }
  }

  private fileOf(process: string): string {
    return join(this.folder, `${process}.faults`);
  }
}
