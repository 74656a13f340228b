/**
 * The cluster of `npm start`: one TM and some RMs as separate processes on the embedded stores, in a state folder that a
 * second start finds again. The folder has one cluster at a time.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeCertificates, OPERATOR_TOKEN_FILE } from '../certs/make-certificates';
import { DataFolder } from '../platform/data-folder';
import { ownIdentity } from '../platform/running-process';
import { ChildProcessGroup } from './child-process-group';
import { checkPorts } from './ports';

export interface LocalClusterOptions {
  readonly folder: string;
  readonly certs: string;
  readonly tcPort: number;
  /** Ports of the RMs: rmPort, rmPort + 10, rmPort + 20, as in the seed. */
  readonly rmPort: number;
  /** Null: no console. */
  readonly consolePort: number | null;
  readonly gatewayPort: number;
  readonly fresh: boolean;
}

export const RESOURCE_MANAGERS = 3;
export const BUCKETS = 3;
const REPLICAS = 3;
const RM_PORT_STEP = 10;
const PROGRAM = join(__dirname, '../mas.js');
const CONTEXT_FILE = 'context.json';
const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;
/** What a cluster leaves in its folder, and all that `--fresh` removes: a wrong --folder must not cost anybody's files. */
const OWN_FILES = /^(?:rm-\d+|tc-\d+|cluster\.log|context\.json|show\.sock|shows)$/;

export class LocalCluster {
  readonly address: string;
  /** JSON over HTTPS. */
  readonly gateway: string;
  readonly group: ChildProcessGroup;

  private constructor(
    private readonly options: LocalClusterOptions,
    private readonly lock: DataFolder,
    onOutput: (name: string, line: string) => void,
  ) {
    this.address = `localhost:${options.tcPort}`;
    this.gateway = `https://localhost:${options.gatewayPort}`;
    this.group = new ChildProcessGroup(onOutput);
  }

  /** @throws UsageError for a port or folder in use or a missing tool, before anything is started or removed. */
  static async prepare(options: LocalClusterOptions, onOutput: (name: string, line: string) => void): Promise<LocalCluster> {
    await checkPorts([
      { port: options.tcPort, flag: '--tc-port', variable: 'MAS_TC_PORT', base: options.tcPort },
      { port: options.gatewayPort, flag: '--gateway-port', variable: 'MAS_GATEWAY_PORT', base: options.gatewayPort },
      ...rmPorts(options).map((port) => ({ port, flag: '--rm-port', variable: 'MAS_RM_PORT', base: options.rmPort })),
      ...(options.consolePort === null ? [] : [{ port: options.consolePort, flag: '--console-port', variable: 'MAS_CONSOLE_PORT', base: options.consolePort }]),
    ]);
    const lock = DataFolder.open(options.folder, 'npm start', '--folder (MAS_STATE)');
    // Of a start that was killed.
    rmSync(join(options.folder, CONTEXT_FILE), { force: true });
    if (options.fresh)
      for (const name of readdirSync(options.folder)) if (OWN_FILES.test(name)) rmSync(join(options.folder, name), { recursive: true, force: true });
    makeCertificates({ folder: options.certs, resourceManagers: RESOURCE_MANAGERS });
    return new LocalCluster(options, lock, onOutput);
  }

  rmAddresses(): readonly string[] {
    return rmPorts(this.options).map((port) => `localhost:${port}`);
  }

  contextFile(): string {
    return join(this.options.folder, CONTEXT_FILE);
  }

  /** How often this cluster's work was shown, over all its starts. A hint: the show looks whether it is true. */
  shows(): number {
    const shows = existsSync(this.showsFile()) ? Number(readFileSync(this.showsFile(), 'utf8')) : 0;
    return Number.isSafeInteger(shows) && shows > 0 ? shows : 0;
  }

  countShow(): void {
    writeFileSync(this.showsFile(), `${this.shows() + 1}\n`);
  }

  caCertificate(): Buffer {
    return readFileSync(join(this.options.certs, 'ca.crt'));
  }

  operatorToken(): string {
    return readFileSync(join(this.options.certs, OPERATOR_TOKEN_FILE), 'utf8').trim();
  }

  /** Starts all processes and resolves once each has said that it is ready. */
  async start(timeoutMs: number): Promise<void> {
    const { folder, certs } = this.options;
    const members = this.rmAddresses()
      .map((address, at) => `${at + 1}=${address}`)
      .join(',');
    const shared = [
      '--cluster',
      members,
      '--buckets',
      String(BUCKETS),
      '--replicas',
      String(REPLICAS),
      '--certs',
      certs,
      '--log-level',
      process.env['MAS_LOG_LEVEL'] ?? 'info',
    ];
    this.rmAddresses().forEach((address, at) => {
      const name = `rm-${at + 1}`;
      this.group.start(name, PROGRAM, [
        'rm',
        '--id',
        String(at + 1),
        '--listen',
        address,
        '--sql',
        'embedded',
        '--db',
        `mas${at + 1}`,
        '--data',
        join(folder, name),
        ...shared,
      ]);
    });
    this.group.start('tc-1', PROGRAM, ['tc', '--id', 'tc-1', '--listen', this.address, '--redis', 'embedded', '--data', join(folder, 'tc-1'), ...shared]);
    this.group.start('gateway', PROGRAM, ['gateway', '--listen', `localhost:${this.options.gatewayPort}`, '--tc', this.address, '--certs', certs]);
    await this.group.ready(timeoutMs);
    this.writeContext();
  }

  /** Returns the names of processes that did not end in order. */
  async stop(): Promise<readonly string[]> {
    const unclean = await this.group.stop();
    // mas-client looks here first: it must not be sent to a cluster that is gone.
    rmSync(this.contextFile(), { force: true });
    this.lock.close();
    return unclean;
  }

  private showsFile(): string {
    return join(this.options.folder, 'shows');
  }

  /**
   * Paths in it are relative to it. It names this process, so that mas-client does not believe it any longer than it is true, also
   * after a kill -9; and as it says where tokens go, it and its folder are for nobody else to write.
   */
  private writeContext(): void {
    const from = resolve(this.options.folder);
    const certs = relative(from, resolve(this.options.certs));
    const content = { tc: this.address, cert: join(certs, 'ca.crt'), token: join(certs, OPERATOR_TOKEN_FILE), process: ownIdentity() };
    closeToOthers(from);
    writeFileSync(this.contextFile(), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  }
}

/** A folder of our own that a generous umask has opened to others. One like /tmp is not ours, and stays as it is. */
function closeToOthers(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid === process.geteuid?.() && (mode & OTHERS_MAY_WRITE) !== 0 && (mode & STICKY) === 0) chmodSync(folder, mode & ~OTHERS_MAY_WRITE);
}

function rmPorts({ rmPort }: LocalClusterOptions): readonly number[] {
  return Array.from({ length: RESOURCE_MANAGERS }, (_, at) => rmPort + at * RM_PORT_STEP);
}
