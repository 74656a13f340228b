/**
 * What a Resource Manager keeps, its folder and its database: lost, copied, and put back as it was. A disk has no process on it
 * while that happens.
 */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { Cluster } from './cluster';
import type { MasProcess } from './mas-process';

export type DiskPart = 'folder' | 'database';

export class Disk {
  constructor(
    private readonly cluster: Cluster,
    private readonly rm: MasProcess,
  ) {}

  async lose(...parts: readonly DiskPart[]): Promise<void> {
    this.isIdle();
    if (parts.includes('folder')) rmSync(this.folder(), { recursive: true, force: true });
    if (parts.includes('database')) await this.sql((connection) => connection.query(`drop database if exists ${this.database()}`));
  }

  /** As it is now; an earlier copy is forgotten. */
  async copy(...parts: readonly DiskPart[]): Promise<void> {
    this.isIdle();
    if (parts.includes('folder')) copyFolder(this.folder(), this.copied(this.folder()));
    if (parts.includes('database')) await this.sql((connection) => copyDatabase(connection, this.database(), this.copied(this.database())));
  }

  /** What is there now is lost. */
  async restore(...parts: readonly DiskPart[]): Promise<void> {
    this.isIdle();
    if (parts.includes('folder')) copyFolder(this.copied(this.folder()), this.folder());
    if (parts.includes('database')) await this.sql((connection) => copyDatabase(connection, this.copied(this.database()), this.database()));
  }

  private isIdle(): void {
    if (this.rm.running()) throw new Error(`${this.rm.name} is running: its disk is not to be touched`);
  }

  private folder(): string {
    return this.cluster.dataOf(this.rm.name);
  }

  private database(): string {
    const found = this.cluster.databases().find(({ rm }) => `rm${rm}` === this.rm.name);
    if (found === undefined) throw new Error(`${this.rm.name} has its database in its folder`);
    return new URL(found.url).pathname.slice(1);
  }

  private copied(name: string): string {
    return `${name}_copy`;
  }

  private async sql(work: (connection: Connection) => Promise<unknown>): Promise<void> {
    const connection = await createConnection({ host: '127.0.0.1', port: this.cluster.sql?.port ?? 0, user: 'root' });
    try {
      await work(connection);
    } finally {
      await connection.end();
    }
  }
}

function copyFolder(from: string, to: string): void {
  if (!existsSync(from)) throw new Error(`${from} is not there`);
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

async function copyDatabase(connection: Connection, from: string, to: string): Promise<void> {
  await connection.query(`drop database if exists ${to}`);
  await connection.query(`create database ${to}`);
  const [rows] = await connection.query<RowDataPacket[]>('select table_name as name from information_schema.tables where table_schema = ?', [from]);
  for (const name of rows.map((row) => String(row['name']))) {
    await connection.query(`create table ${to}.${name} like ${from}.${name}`);
    await connection.query(`insert into ${to}.${name} select * from ${from}.${name}`);
  }
}
