/** Runs Quint's own programs on the model, with the evaluator that is written in TypeScript: nothing is downloaded. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const MODEL_FOLDER = resolve(__dirname, '../../../docs/model');
const CLI = join(dirname(require.resolve('@informalsystems/quint/package.json')), 'dist/src/cli.js');
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface Finding {
  readonly isViolated: boolean;
  readonly output: string;
}

export interface SimulationOptions {
  readonly invariant: string;
  readonly seed: string;
  readonly samples: number;
  readonly steps: number;
}

/** Random walks of the model in `folder`, until one breaks the invariant. @throws Error when the model cannot be run. */
export async function simulated(folder: string, { invariant, seed, samples, steps }: SimulationOptions): Promise<Finding> {
  const options = [`--invariant=${invariant}`, `--seed=${seed}`, `--max-samples=${samples}`, `--max-steps=${steps}`, '--verbosity=1'];
  const { code, output } = await quint(['run', join(folder, 'rules.qnt'), ...options]);
  if (code !== 0 && !output.includes('Invariant violated')) throw new Error(`the model in ${folder} could not be run:\n${output}`);
  return { isViolated: code !== 0, output };
}

/** The ITF texts of all walks. @throws Error when one breaks the invariant. */
export async function walksOfModel({ invariant, seed, samples, steps }: SimulationOptions): Promise<readonly string[]> {
  return withFolder(async (folder) => {
    const options = [
      `--invariant=${invariant}`,
      `--seed=${seed}`,
      `--max-samples=${samples}`,
      `--n-traces=${samples}`,
      `--max-steps=${steps}`,
      '--verbosity=1',
    ];
    const { code, output } = await quint(['run', join(MODEL_FOLDER, 'rules.qnt'), ...options, `--out-itf=${join(folder, 'trace_{seq}.itf.json')}`]);
    if (code !== 0) throw new Error(`the model breaks its own rules, or gave no traces:\n${output}`);
    return itfsIn(folder);
  });
}

/** The one walk of a module that imports the model by `from "./model/…"` and begins with its action `begin`: its ITF text. */
export async function walkOf(module: string, text: string, steps: number): Promise<string> {
  return withFolder(async (folder) => {
    cpSync(MODEL_FOLDER, join(folder, 'model'), { recursive: true });
    writeFileSync(join(folder, `${module}.qnt`), text);
    const options = ['--init=begin', '--max-samples=1', `--max-steps=${steps}`, '--verbosity=0', `--out-itf=${join(folder, 'trace.itf.json')}`];
    const { output } = await quint(['run', join(folder, `${module}.qnt`), ...options]);
    const [itf] = itfsIn(folder);
    if (itf === undefined) throw new Error(`the model walked nowhere:\n${output}`);
    return itf;
  });
}

export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'mas-model-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function itfsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.itf.json'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function quint([command, ...args]: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [CLI, command ?? '', ...args, '--backend=typescript'], { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });
}
