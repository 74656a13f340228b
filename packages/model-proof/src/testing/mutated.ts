/** Runs the replay on production's code with one rule broken. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceOnce } from '@mas/testkit/mutation';
import type * as ReplayModule from '../replay';
import type { ProductionMutant } from './production-mutants';

const PACKAGES = join(__dirname, '../../..');

export function sourceOf({ package: of, file }: ProductionMutant): string {
  return readFileSync(join(PACKAGES, of, 'src', file), 'utf8');
}

/** @returns what `use` does with a replay whose ledgers, or coordinators, are the mutant's. */
export function withMutant<Result>(mutant: ProductionMutant, use: (replay: typeof ReplayModule.replay) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'mas-mutant-'));
  try {
    cpSync(join(PACKAGES, mutant.package, 'src'), folder, { recursive: true, filter: (path) => !path.endsWith('.test.ts') && !path.endsWith('/testing') });
    writeFileSync(join(folder, mutant.file), replaceOnce(sourceOf(mutant), mutant.find, mutant.replace));
    const results: Result[] = [];
    jest.isolateModules(() => {
      jest.doMock(`@mas/${mutant.package}`, () => jest.requireActual<object>(join(folder, 'index.ts')));
      results.push(use(jest.requireActual<typeof ReplayModule>('../replay').replay));
      jest.dontMock(`@mas/${mutant.package}`);
    });
    return results[0] as Result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
