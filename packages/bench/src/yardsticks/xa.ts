/**
 * Yardstick: the same transfers as XA transactions over two private MariaDB servers, without replication: what one
 * gets from the databases alone. Each transfer debits a row on one server and credits one on the other. In two forms:
 * the balances and nothing else, and with what a ledger keeps of each transfer (a journal row with the running balance
 * on both sides, and a row per payment whose unique id is what makes a repetition harmless).
 */
import { startMariaDb } from '@mas/test-servers';
import { createConnection, type Connection } from 'mysql2/promise';
import { closedLoop, type LoadResult } from '../load/closed-loop';
import { UsageMeter } from '../measure/process-usage';

const ACCOUNTS = 2_000;
const OPENING_BALANCE = 1_000_000_000;

interface Session {
  readonly sides: readonly [Connection, Connection];
  transfers: number;
}

/** What a transfer leaves behind. */
export type XaRecords = 'balances-only' | 'with-books';

export interface XaResult extends LoadResult {
  readonly conserved: boolean;
  /** Of both servers, per transfer. */
  readonly cpuMicros: number;
}

export async function xaTransfers(callers: number, durationMs: number, records: XaRecords): Promise<XaResult> {
  // One after the other: two installations at once have met in the temporary folder.
  const servers = [await startMariaDb({ durability: 'durable', memory: 'large' }), await startMariaDb({ durability: 'durable', memory: 'large' })];
  try {
    const connect = (at: 0 | 1): Promise<Connection> =>
      createConnection({ host: '127.0.0.1', port: servers[at]?.port ?? 0, user: 'root', multipleStatements: true });
    const admins = [await connect(0), await connect(1)];
    for (const admin of admins) {
      await admin.query(
        'CREATE DATABASE yardstick; USE yardstick; CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB; CREATE TABLE journal (account INT NOT NULL, payment VARCHAR(40) NOT NULL, amount BIGINT NOT NULL, balance_after BIGINT NOT NULL, PRIMARY KEY (account, payment)) ENGINE=InnoDB; CREATE TABLE payment (id VARCHAR(40) PRIMARY KEY, payer INT NOT NULL, receiver INT NOT NULL, amount BIGINT NOT NULL) ENGINE=InnoDB',
      );
      await admin.query(`INSERT INTO account SELECT seq, ${OPENING_BALANCE} FROM seq_0_to_${ACCOUNTS - 1}`);
    }
    const sessions: Session[] = [];
    for (let caller = 0; caller < callers; caller += 1) {
      const sides = [await connect(0), await connect(1)] as const;
      for (const side of sides) await side.query('USE yardstick');
      sessions.push({ sides, transfers: 0 });
    }
    const pids = new Map(servers.map((server, at) => [String(at), server.pid]));
    let meter = new UsageMeter(pids);
    let cpuSeconds = 0;
    const result = await closedLoop({
      callers,
      durationMs,
      onCounting: () => {
        meter = new UsageMeter(pids);
      },
      onCounted: () => {
        cpuSeconds = Object.values(meter.since()).reduce((sum, usage) => sum + usage.cpuSeconds, 0);
      },
      call: async (caller) => {
        const session = sessions[caller];
        if (session !== undefined) await transfer(session, caller, records);
      },
    });
    const sums = await Promise.all(
      admins.map(async (admin) =>
        Number(((await admin.query<never>('SELECT SUM(balance) AS total FROM account')) as unknown as [{ total: string }[]])[0][0]?.total),
      ),
    );
    await Promise.all([...sessions.flatMap((session) => session.sides), ...admins].map((connection) => connection.end()));
    return {
      ...result,
      cpuMicros: (cpuSeconds * 1e6) / Math.max(1, result.units),
      conserved: sums.reduce((sum, value) => sum + value, 0) === 2 * ACCOUNTS * OPENING_BALANCE,
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** One transfer; both sides of each step run in parallel. Updates of one row are serialized by InnoDB, never deadlocked: one row a side. */
async function transfer(session: Session, caller: number, records: XaRecords): Promise<void> {
  session.transfers += 1;
  const id = `'c${caller}-${session.transfers}'`;
  const [payer, receiver] = [Math.floor(Math.random() * ACCOUNTS), Math.floor(Math.random() * ACCOUNTS)];
  const work = (row: number, amount: number): string => {
    const update = `UPDATE account SET balance = balance + ${amount} WHERE id = ${row}`;
    return records === 'balances-only' ? update : `${update}; INSERT INTO journal SELECT ${row}, ${id}, ${amount}, balance FROM account WHERE id = ${row}`;
  };
  const debit = records === 'balances-only' ? work(payer, -1) : `INSERT INTO payment VALUES (${id}, ${payer}, ${receiver}, 1); ${work(payer, -1)}`;
  const sides = [debit, work(receiver, 1)];
  await Promise.all(session.sides.map((side, at) => side.query(`XA START ${id}; ${sides[at] ?? ''}; XA END ${id}; XA PREPARE ${id}`)));
  await Promise.all(session.sides.map((side) => side.query(`XA COMMIT ${id}`)));
}
