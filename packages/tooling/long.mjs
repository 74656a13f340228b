#!/usr/bin/env node
/**
 * `npm run test:long [-- --minutes N]`: what is too long for every change. Conformance under many seeds, the long tests
 * of all packages (random schedules by the thousand, mutation checks), then the simulated cluster for as many minutes as
 * are left (at least one). Stops at the first failure, with the command that repeats it.
 */
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 24 * 60)) {
  process.stderr.write(`test:long: --minutes is "${values.minutes}"; expected a number from 1 to 1440\n`);
  process.exit(2);
}
const startedMs = Date.now();

run('Conformance with etcd\u2019s traces, 100 seeds', ['packages/raft-proof/dist/conformance/main.js', '--seeds', '100', '--allow-missing']);
run('Long tests', ['node_modules/jest/bin/jest.js', '-c', 'packages/tooling/jest.config.cjs', '--runInBand'], { MAS_TEST_KIND: 'long' });
const left = Math.max(1, Math.floor(minutes - (Date.now() - startedMs) / 60_000));
run(`Simulated cluster, ${left} minutes`, ['--max-semi-space-size=32', 'packages/simulation/dist/long.js', '--minutes', String(left)]);

function run(title, args, env = {}) {
  process.stderr.write(`\u25b8 ${title}\u2026\n`);
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.status === 0) return;
  process.stderr.write(
    `test:long: failed; repeat it with: ${Object.entries(env)
      .map(([name, value]) => `${name}=${value} `)
      .join('')}node ${args.join(' ')}\n`,
  );
  process.exit(result.status ?? 1);
}
