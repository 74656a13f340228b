#!/usr/bin/env node
/**
 * The one entry behind `npm start`, `npm test` and their relatives, with nothing but Node and npm at hand: installs
 * what package-lock.json names, generates the protocol code, builds what changed, and then runs the task.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runStep } from './step.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const MINIMUM_NODE_MAJOR = 20;
const PARENT_POLL_MS = 500;
const jest = ['node_modules/jest/bin/jest.js', '-c', 'packages/tooling/jest.config.cjs'];
/** They wait for clusters more than they compute: two at a time also on two cores. */
const INTEGRATION_WORKERS = ['--maxWorkers=2'];
/** What the two runs of `npm test` leave, for one sum at the end. */
const RESULTS = ['unit', 'integration'].map((kind) => `node_modules/.cache/mas-tests/${kind}.json`);
const bin = (name) => `packages/bin/dist/${name}.js`;

/** What a task needs built, where that is less than everything. */
const BUILDS = {
  start: ['packages/bin'],
  certs: ['packages/bin'],
  package: ['packages/bin'],
  reference: ['packages/client'],
  bench: ['packages/bench'],
  simulate: ['packages/simulation'],
  mutations: ['packages/simulation'],
  conformance: ['packages/raft-proof'],
};

/** The console's pages are needed by what runs the programs; the others are spared the time. */
const WITHOUT_PAGES = ['certs', 'reference', 'bench', 'simulate', 'mutations', 'conformance'];

/** Each task is a list of steps [title, command, arguments, environment]; the arguments of the caller go to the last one. */
const TASKS = {
  build: [],
  generate: [],
  start: [[null, 'node', [bin('mas'), 'demo']]],
  test: [
    ['Format', 'node', ['node_modules/@biomejs/biome/bin/biome', 'format', 'packages']],
    ['Lint', 'node', ['node_modules/eslint/bin/eslint.js', '-c', 'packages/tooling/eslint.config.mjs', 'packages']],
    ['Protocol lint', 'node', ['node_modules/@bufbuild/buf/bin/buf', 'lint', 'proto']],
    ['Unit tests', 'node', [...jest, '--json', `--outputFile=${RESULTS[0]}`]],
    ['Integration tests', 'node', [...jest, ...INTEGRATION_WORKERS, '--json', `--outputFile=${RESULTS[1]}`], { MAS_TEST_KIND: 'integration' }],
  ],
  'test:unit': [[null, 'node', jest]],
  'test:integration': [[null, 'node', [...jest, ...INTEGRATION_WORKERS], { MAS_TEST_KIND: 'integration' }]],
  'test:long': [[null, 'node', ['packages/tooling/long.mjs']]],
  'test:fire': [[null, 'node', ['packages/e2e/dist/fire/main.js']]],
  soak: [[null, 'node', ['packages/e2e/dist/soak/main.js']]],
  conformance: [[null, 'node', ['packages/raft-proof/dist/conformance/main.js']]],
  simulate: [[null, 'node', ['packages/simulation/dist/main.js']]],
  mutations: [[null, 'node', ['packages/simulation/dist/mutations/main.js']]],
  bench: [[null, 'node', ['packages/bench/dist/main.js']]],
  certs: [[null, 'node', [bin('mas'), 'certs']]],
  package: [[null, 'node', ['packages/tooling/package.mjs']]],
  reference: [[null, 'node', ['packages/tooling/reference.mjs']]],
};

// Neither a reader that has gone nor a closed terminal may cost what was started its orderly end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
await main();

async function main() {
  const [task, ...rest] = process.argv.slice(2);
  if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE_MAJOR) fail(`Node ${MINIMUM_NODE_MAJOR} or newer is needed; this is ${process.version}.`);
  if (task === undefined || !(task in TASKS)) fail(`unknown task "${task ?? ''}"; there are ${Object.keys(TASKS).join(', ')}.`);
  await install();
  await step('Generate the protocol code', 'node', ['packages/rpc/generate.mjs'], {}, true);
  if (task === 'generate') return;
  // `npm run build -- packages/bin` builds one package and what it needs.
  await step('Build', 'node', ['node_modules/typescript/bin/tsc', '-b', '--verbose', ...(task === 'build' ? rest : (BUILDS[task] ?? []))], {}, true);
  if (!WITHOUT_PAGES.includes(task)) await step('Build the console\u2019s pages', 'node', ['packages/console/build.mjs'], {}, true);
  const steps = TASKS[task];
  if (task === 'test') closeWithTotals();
  for (const [title, command, args, env] of steps.slice(0, -1)) await step(title, command, args, env, true);
  const last = steps.at(-1);
  if (last === undefined) return;
  const [title, command, args, env] = last;
  handOver(title, command, [...args, ...rest], env, task === 'start');
}

/** However the tests end, the last lines say how many passed, failed, and which were skipped and why. */
function closeWithTotals() {
  mkdirSync(dirname(join(root, RESULTS[0])), { recursive: true });
  for (const file of RESULTS) rmSync(join(root, file), { force: true });
  process.on('exit', () => {
    const runs = RESULTS.filter((file) => existsSync(join(root, file))).map((file) => JSON.parse(readFileSync(join(root, file), 'utf8')));
    const sum = (field) => runs.reduce((total, one) => total + one[field], 0);
    for (const { name, assertionResults } of runs.flatMap((one) => one.testResults)) {
      const skipped = assertionResults.filter(({ status }) => status === 'pending');
      if (skipped.length > 0)
        process.stdout.write(
          `${skipped.length} skipped in ${relative(root, name)}: ${[...new Set(skipped.map(({ ancestorTitles }) => ancestorTitles.join(', ')))].join('; ')}\n`,
        );
    }
    // A file that could not be read as tests has no failed test of its own.
    if (runs.length > 0) process.stdout.write(`${sum('numPassedTests')} passed, ${sum('numFailedTests') + sum('numRuntimeErrorTestSuites')} failed\n`);
  });
}

async function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules/.mas-install');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && resolves('typescript') && packagesAreLinked()) return;
  // A tree that npm laid by hand is as good as ours; it is brought up to date, not laid anew under running programs.
  const attempts = existsSync(join(root, 'node_modules/.package-lock.json')) ? ['install'] : ['ci', 'install'];
  let isInstalled = false;
  for (const verb of attempts) isInstalled ||= await tryStep(`Install the packages (npm ${verb})`, 'npm', [verb, '--no-audit', '--no-fund']);
  if (!isInstalled) fail('npm could not install the packages; what it said stands above.');
  mkdirSync(dirname(stamp), { recursive: true });
  rmSync(stamp, { force: true });
  writeFileSync(
    stamp,
    createHash('sha256')
      .update(readFileSync(join(root, 'package-lock.json')))
      .digest('hex'),
  );
}

/** Whether a package is there at all: the stamp may outlive what it speaks of. */
function resolves(name) {
  try {
    createRequire(join(root, 'package.json')).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Whether every package of this repository can be imported by its name: a copied tree may lack the newest. */
function packagesAreLinked() {
  return readdirSync(join(root, 'packages')).every(
    (name) => !existsSync(join(root, 'packages', name, 'package.json')) || existsSync(join(root, 'node_modules/@mas', name)),
  );
}

async function step(title, command, args, env = {}, quietUnlessFailed = false) {
  const problem = await runStep(title, command, args, { cwd: root, env, quiet: quietUnlessFailed && title !== 'Unit tests' && title !== 'Integration tests' });
  if (problem !== null) fail(`${title ?? command} failed (${problem}).`);
}

async function tryStep(title, command, args) {
  const problem = await runStep(title, command, args, { cwd: root, env: {}, quiet: true });
  if (problem !== null) process.stderr.write(`  failed (${problem})\n`);
  return problem === null;
}

/** The last step owns the terminal: signals reach it, and its exit code is ours. */
function handOver(title, command, args, env, lifeline) {
  if (title !== null) process.stderr.write(`\u25b8 ${title}\u2026\n`);
  // The fourth pipe ends with this process, however that ends (packages/bin/src/platform/lifeline.ts).
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', ...(lifeline ? ['pipe'] : [])],
    env: { ...process.env, ...env, ...(lifeline ? { MAS_LIFELINE_FD: '3' } : {}) },
  });
  // On Ctrl-C the terminal signals the whole foreground group; a signal sent to this process alone is passed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
  if (lifeline && process.env.npm_lifecycle_event !== undefined) stopWhenOrphaned(child);
}

/** npm passes signals on, but cannot when it is killed. */
function stopWhenOrphaned(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, PARENT_POLL_MS);
  timer.unref();
}

function fail(message) {
  process.stderr.write(`mas: ${message}\n`);
  process.exit(1);
}
