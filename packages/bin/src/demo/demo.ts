/** A whole cluster on the embedded stores, its work made visible, and its end: orderly, whoever asks for it. */
import { createWriteStream } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { MasClient } from '@mas/client';
import pc from 'picocolors';
import { integer } from '../config/setting';
import { closeControl } from '../platform/control-socket';
import { watchLifeline } from '../platform/lifeline';
import { onStopSignals } from '../platform/stop-signals';
import { UsageError } from '../usage-error';
import { startDemoConsole } from './demo-console';
import type { DemoFlags } from './demo-command';
import { LocalCluster } from './local-cluster';
import { LocalShow } from './local-show';
import { News } from './news';
import { show, type Shown } from './show';
import { serveShow } from './show-control';
import { Traffic } from './traffic';

const READY_TIMEOUT_MS = 300_000;
const CALL_TIMEOUT_MS = 60_000;
const EXIT_FAILED = 1;
const CLIENT = resolve(__dirname, '../mas-client.js');
const MAS = resolve(__dirname, '../mas.js');

/** Resolves with the exit code once everything has stopped. */
export async function demo(flags: DemoFlags): Promise<number> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const options = {
    folder: flags.folder,
    certs: flags.certs,
    tcPort: readPort('--tc-port', flags.tcPort),
    rmPort: readPort('--rm-port', flags.rmPort),
    consolePort: flags.exit === true ? null : readPort('--console-port', flags.consolePort),
    gatewayPort: readPort('--gateway-port', flags.gatewayPort),
    fresh: flags.fresh === true,
  };
  let log: ReturnType<typeof createWriteStream> | null = null;
  const news = new News(join(flags.folder, 'cluster.log'));
  const writeLog = (name: string, line: string): void => void log?.write(`${name} ${line}\n`);
  const cluster = await LocalCluster.prepare(options, (name, line) => {
    writeLog(name, line);
    const shown = news.of(name, line);
    if (shown !== null) print(pc.red(shown));
  });
  log = createWriteStream(join(flags.folder, 'cluster.log'), { flags: 'a' });
  process.once('exit', () => cluster.group.killNow());
  const asked = new Promise<'interrupted'>((resolve) => {
    onStopSignals(
      () => resolve('interrupted'),
      () => {
        process.stderr.write('mas: asked again while stopping: killing what is left\n');
        cluster.group.killNow();
      },
    );
    watchLifeline(process.env, () => resolve('interrupted'));
  });
  let failed = false;
  try {
    const did = await Promise.race([perform(cluster, print), asked]);
    if (did !== 'interrupted') {
      failed = did.problems.length > 0;
      if (options.consolePort !== null) {
        const stage = await openStage(cluster, flags, options.consolePort, did.accounts, print, (line) => writeLog('console', line));
        print(nextSteps(cluster, flags, did.accounts, stage.consoleAddress()));
        await asked;
        await stage.close();
      }
    }
    if (flags.exit !== true) print('\nstopping\u2026');
  } catch (error) {
    process.stderr.write(`mas: ${error instanceof Error ? error.message : String(error)}\n`);
    failed = true;
  }
  return (await stopped(cluster)) && !failed ? 0 : EXIT_FAILED;
}

/** Starts the cluster and shows its work. Ends with an error of its connection when it is stopped in between. */
async function perform(cluster: LocalCluster, print: (text: string) => void): Promise<Shown> {
  const startedMs = performance.now();
  await cluster.start(READY_TIMEOUT_MS);
  const client = new MasClient({ addresses: [cluster.address], ca: cluster.caCertificate(), token: () => cluster.operatorToken(), timeoutMs: CALL_TIMEOUT_MS });
  try {
    print(
      `${pc.bold('Mini Account System')}: 1 Transaction Manager, 3 Resource Managers, 3 buckets with 3 replicas each; ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
    );
    const shown = await show(client, cluster.shows(), print);
    cluster.countShow();
    for (const problem of shown.problems) print(pc.red(`WRONG: ${problem}`));
    return shown;
  } finally {
    client.close();
  }
}

/** What goes on until Ctrl-C: the console, what it does to the cluster, and the same from another terminal. */
async function openStage(
  cluster: LocalCluster,
  { folder, certs }: DemoFlags,
  port: number,
  accounts: readonly string[],
  print: (text: string) => void,
  writeLog: (line: string) => void,
): Promise<{ consoleAddress(): string; close(): Promise<void> }> {
  const client = new MasClient({ addresses: [cluster.address], ca: cluster.caCertificate(), token: () => cluster.operatorToken(), timeoutMs: CALL_TIMEOUT_MS });
  const traffic = new Traffic(client, accounts);
  const stage = new LocalShow(cluster.group, accounts, traffic, (text) => print(pc.yellow(text)));
  const running = await startDemoConsole({ cluster, certs, port, show: stage, writeLog });
  const consoleAddress = (): string => running.oneTimeAddress(() => cluster.operatorToken());
  const control = await serveShow(folder, stage, consoleAddress);
  return {
    consoleAddress,
    close: async () => {
      traffic.stop();
      await Promise.all([running.close(), closeControl(control)]);
      client.close();
    },
  };
}

/** False when a process ended before it was asked to, or not in order. */
async function stopped(cluster: LocalCluster): Promise<boolean> {
  const unclean = await cluster.stop();
  if (unclean.length > 0) process.stderr.write(`mas: did not end in order: ${unclean.join(', ')}\n`);
  return unclean.length === 0;
}

function readPort(flag: string, text: string): number {
  const parsed = integer(1, 65_000).safeParse(text);
  if (!parsed.success) throw new UsageError(`${flag} is "${text}": expected a port from 1 to 65000`);
  return parsed.data;
}

function nextSteps(cluster: LocalCluster, { folder, certs }: DemoFlags, accounts: readonly string[], consoleAddress: string): string {
  const [sender = 'alice', receiver = 'bob'] = accounts;
  const client = `node ${fromHere(CLIENT)}${folder === '.mas' ? '' : ` --context ${relative('.', cluster.contextFile())}`}`;
  const run = `node ${fromHere(MAS)} demo${folder === '.mas' ? '' : ` --folder ${folder}`} run`;
  return [
    `\n${pc.bold('Watch it')} in a browser (it warns of a certificate that it does not know: ${join(certs, 'ca.crt')}; the address works once, for an hour):`,
    `  ${consoleAddress}`,
    `\n${pc.bold('Try next')}, in another terminal:`,
    `  ${client} payment create --from ${sender} --to ${receiver} --amount 5`,
    `  ${client} payment list --account ${sender}`,
    `  ${client} cluster status`,
    `  ${client} audit`,
    `  ${run} kill rm-2      and then: start rm-2, status, console (a new address)`,
    `\n${pc.bold('Addresses')}: clients ${cluster.address} · JSON ${cluster.gateway}/v1/openapi.json · resource managers ${cluster.rmAddresses().join(', ')}`,
    `Data and logs: ${folder} · certificates: ${certs} · Ctrl-C stops everything`,
  ].join('\n');
}

/** The shorter one of its names. */
function fromHere(path: string): string {
  const near = relative('.', path);
  return near.length < path.length ? near : path;
}
