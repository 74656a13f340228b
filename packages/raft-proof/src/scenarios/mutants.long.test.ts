/**
 * A test that cannot fail proves nothing: every rule that the traces do not see is broken once, and its story must
 * notice. Where random schedules should notice too, they must within SEEDS seeds.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RaftNodeFactory } from '@mas/raft';
import { replaceOnce } from '@mas/testkit/mutation';
import { runSchedule } from '../schedules/run-schedule';
import { allScenarios } from './all';
import { mutants, type Mutant } from './mutants';

const SOURCES = resolve(__dirname, '../../../raft/src');
const CORE_FOLDERS = ['api', 'confchange', 'core', 'log', 'model', 'node', 'quorum', 'tracker'];
const SEEDS = 500;

describe.each(mutants.map((mutant) => [mutant.rule, mutant] as const))('a core that %s', (_rule, mutant) => {
  const core = loadMutant(mutant);
  afterAll(() => core.remove());

  test(`is noticed: ${mutant.caughtBy}`, () => {
    const scenario = allScenarios.find(({ name }) => name === mutant.caughtBy);
    if (scenario === undefined) throw new Error(`there is no scenario "${mutant.caughtBy}"`);
    expect(() => scenario.run(core.create)).toThrow();
  });

  if (!mutant.schedulesCatch) return;
  test('is noticed by random schedules', () => {
    let noticed: number | undefined;
    for (let seed = 0; seed < SEEDS && noticed === undefined; seed += 1) {
      if (runSchedule(seed, core.create).failure !== undefined) noticed = seed;
    }
    expect(noticed).toBeDefined();
  });
});

test('an unchanged copy of the core passes every story', () => {
  const core = loadMutant({ file: 'core/roles.ts', find: 'export function becomeLeader', replace: 'export function becomeLeader' });
  try {
    for (const scenario of allScenarios) scenario.run(core.create);
  } finally {
    core.remove();
  }
});

interface MutantCore {
  readonly create: RaftNodeFactory;
  remove(): void;
}

/**
 * A core from a copy of the sources with one place changed, loaded beside the production core.
 * @throws Error when the place to change is not there exactly once: then the mutant must be brought up to date.
 */
function loadMutant({ file, find, replace }: Pick<Mutant, 'file' | 'find' | 'replace'>): MutantCore {
  const folder = mkdtempSync(join(tmpdir(), 'raft-mutant-'));
  for (const part of CORE_FOLDERS) cpSync(join(SOURCES, part), join(folder, part), { recursive: true });
  const path = join(folder, file);
  writeFileSync(path, replaceOnce(readFileSync(path, 'utf8'), find, replace));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the module's path is made at run time
  const loaded = require(join(folder, 'node/core-node.ts')) as { readonly createRaftNode: RaftNodeFactory };
  return { create: loaded.createRaftNode, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
