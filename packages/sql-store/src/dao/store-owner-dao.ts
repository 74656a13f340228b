/** StoreOwnerDAO: the one row that says whose rows all others are. */
import { sql, type Kysely } from 'kysely';
import type { StoreOwner, StoreOwnership } from '@mas/resource-manager';
import { rmId } from '@mas/values';
import { asInt, asText } from '../rows/raw-values';
import type { Schema } from '../schema/schema';
import { integer, type SqlDialect } from '../sql-dialect';

const THE_ROW = 1;

export class StoreOwnerDAO {
  constructor(
    private readonly executor: Kysely<Schema>,
    private readonly dialect: SqlDialect,
  ) {}

  /** Reads only, also where there are no tables yet. */
  static async ownership(executor: Kysely<Schema>, dialect: SqlDialect): Promise<StoreOwnership> {
    const tables = new Set((await executor.introspection.getTables()).map(({ name }) => name));
    if (tables.has('store_owner')) {
      const owner = await new StoreOwnerDAO(executor, dialect).find('');
      if (owner !== null) return { kind: 'owned', owner };
    }
    if (!tables.has('bucket_meta')) return { kind: 'empty' };
    const [row] = await executor.selectFrom('bucket_meta').select('bucket').limit(1).execute();
    return { kind: row === undefined ? 'empty' : 'unnamed' };
  }

  /** Locks the row where there is one. */
  lock(): Promise<StoreOwner | null> {
    return this.find(this.dialect.forUpdate);
  }

  /** The first one stays. */
  async insertIfAbsent({ clusterId, rm, incarnation }: StoreOwner): Promise<void> {
    await sql
      .raw(
        `${this.dialect.insertIfAbsent} store_owner (one,cluster_id,rm,incarnation) values (${THE_ROW},${this.dialect.text(clusterId)},${integer(rm)},${this.dialect.text(incarnation)})`,
      )
      .execute(this.executor);
  }

  async replace({ clusterId, rm, incarnation }: StoreOwner): Promise<void> {
    await this.executor.updateTable('store_owner').set({ cluster_id: clusterId, rm, incarnation }).where('one', '=', THE_ROW).execute();
  }

  private async find(suffix: string): Promise<StoreOwner | null> {
    const { rows } = await sql
      .raw<Record<string, unknown>>(`select cluster_id,rm,incarnation from store_owner where one=${THE_ROW}${suffix}`)
      .execute(this.executor);
    const [row] = rows;
    if (row === undefined) return null;
    return { clusterId: asText(row['cluster_id'], 'cluster id'), rm: rmId(asInt(row['rm'], 'rm')), incarnation: asText(row['incarnation'], 'incarnation') };
  }
}
