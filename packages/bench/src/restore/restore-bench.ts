/** `npm run bench -- restore`: a backup of many accounts, verified and restored by the programs themselves; wall time and CPU of each. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMariaDb, tempFolder } from '@mas/test-servers';
import { usageOf } from '../measure/process-usage';
import { RESULTS_FOLDER } from '../payments-bench';
import { writeLargeBackup } from './large-backup';

export const RESTORE_USAGE = 'usage: npm run bench -- restore [--accounts 1000000] [--payments 100000] [--buckets 3] [--mysql] [--json]';

const PROGRAMS = join(__dirname, '../../../bin/dist');
const LOOK_MS = 50;

interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most memory that was resident. */
  readonly megabytes: number;
}

export async function runRestoreBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      accounts: { type: 'string', default: '1000000' },
      payments: { type: 'string', default: '100000' },
      buckets: { type: 'string', default: '3' },
      mysql: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const ledger = { accounts: Number(values.accounts), payments: Number(values.payments) };
  if (!(ledger.accounts >= 1) || !(ledger.payments >= 0) || ledger.payments * 2 > ledger.accounts) throw new TypeError(RESTORE_USAGE);
  const folder = await tempFolder('mas-restore-bench');
  const sql = values.mysql ? await startMariaDb({ durability: 'durable', memory: 'large' }) : null;
  try {
    const backup = join(folder.path, 'backup');
    await writeLargeBackup(backup, ledger);
    const { buckets } = JSON.parse(readFileSync(join(backup, 'MANIFEST.json'), 'utf8')) as { readonly buckets: readonly { readonly file: string }[] };
    const bytes = buckets.reduce((sum, { file }) => sum + statSync(join(backup, file)).size, 0);
    const verify = await timed(['mas-client.js', 'backup', 'verify', backup]);
    const store = sql === null ? [] : ['--sql', `mysql://root@127.0.0.1:${sql.port}`, '--db', 'restored'];
    const shape = ['--id', '1', '--cluster', '1=localhost:50041', '--buckets', values.buckets, '--replicas', '1', '--data', join(folder.path, 'rm1')];
    const restore = await timed(['mas.js', 'restore', '--from', backup, ...shape, ...store]);
    const report = {
      ...ledger,
      buckets: Number(values.buckets),
      store: sql === null ? 'embedded' : 'mariadb',
      megabytes: Math.round(bytes / 1e6),
      verify,
      restore,
    };
    mkdirSync(RESULTS_FOLDER, { recursive: true });
    writeFileSync(join(RESULTS_FOLDER, 'restore.json'), `${JSON.stringify(report, null, 2)}\n`);
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : `${rendered(report)}\n`);
    return 0;
  } finally {
    await sql?.stop();
    await folder.remove();
  }
}

/** What the process has used up to its last look before its end. */
function timed([program = '', ...args]: readonly string[]): Promise<Timed> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(PROGRAMS, program), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let used = { cpuSeconds: 0, peakMiB: 0 };
    // Of a process that has ended, and that nobody has collected yet, the machine knows the CPU only.
    const look = (): void => {
      const { cpuSeconds, peakMiB } = usageOf(child.pid ?? -1) ?? used;
      used = { cpuSeconds: Math.max(used.cpuSeconds, cpuSeconds), peakMiB: Math.max(used.peakMiB, peakMiB) };
    };
    const looks = setInterval(look, LOOK_MS);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(looks);
      if (code !== 0) return reject(new Error(`${program} ended with ${String(code)}: ${said}`));
      resolve({ seconds: tenths((performance.now() - startedMs) / 1000), cpuSeconds: tenths(used.cpuSeconds), megabytes: Math.round(used.peakMiB) });
    });
  });
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function rendered({
  accounts,
  payments,
  buckets,
  store,
  megabytes,
  verify,
  restore,
}: Record<'accounts' | 'payments' | 'buckets' | 'megabytes', number> & {
  readonly store: string;
  readonly verify: Timed;
  readonly restore: Timed;
}): string {
  const line = (what: string, { seconds, cpuSeconds, megabytes: memory }: Timed): string =>
    `${what}: ${seconds} s, of CPU ${cpuSeconds} s, ${memory} MB of memory`;
  return [
    `${accounts} accounts, ${payments} payments, ${megabytes} MB of files; into ${buckets} buckets on ${store} storage`,
    line('backup verify', verify),
    line('restore, with verification before and after', restore),
  ].join('\n');
}
