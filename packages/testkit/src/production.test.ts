/**
 * What the programs load, directly and through everything that they import, is production code alone: no test, no double, no contract suite, no
 * tool. And what a production package builds is loaded by a program: a file that only tests reach belongs here or beside them.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const PACKAGES = resolve(__dirname, '../..');
const PROGRAMS = ['bin/src/mas.ts', 'bin/src/mas-client.ts'];
const TOOLS = ['auditor', 'bench', 'e2e', 'model-proof', 'raft-proof', 'simulation', 'test-servers', 'testkit', 'tooling'];
const IMPORTS = /(?:^(?:import|export)\s(?:[\w*{][^;'"()=]*\sfrom\s)?|\bimport\()'([^']+)'/gm;
const OF_TESTS = /\.test\.ts$|\/(?:testing|contract)\//;

/** Types count too: what names a double's type is no production code. */
function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORTS)].flatMap(([, name]) => sourceOf(dirname(file), name ?? '') ?? []);
}

function sourceOf(folder: string, name: string): string | null {
  const inside = /^@mas\/([^/]+)(?:\/(.+))?$/.exec(name);
  if (inside === null && !name.startsWith('.')) return null;
  const path = inside === null ? resolve(folder, name.replace(/\.js$/, '')) : join(PACKAGES, inside[1] ?? '', 'src', inside[2] ?? '', 'index');
  const source = [`${path}.ts`, join(path, 'index.ts')].find((each) => existsSync(each));
  if (source === undefined) throw new Error(`${folder} imports ${name}, and there is no ${path}.ts; is the protocol code generated?`);
  return source;
}

/** Every file that is loaded, with one that imports it. */
function reachedFrom(programs: readonly string[]): ReadonlyMap<string, string> {
  const reached = new Map(programs.map((program) => [join(PACKAGES, program), 'the command line']));
  for (const [file] of reached) for (const next of importsOf(file)) if (!reached.has(next)) reached.set(next, relative(PACKAGES, file));
  return new Map([...reached].map(([file, from]) => [relative(PACKAGES, file), from]));
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sourcesIn(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const reached = reachedFrom(PROGRAMS);

test('the programs load nothing of tests and no tool', () => {
  const wrong = [...reached].filter(([file]) => OF_TESTS.test(file) || TOOLS.includes(file.split('/')[0] ?? ''));
  expect(wrong.map(([file, from]) => `${from} imports ${file}`)).toEqual([]);
  expect(reached.size).toBeGreaterThan(500);
});

test('every file that a production package builds is loaded by a program', () => {
  const packages = readdirSync(PACKAGES).filter((name) => !TOOLS.includes(name) && existsSync(join(PACKAGES, name, 'src')));
  const built = packages
    .flatMap((name) => sourcesIn(join(PACKAGES, name, 'src')))
    .map((file) => relative(PACKAGES, file))
    .filter((file) => !OF_TESTS.test(file) && !file.includes('/generated/') && !file.endsWith('src/index.ts'));
  expect(built.filter((file) => !reached.has(file))).toEqual([]);
});
