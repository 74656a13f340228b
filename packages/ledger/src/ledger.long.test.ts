/**
 * Can the model fail? Each mutation breaks one rule in a copy of the sources; the adversary must then find a history
 * that goes wrong. A mutation that survives means that the rule is not guarded.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { replaceOnce } from '@mas/testkit/mutation';
import { invariant, SeededRandom } from '@mas/values';
import type * as ModelModule from './testing/model';
import { MOVE_MUTATIONS } from './testing/move-mutations';
import type * as MovingModule from './testing/moving-model';
import { MUTATIONS, type Mutation } from './testing/mutations';

const RUNS = 120;
const CHOICES_PER_RUN = 400;

let folder = '';

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mas-ledger-mutant-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('the sources as they are survive the adversaries', () => {
  copySources();
  expect(firstFailure(modelIn)).toBeNull();
  expect(firstFailure(movingModelIn)).toBeNull();
});

test.each(MUTATIONS)('the adversary notices when broken: $rule', (mutation) => {
  copySources();
  mutate(mutation);
  expect(firstFailure(modelIn)).not.toBeNull();
});

test.each(MOVE_MUTATIONS)('the adversary that moves slots notices when broken: $rule', (mutation) => {
  copySources();
  mutate(mutation);
  expect(firstFailure(movingModelIn)).not.toBeNull();
});

function mutate({ file, from, to }: Mutation): void {
  const target = path.join(folder, file);
  fs.writeFileSync(target, replaceOnce(fs.readFileSync(target, 'utf8'), from, to));
}

function modelIn(sources: string): ModelModule.Model {
  const { Model } = jest.requireActual<typeof ModelModule>(path.join(sources, 'testing', 'model.ts'));
  return new Model();
}

function movingModelIn(sources: string): ModelModule.Model {
  const { MovingModel } = jest.requireActual<typeof MovingModule>(path.join(sources, 'testing', 'moving-model.ts'));
  return new MovingModel();
}

function copySources(): void {
  for (const name of ['', 'testing']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
    for (const file of fs.readdirSync(path.join(__dirname, name))) {
      if (file.endsWith('.ts') && !file.endsWith('.test.ts')) fs.copyFileSync(path.join(__dirname, name, file), path.join(folder, name, file));
    }
  }
}

/** What the first failing history says, in the copy. */
function firstFailure(model: (sources: string) => ModelModule.Model): string | null {
  let failure: string | null = null;
  jest.isolateModules(() => {
    for (let seed = 1; seed <= RUNS && failure === null; seed += 1) {
      const random = new SeededRandom(seed);
      const choices = Array.from({ length: CHOICES_PER_RUN }, () => random.below(0x8000_0000));
      try {
        model(folder).play(choices);
      } catch (error) {
        invariant(error instanceof Error, 'what is thrown is an error');
        failure = error.message;
      }
    }
  });
  return failure;
}
