/** `mas demo`, the main job of `npm start`: a whole cluster on the embedded stores, then its work made visible. */
import { createWriteStream } from 'node:fs';
import { join, relative } from 'node:path';
import { MasClient } from '@mas/rpc';
import type { Command } from 'commander';
import pc from 'picocolors';
import { integer } from '../config/setting';
import { UsageError } from '../usage-error';
import { LocalCluster } from './local-cluster';
import { show } from './show';

const READY_TIMEOUT_MS = 60_000;
const EXIT_FAILED = 1;

interface DemoFlags {
  readonly exit?: boolean;
  readonly fresh?: boolean;
  readonly tcPort: string;
  readonly rmPort: string;
  readonly folder: string;
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('a whole cluster on this machine, and a payment to look at; stays up until Ctrl-C')
    .option('--exit', 'stop after the show; exit code 0 only if everything in it went right')
    .option('--fresh', 'forget the data of earlier starts')
    .option('--tc-port <port>', 'port of the Transaction Manager (MAS_TC_PORT)', process.env['MAS_TC_PORT'] ?? '9008')
    .option('--rm-port <port>', 'first port of the Resource Managers; the others are 10 and 20 above (MAS_RM_PORT)', process.env['MAS_RM_PORT'] ?? '50041')
    .option('--folder <dir>', 'state folder (MAS_STATE)', process.env['MAS_STATE'] ?? '.mas')
    .action(async (flags: DemoFlags) => process.exit(await demo(flags)));
}

/** Resolves with the exit code once everything has stopped. */
async function demo(flags: DemoFlags): Promise<number> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const options = { folder: flags.folder, tcPort: readPort('--tc-port', flags.tcPort), rmPort: readPort('--rm-port', flags.rmPort), fresh: flags.fresh === true };
  let log: ReturnType<typeof createWriteStream> | null = null;
  const cluster = await LocalCluster.prepare(options, (name, line) => {
    log?.write(`${name} ${line}\n`);
    if (line.startsWith('ended unexpectedly')) print(pc.red(`${name} ${line}; see ${join(flags.folder, 'cluster.log')}`));
  });
  log = createWriteStream(join(flags.folder, 'cluster.log'), { flags: 'a' });
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  process.once('exit', () => cluster.group.killNow());
  const client = new MasClient({ addresses: [cluster.address], ca: cluster.caCertificate(), token: () => cluster.operatorToken(), timeoutMs: 20_000 });
  try {
    const startedMs = performance.now();
    await Promise.race([cluster.start(READY_TIMEOUT_MS), interrupted]);
    print(`${pc.bold('Mini Account System')}: 1 Transaction Manager, 3 Resource Managers, 3 buckets with 3 replicas each; ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
    const shown = await show(client, print);
    for (const problem of shown.problems) print(pc.red(`WRONG: ${problem}`));
    if (flags.exit === true) return shown.problems.length === 0 && cluster.group.anyEnded() === null ? 0 : EXIT_FAILED;
    print(nextSteps(cluster, flags.folder, shown.accounts));
    await interrupted;
    print('\nstopping…');
    return shown.problems.length === 0 ? 0 : EXIT_FAILED;
  } catch (error) {
    process.stderr.write(`mas: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_FAILED;
  } finally {
    client.close();
    await cluster.stop();
  }
}

function readPort(flag: string, text: string): number {
  const parsed = integer(1, 65_000).safeParse(text);
  if (!parsed.success) throw new UsageError(`${flag} is "${text}": expected a port from 1 to 65000`);
  return parsed.data;
}

function nextSteps(cluster: LocalCluster, folder: string, accounts: readonly string[]): string {
  const [sender = 'alice', receiver = 'bob'] = accounts;
  const client = `node packages/bin/dist/mas-client.js${folder === '.mas' ? '' : ` --context ${relative('.', cluster.contextFile())}`}`;
  return [
    `\n${pc.bold('Try next')}, in another terminal:`,
    `  ${client} payment create --from ${sender} --to ${receiver} --amount 5`,
    `  ${client} payment list --account ${sender}`,
    `  ${client} cluster status`,
    `  ${client} audit`,
    `\n${pc.bold('Addresses')}: clients ${cluster.address} · resource managers ${cluster.rmAddresses().join(', ')}`,
    `Data, certificates and logs: ${folder} · Ctrl-C stops everything`,
  ].join('\n');
}
