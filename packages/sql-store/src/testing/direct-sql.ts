/** A plain connection beside the store, for tests that look at, lock or disturb what the store does. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2';

export class DirectSql {
  private constructor(private readonly connection: Connection) {}

  static async connect(port: number, database?: string): Promise<DirectSql> {
    const connection = createConnection({ host: '127.0.0.1', port, user: 'root', ...(database === undefined ? {} : { database }) });
    connection.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => connection.connect((error) => (error === null ? resolve() : reject(error))));
    return new DirectSql(connection);
  }

  run(sql: string): Promise<readonly RowDataPacket[]> {
    return new Promise((resolve, reject) => this.connection.query<RowDataPacket[]>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error))));
  }

  /** First column of the first row. */
  async value(sql: string): Promise<unknown> {
    const [row] = await this.run(sql);
    return row === undefined ? undefined : Object.values(row)[0];
  }

  close(): void {
    this.connection.destroy();
  }
}
