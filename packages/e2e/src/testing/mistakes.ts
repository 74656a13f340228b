/**
 * Processes that somebody starts by mistake beside a cluster, with the cluster's certificates and a command line that is wrong in one place;
 * and what must be found untouched after each of them was turned away.
 */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, waitUntil } from '@mas/test-servers';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Cluster } from '../harness/cluster';
import { REPOSITORY_ROOT, type LogLine, type MasProcess } from '../harness/mas-process';

const LONG_MS = 240_000;

/** What one end of a refusal has written. */
export interface RefusalLine extends LogLine {
  readonly refused: string;
  readonly by: string;
  readonly reason: string;
}

export class Mistakes {
  private readonly started: MasProcess[] = [];

  constructor(private readonly cluster: Cluster) {}

  /** Where nobody listens yet. */
  async address(): Promise<string> {
    return `localhost:${await freePort()}`;
  }

  /** Started like `original`, at an address and in a folder of its own, but for what `flags` say. It does not run yet. */
  async like(original: string, name: string, flags: Readonly<Record<string, string>> = {}): Promise<MasProcess> {
    const process = this.cluster.process(original).like(name, { listen: await this.address(), data: this.cluster.dataOf(name), ...flags });
    this.started.push(process);
    return process;
  }

  /** `1=host:port,…`, with other addresses for some. */
  members(changes: Readonly<Record<number, string>> = {}): string {
    const addresses = new Map(this.cluster.rmAddresses().map((address, at) => [at + 1, address]));
    for (const [rm, address] of Object.entries(changes)) addresses.set(Number(rm), address);
    return [...addresses].map(([rm, address]) => `${rm}=${address}`).join(',');
  }

  /** For Resource Managers that the cluster was not made with. */
  certificatesFor(rms: number): void {
    execFileSync('bash', [join(REPOSITORY_ROOT, 'certs/make-certs.sh'), '--dir', this.cluster.certs(), '--rms', String(rms)], { stdio: 'pipe' });
  }

  /** It ends by itself with exit code 2 and one line, and has never said that it is ready. @returns the line */
  async refused(process: MasProcess): Promise<string> {
    await waitUntil(`${process.name} ends`, () => !process.running(), {
      timeoutMs: LONG_MS,
      diagnostics: () => `${process.logTail()}\n${this.cluster.diagnostics()}`,
    });
    const isReady = process.lines().some(({ msg }) => msg === 'ready');
    expect({ exit: process.exitStatus(), said: process.complaints(), isReady }).toEqual({
      exit: { code: 2, signal: null },
      said: [expect.any(String) as unknown],
      isReady: false,
    });
    return (process.complaints()[0] ?? '').replace(/^mas: /, '');
  }

  /** @returns what the process says of whom it has refused, or who has refused it, since it was started; waits for the first line. */
  async refusalsIn(process: MasProcess, reason: string): Promise<readonly RefusalLine[]> {
    const found = (): readonly RefusalLine[] => refusalLines(process, reason);
    await waitUntil(`${process.name} has written of ${reason}`, () => found().length > 0, { timeoutMs: LONG_MS, diagnostics: () => process.logTail() });
    return found();
  }

  /** The same of several processes together; waits until exactly these have been refused by any of them. @param refused without their incarnations */
  async refusalsOf(processes: readonly MasProcess[], reason: string, refused: readonly string[]): Promise<readonly RefusalLine[]> {
    const found = (): readonly RefusalLine[] => processes.flatMap((process) => refusalLines(process, reason));
    const names = (): readonly string[] => [...new Set(found().map((line) => line.refused.replace(/ \(.*/, '')))].sort();
    const diagnostics = (): string => processes.map((process) => process.logTail()).join('\n');
    await waitUntil(`${refused.join(' and ')} were refused for ${reason}`, () => names().join() === refused.join(), { timeoutMs: LONG_MS, diagnostics });
    return found();
  }

  async stop(): Promise<void> {
    await Promise.all(this.started.filter((one) => one.running()).map((one) => one.kill()));
  }

  /** Every file of a data folder whose process does not run, by its digest. */
  static contentsOf(folder: string): Readonly<Record<string, string>> {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      files
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
    );
  }

  /** Which databases there are, whose each is, and how often its buckets were opened for writing; null without a SQL server. */
  async databases(): Promise<unknown> {
    const { sql } = this.cluster;
    if (sql === null) return null;
    const connection = await createConnection({ host: '127.0.0.1', port: sql.port, user: 'root' });
    try {
      const [found] = await connection.query<RowDataPacket[]>(
        "select schema_name name from information_schema.schemata where schema_name not in ('mysql','information_schema','performance_schema','sys') order by 1",
      );
      const facts: unknown[] = [];
      for (const { name } of found as { name: string }[]) {
        const [owner] = await connection.query<RowDataPacket[]>(`select cluster_id,rm,incarnation from \`${name}\`.store_owner`);
        const [epochs] = await connection.query<RowDataPacket[]>(`select bucket,writer_epoch from \`${name}\`.bucket_meta order by 1`);
        facts.push({ name, owner, epochs });
      }
      return JSON.parse(JSON.stringify(facts)) as unknown;
    } finally {
      await connection.end();
    }
  }
}

function refusalLines(process: MasProcess, reason: string): readonly RefusalLine[] {
  return process.lines().filter((line): line is RefusalLine => line['reason'] === reason && 'refused' in line);
}
