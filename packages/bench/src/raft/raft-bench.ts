/** `npm run bench -- raft`: throughput and latency beside etcd's, failover, and the cost of idle groups, against stated aims. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../progress';
import { measureFailover } from './failover';
import { measureIdle } from './idle';
import { aimsOf, renderRaftReport, type RaftReport } from './raft-report';
import { measureThroughput } from './throughput';

export const RAFT_USAGE =
  'usage: npm run bench -- raft [--seconds 3] [--rounds 3] [--kills 30] [--idle-seconds 20] [--only throughput|failover|idle] [--no-etcd] [--profile FOLDER] [--json]';
const PARTS = ['throughput', 'failover', 'idle'];
const RESULTS_FOLDER = 'bench-results';

/** @returns the exit code. @throws TypeError for wrong arguments */
export async function runRaftBench(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const progress = createProgress(process.stderr.isTTY);
  const measures = (part: string): boolean => options.only === null || options.only === part;
  const throughput = measures('throughput') ? await measureThroughput(options, progress) : null;
  const failover = measures('failover') ? await measureFailover(options.kills, options.profiles, progress) : null;
  const idle = measures('idle') ? await measureIdle(options.idleSeconds, options.profiles, progress) : null;
  progress.done();
  const report: RaftReport = { throughput, failover, idle, aims: aimsOf(throughput, failover, idle) };
  const json = JSON.stringify(report, null, 2);
  const folder = join(process.cwd(), RESULTS_FOLDER);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'raft.json');
  writeFileSync(file, `${json}\n`);
  process.stdout.write(options.json ? `${json}\n` : `${renderRaftReport(report)}\n\nJSON: ${file}\n`);
  return 0;
}

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      kills: { type: 'string', default: '30' },
      'idle-seconds': { type: 'string', default: '20' },
      only: { type: 'string' },
      'no-etcd': { type: 'boolean', default: false },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const only = values.only ?? null;
  if (only !== null && !PARTS.includes(only)) throw new TypeError(RAFT_USAGE);
  return {
    seconds: whole(values.seconds, 120),
    rounds: whole(values.rounds, 50),
    kills: whole(values.kills, 1000),
    idleSeconds: whole(values['idle-seconds'], 600),
    only,
    etcd: !values['no-etcd'],
    profiles: values.profile ?? null,
    json: values.json,
  };
}

function whole(text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new TypeError(RAFT_USAGE);
  return value;
}
