/** Walks of the model with one rule broken. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL_FOLDER, simulated, withFolder } from '../quint';
import type { ModelMutant } from './model-mutants';

const SAMPLES = 600;
const STEPS = 50;

/** Whether an invariant is broken within SAMPLES walks. */
export async function violatedBy({ file, find, replace }: ModelMutant): Promise<boolean> {
  return withFolder(async (folder) => {
    cpSync(MODEL_FOLDER, folder, { recursive: true });
    const source = readFileSync(join(folder, `${file}.qnt`), 'utf8');
    writeFileSync(join(folder, `${file}.qnt`), source.split(find).join(replace));
    return (await simulated(folder, { invariant: 'allRules', seed: '0x17', samples: SAMPLES, steps: STEPS })).isViolated;
  });
}
