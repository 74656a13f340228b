/**
 * Yardstick: the same transfers as XA transactions over two private MariaDB servers, without replication: what one
 * gets from the databases alone. Each transfer debits a row on one server and credits one on the other.
 */
import { startMariaDb } from '@mas/test-servers';
import { createConnection, type Connection } from 'mysql2/promise';
import { closedLoop, type LoadResult } from '../load/closed-loop';

const ACCOUNTS = 2_000;
const OPENING_BALANCE = 1_000_000_000;

interface Session {
  readonly sides: readonly [Connection, Connection];
  transfers: number;
}

export interface XaResult extends LoadResult {
  readonly conserved: boolean;
}

export async function xaTransfers(callers: number, durationMs: number): Promise<XaResult> {
  // One after the other: two installations at once have met in the temporary folder.
  const servers = [await startMariaDb({ durability: 'durable' }), await startMariaDb({ durability: 'durable' })];
  try {
    const connect = (at: 0 | 1): Promise<Connection> => createConnection({ host: '127.0.0.1', port: servers[at]?.port ?? 0, user: 'root', multipleStatements: true });
    const admins = [await connect(0), await connect(1)];
    for (const admin of admins) {
      await admin.query('CREATE DATABASE yardstick; USE yardstick; CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB');
      await admin.query(`INSERT INTO account SELECT seq, ${OPENING_BALANCE} FROM seq_0_to_${ACCOUNTS - 1}`);
    }
    const sessions: Session[] = [];
    for (let caller = 0; caller < callers; caller += 1) {
      const sides = [await connect(0), await connect(1)] as const;
      for (const side of sides) await side.query('USE yardstick');
      sessions.push({ sides, transfers: 0 });
    }
    const result = await closedLoop({
      callers,
      durationMs,
      call: async (caller) => {
        const session = sessions[caller];
        if (session !== undefined) await transfer(session, caller);
      },
    });
    const sums = await Promise.all(admins.map(async (admin) => Number((await admin.query<never>('SELECT SUM(balance) AS total FROM account') as unknown as [{ total: string }[]])[0][0]?.total)));
    await Promise.all([...sessions.flatMap((session) => session.sides), ...admins].map((connection) => connection.end()));
    return { ...result, conserved: sums.reduce((sum, value) => sum + value, 0) === 2 * ACCOUNTS * OPENING_BALANCE };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** One transfer; both sides of each step run in parallel. Updates of one row are serialized by InnoDB, never deadlocked: one row a side. */
async function transfer(session: Session, caller: number): Promise<void> {
  session.transfers += 1;
  const xid = `'c${caller}-${session.transfers}'`;
  const rows = [Math.floor(Math.random() * ACCOUNTS), Math.floor(Math.random() * ACCOUNTS)];
  const amounts = [-1, 1];
  await Promise.all(session.sides.map((side, at) => side.query(`XA START ${xid}; UPDATE account SET balance = balance + ${amounts[at] ?? 0} WHERE id = ${rows[at] ?? 0}; XA END ${xid}; XA PREPARE ${xid}`)));
  await Promise.all(session.sides.map((side) => side.query(`XA COMMIT ${xid}`)));
}
