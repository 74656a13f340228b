/** Loads modules with a mutation applied: sources are read, changed and compiled in memory instead of what was built. */
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { join, sep } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { replaceOnce } from '@mas/testkit/mutation';
import type { Mutation } from './mutation';

interface Compiles {
  _compile(content: string, filename: string): unknown;
}

/** @throws when a change does not fit its file exactly once: the source has moved on, and the mutation must follow. */
export function mutatedSources(mutation: Mutation, packagesFolder: string): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { file, find, replace } of mutation.changes) {
    const before = sources.get(file) ?? readFileSync(join(packagesFolder, `${file}.ts`), 'utf8');
    sources.set(
      file,
      mutated(mutation, file, () => replaceOnce(before, find, replace)),
    );
  }
  return sources;
}

function mutated(mutation: Mutation, file: string, change: () => string): string {
  try {
    return change();
  } catch (error) {
    throw new Error(`mutation "${mutation.name}", ${file}.ts: ${(error as Error).message}`, { cause: error });
  }
}

/** From now on modules of these sources are loaded mutated. Call before any of them is loaded. */
export function loadMutated(mutation: Mutation, packagesFolder: string): void {
  const sources = mutatedSources(mutation, packagesFolder);
  const pending = new Set(sources.keys());
  const prototype = Module.prototype as unknown as Compiles;
  const compile = prototype._compile;
  prototype._compile = function (this: Compiles, content: string, filename: string): unknown {
    const file = sourceOf(filename, packagesFolder);
    const source = file === null ? undefined : sources.get(file);
    if (file === null || source === undefined) return compile.call(this, content, filename);
    pending.delete(file);
    const { outputText } = transpileModule(source, {
      compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
      fileName: `${file}.ts`,
    });
    return compile.call(this, outputText, filename);
  };
  process.on('exit', () => {
    if (pending.size > 0) process.stderr.write(`mutation "${mutation.name}" was never loaded: ${[...pending].join(', ')}\n`);
  });
}

/** packages/raft/dist/core/x.js → raft/src/core/x. */
function sourceOf(filename: string, packagesFolder: string): string | null {
  if (!filename.startsWith(packagesFolder) || !filename.endsWith('.js')) return null;
  return filename
    .slice(packagesFolder.length + 1, -'.js'.length)
    .split(sep)
    .join('/')
    .replace('/dist/', '/src/');
}
