/** SqlDatabase on MySQL 8 and 9 and MariaDB 10.11. */
import { CompiledQuery, Kysely, MysqlDialect } from 'kysely';
import { invariant } from '@mas/values';
import type { Failure } from '../errors';
import type { Schema } from '../schema/schema';
import { loadRows, MYSQL, type SqlDialect } from '../sql-dialect';
import type { RawRow, SqlDatabase } from '../sql-database';
import type { LocalLoading } from './local-load';
import { classifyMysqlError } from './mysql-errors';
import type { MysqlSettings } from './mysql-settings';
import { TimedPool } from './timed-pool';

const BULK_STATEMENT_TIMEOUT_MS = 60_000;
const ADMIN_STATEMENT_TIMEOUT_MS = 600_000;
/** A consistent read that met a dead connection is asked again on another one; reading twice does no harm. */
const MAX_READ_ATTEMPTS = 3;

/** What readTogether wraps the statements in: they come behind OPENING.length results. */
const OPENING = ['set transaction isolation level repeatable read', 'start transaction with consistent snapshot, read only'];

export class MysqlDatabase implements SqlDatabase {
  readonly dialect: SqlDialect;
  readonly hasReadViews = true;
  readonly db: Kysely<Schema>;
  readonly bulk: Kysely<Schema>;
  readonly description: string;

  /** @param loading how bulk rows travel @param make the database itself, which is not there yet; null: it is */
  constructor(
    private readonly settings: MysqlSettings,
    private readonly loading: LocalLoading,
    private make: (() => Promise<void>) | null,
  ) {
    this.dialect = { ...MYSQL, upserts: (into) => (loading.isAllowed ? loadRows(into) : MYSQL.upserts(into)) };
    this.description = `MySQL at ${settings.description}`;
    this.db = this.connect(settings.connections, settings.statementTimeoutMs);
    this.bulk = this.connect(settings.bulkConnections, Math.max(settings.statementTimeoutMs, BULK_STATEMENT_TIMEOUT_MS));
  }

  get isMissing(): boolean {
    return this.make !== null;
  }

  async create(): Promise<void> {
    await this.make?.();
    this.make = null;
  }

  async withAdmin<Result>(work: (db: Kysely<Schema>) => Promise<Result>): Promise<Result> {
    const admin = this.connect(1, ADMIN_STATEMENT_TIMEOUT_MS);
    try {
      return await work(admin);
    } finally {
      await admin.destroy();
    }
  }

  async readTogether(statements: readonly string[]): Promise<readonly (readonly RawRow[])[]> {
    const text = [...OPENING, ...statements, 'commit'].join('; ');
    for (let attempt = 1; ; attempt++) {
      try {
        const results = await this.runAll(text);
        return statements.map((_, at) => {
          const rows = results[OPENING.length + at];
          invariant(Array.isArray(rows), 'every SELECT has a result', { at });
          return rows as readonly RawRow[];
        });
      } catch (error) {
        if (classifyMysqlError(error) !== 'connection-lost' || attempt === MAX_READ_ATTEMPTS) throw error;
      }
    }
  }

  classify(error: unknown): Failure {
    return classifyMysqlError(error);
  }

  async close(): Promise<void> {
    await Promise.all([this.db.destroy(), this.bulk.destroy()]);
  }

  private runAll(text: string): Promise<readonly unknown[]> {
    return this.db.connection().execute(async (connection) => {
      try {
        return (await connection.executeQuery(CompiledQuery.raw(text))).rows;
      } catch (error) {
        // A statement in the middle failed: the SQL transaction is still open.
        await connection.executeQuery(CompiledQuery.raw('rollback'));
        throw error;
      }
    });
  }

  private connect(connections: number, statementTimeoutMs: number): Kysely<Schema> {
    return new Kysely<Schema>({ dialect: new MysqlDialect({ pool: new TimedPool(this.settings, { connections, statementTimeoutMs }, this.loading) }) });
  }
}
