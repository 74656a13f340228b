/**
 * The cluster of `npm start`: one TM and some RMs as separate processes on the embedded stores, in a state folder that a
 * second start finds again. Ports are checked before anything starts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { JwtTokenVerifier, loadTokenKeys, TokenSigner } from '@mas/rpc';
import { systemClock } from '../platform/system-clock';
import { UsageError } from '../usage-error';
import { ChildProcessGroup } from './child-process-group';

export interface LocalClusterOptions {
  readonly folder: string;
  readonly tcPort: number;
  /** Ports of the RMs: rmPort, rmPort + 10, rmPort + 20, as in the seed. */
  readonly rmPort: number;
  readonly fresh: boolean;
}

export const RESOURCE_MANAGERS = 3;
export const BUCKETS = 3;
const REPLICAS = 3;
const RM_PORT_STEP = 10;
const OPERATOR_TOKEN_SECONDS = 365 * 24 * 3600;
const PROGRAM = join(__dirname, '../mas.js');
const MAKE_CERTS = resolve(__dirname, '../../../../certs/make-certs.sh');

export class LocalCluster {
  readonly address: string;
  readonly group: ChildProcessGroup;

  private constructor(
    private readonly options: LocalClusterOptions,
    onOutput: (name: string, line: string) => void,
  ) {
    this.address = `localhost:${options.tcPort}`;
    this.group = new ChildProcessGroup(onOutput);
  }

  /** @throws UsageError for a port in use or a missing tool, before anything is started. */
  static async prepare(options: LocalClusterOptions, onOutput: (name: string, line: string) => void): Promise<LocalCluster> {
    const cluster = new LocalCluster(options, onOutput);
    await cluster.checkPorts();
    if (options.fresh) rmSync(options.folder, { recursive: true, force: true });
    mkdirSync(options.folder, { recursive: true });
    cluster.makeCertificates();
    return cluster;
  }

  rmAddresses(): readonly string[] {
    return Array.from({ length: RESOURCE_MANAGERS }, (_, at) => `localhost:${this.options.rmPort + at * RM_PORT_STEP}`);
  }

  certs(): string {
    return join(this.options.folder, 'certs');
  }

  contextFile(): string {
    return join(this.options.folder, 'context.json');
  }

  caCertificate(): Buffer {
    return readFileSync(join(this.certs(), 'ca.crt'));
  }

  operatorToken(): string {
    return readFileSync(join(this.certs(), 'operator.jwt'), 'utf8').trim();
  }

  /** Starts all processes and resolves once each has said that it is ready. */
  async start(timeoutMs: number): Promise<void> {
    const members = this.rmAddresses().map((address, at) => `${at + 1}=${address}`).join(',');
    const shared = ['--cluster', members, '--buckets', String(BUCKETS), '--replicas', String(REPLICAS), '--certs', this.certs(), '--log-level', process.env['MAS_LOG_LEVEL'] ?? 'info'];
    this.rmAddresses().forEach((address, at) => {
      const name = `rm-${at + 1}`;
      this.group.start(name, PROGRAM, ['rm', '--id', String(at + 1), '--listen', address, '--sql', 'embedded', '--db', `mas${at + 1}`, '--data', join(this.options.folder, name), ...shared]);
    });
    this.group.start('tc-1', PROGRAM, ['tc', '--id', 'tc-1', '--listen', this.address, '--redis', 'embedded', '--data', join(this.options.folder, 'tc-1'), ...shared]);
    await this.group.ready(timeoutMs);
  }

  stop(): Promise<void> {
    return this.group.stop();
  }

  private async checkPorts(): Promise<void> {
    const ports = [this.options.tcPort, ...this.rmAddresses().map((address) => Number(address.split(':')[1]))];
    for (const port of ports) {
      if (await inUse(port)) {
        const flag = port === this.options.tcPort ? '--tc-port' : '--rm-port';
        throw new UsageError(`port ${port} is in use: choose another with "npm start -- ${flag} ${port + 1000}" (or ${flag === '--tc-port' ? 'MAS_TC_PORT' : 'MAS_RM_PORT'})`);
      }
    }
  }

  private makeCertificates(): void {
    try {
      execFileSync('bash', [MAKE_CERTS, '--dir', this.certs(), '--rms', String(RESOURCE_MANAGERS)], { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      const said = (error as { readonly stderr?: Buffer }).stderr?.toString().trim() ?? '';
      throw new UsageError(said === '' ? 'bash is needed to make certificates' : said);
    }
    this.makeOperatorToken();
    writeFileSync(this.contextFile(), `${JSON.stringify({ tc: this.address, cert: 'certs/ca.crt', token: 'certs/operator.jwt' }, null, 2)}\n`);
  }

  /** Kept while it is valid with the present key. */
  private makeOperatorToken(): void {
    const keys = loadTokenKeys({ algorithm: 'HS256', issuer: 'mas', audience: 'mas', keys: [{ keyId: '1', material: readFileSync(join(this.certs(), 'jwt-hs256-1.key')) }] });
    if (!keys.ok) throw new UsageError(keys.error.message);
    const file = join(this.certs(), 'operator.jwt');
    if (existsSync(file) && new JwtTokenVerifier(keys.value, systemClock).verify(readFileSync(file, 'utf8').trim()).ok) return;
    writeFileSync(file, `${new TokenSigner(keys.value, systemClock).operator('operator', OPERATOR_TOKEN_SECONDS).token}\n`, { mode: 0o600 });
  }
}

function inUse(port: number): Promise<boolean> {
  return new Promise((resolveInUse) => {
    const server = createServer();
    server.once('error', () => resolveInUse(true));
    server.listen({ host: 'localhost', port }, () => server.close(() => resolveInUse(false)));
  });
}
