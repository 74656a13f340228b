/**
 * Yardstick: three etcd processes with their defaults (heartbeat 100 ms, election 1 s, fsync on), TLS between them with
 * certificates of the same kind as ours, plain connections to clients, data on the same disk.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { distinctPorts, makeCerts, PROCESSES } from '../cluster-means';
import { OwnedProcess } from '../owned-process';

const START_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 5_000;

interface Member {
  readonly process: OwnedProcess;
  readonly clientPort: number;
}

interface MemberStatus {
  readonly id: string;
  readonly leader: string;
  readonly revision: number;
}

export class EtcdCluster {
  private constructor(
    private readonly folder: TempFolder,
    private readonly members: Member[],
    readonly version: string,
  ) {}

  /** @returns null where there is no `etcd` on the PATH */
  static async start(): Promise<EtcdCluster | null> {
    const found = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
    if (found.error !== undefined || found.status !== 0) return null;
    const folder = await tempFolder('mas-bench-etcd');
    makeCerts(join(folder.path, 'certs'));
    const cluster = new EtcdCluster(folder, [], /etcd Version: (\S+)/.exec(found.stdout)?.[1] ?? 'unknown');
    try {
      const clientPorts = await distinctPorts(2 * PROCESSES);
      const peerPorts = clientPorts.slice(PROCESSES);
      for (let id = 1; id <= PROCESSES; id += 1) cluster.members.push(launch(folder.path, id, clientPorts[id - 1] ?? 0, peerPorts));
      await waitUntil('etcd has a leader', async () => (await cluster.leaderPort()) > 0, { timeoutMs: START_TIMEOUT_MS, diagnostics: () => cluster.logs() });
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get clientPorts(): readonly number[] {
    return this.members.map((one) => one.clientPort);
  }

  get pids(): ReadonlyMap<string, number> {
    return new Map(this.members.map((one, at) => [`etcd-${at + 1}`, one.process.pid]));
  }

  async leaderPort(): Promise<number> {
    const statuses = await this.statuses();
    const at = statuses.findIndex((one) => one.id === one.leader);
    const port = this.members[at]?.clientPort;
    if (port === undefined) throw new Error(`etcd has no leader: ${JSON.stringify(statuses)}`);
    return port;
  }

  /** Counts every put of the cluster; the highest that a member knows. */
  async revision(): Promise<number> {
    return Math.max(...(await this.statuses()).map((one) => one.revision));
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((one) => one.process.stop()));
    await this.folder.remove();
  }

  private statuses(): Promise<MemberStatus[]> {
    return Promise.all(this.members.map((one) => statusOf(one.clientPort)));
  }

  private logs(): string {
    return this.members.map((_, at) => readFileSync(logFile(this.folder.path, at + 1), 'utf8').slice(-1000)).join('\n');
  }
}

async function statusOf(port: number): Promise<MemberStatus> {
  const response = await fetch(`http://127.0.0.1:${port}/v3/maintenance/status`, { method: 'POST', body: '{}', signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  const body = (await response.json()) as { readonly header?: { readonly member_id?: string; readonly revision?: string }; readonly leader?: string };
  return { id: body.header?.member_id ?? '?', leader: body.leader ?? '', revision: Number(body.header?.revision ?? 0) };
}

function launch(folder: string, id: number, clientPort: number, peerPorts: readonly number[]): Member {
  const peer = (at: number): string => `https://127.0.0.1:${peerPorts[at - 1] ?? 0}`;
  const certs = join(folder, 'certs');
  const data = join(folder, `etcd-${id}`);
  mkdirSync(data, { mode: 0o700 });
  const args = {
    name: `etcd-${id}`,
    'data-dir': data,
    'listen-client-urls': `http://127.0.0.1:${clientPort}`,
    'advertise-client-urls': `http://127.0.0.1:${clientPort}`,
    'listen-peer-urls': peer(id),
    'initial-advertise-peer-urls': peer(id),
    'initial-cluster': Array.from({ length: PROCESSES }, (_, at) => `etcd-${at + 1}=${peer(at + 1)}`).join(','),
    'initial-cluster-token': 'mas-bench',
    'peer-cert-file': join(certs, `rm-${id}.crt`),
    'peer-key-file': join(certs, `rm-${id}.key`),
    'peer-trusted-ca-file': join(certs, 'ca.crt'),
    'log-level': 'error',
  };
  // Settings of this machine's own etcd must not reach this one.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD_')));
  const log = openSync(logFile(folder, id), 'a');
  const flags = [...Object.entries(args).map(([name, value]) => `--${name}=${value}`), '--peer-client-cert-auth'];
  const started = new OwnedProcess({ program: 'etcd', args: flags, folder, stdio: ['ignore', log, log], environment });
  closeSync(log);
  return { process: started, clientPort };
}

function logFile(folder: string, id: number): string {
  return join(folder, `etcd-${id}.log`);
}
