/**
 * Yardstick: the same transfers on one PostgreSQL server, replicated nowhere, every commit synced; what somebody gets who does
 * not need more than one machine. A transfer is one transaction in one round trip: a balance on each side, a journal row with
 * both running balances, and a payment row whose unique id makes a repetition harmless. Once with receivers spread over all
 * accounts, once with one that everybody pays.
 */
import { startPostgres } from '@mas/test-servers';
import { Client } from 'pg';
import { closedLoop, type LoadResult } from '../load/closed-loop';
import { childrenOf, UsageMeter } from '../measure/process-usage';

const ACCOUNTS = 2_000;
const OPENING_BALANCE = 1_000_000_000;
/** More than connect: the server's own. */
const SPARE_CONNECTIONS = 16;
const SCHEMA = `CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);
  CREATE TABLE payment (id text PRIMARY KEY, payer int NOT NULL, receiver int NOT NULL, amount bigint NOT NULL);
  CREATE TABLE journal (payment text PRIMARY KEY, payer_after bigint NOT NULL, receiver_after bigint NOT NULL);
  INSERT INTO account SELECT id, ${OPENING_BALANCE} FROM generate_series(0, ${ACCOUNTS - 1}) AS id`;

export type Receivers = 'spread' | 'hot';

export interface PostgresResult extends LoadResult {
  readonly conserved: boolean;
  /** Of the server, per transfer. */
  readonly cpuMicros: number;
}

export async function postgresTransfers(callers: number, durationMs: number, receivers: Receivers): Promise<PostgresResult> {
  const server = await startPostgres({ maxConnections: callers + SPARE_CONNECTIONS });
  try {
    const connect = async (): Promise<Client> => {
      const client = new Client({ connectionString: server.url });
      await client.connect();
      return client;
    };
    const admin = await connect();
    await admin.query(SCHEMA);
    const sessions: Client[] = [];
    for (let caller = 0; caller < callers; caller += 1) sessions.push(await connect());
    let next = 0;
    let meter: UsageMeter | null = null;
    let cpuSeconds = 0;
    const result = await closedLoop({
      callers,
      durationMs,
      call: async (caller) => {
        next += 1;
        await sessions[caller]?.query(transfer(`c${next}`, receivers));
      },
      onCounting: () => {
        // A process for each connection, and those that write: all are children of the first.
        meter = new UsageMeter(new Map([server.pid, ...childrenOf(server.pid)].map((pid) => [String(pid), pid])));
      },
      onCounted: () => {
        cpuSeconds = Object.values(meter?.since() ?? {}).reduce((sum, usage) => sum + usage.cpuSeconds, 0);
      },
    });
    const { rows } = await admin.query<{ total: string }>('SELECT SUM(balance) AS total FROM account');
    for (const session of [...sessions, admin]) await session.end();
    return { ...result, cpuMicros: (cpuSeconds * 1e6) / Math.max(1, result.units), conserved: rows[0]?.total === String(ACCOUNTS * OPENING_BALANCE) };
  } finally {
    await server.stop();
  }
}

/** Several statements in one message are one transaction. Rows are updated in the order of their ids: no two transfers wait for each other in a circle. */
function transfer(id: string, receivers: Receivers): string {
  const receiver = receivers === 'hot' ? 0 : Math.floor(Math.random() * ACCOUNTS);
  const payer = (receiver + 1 + Math.floor(Math.random() * (ACCOUNTS - 1))) % ACCOUNTS;
  const updates = [
    [payer, -1],
    [receiver, 1],
  ] as const;
  const [first, second] = payer < receiver ? updates : [updates[1], updates[0]];
  const update = ([account, amount]: readonly [number, number]): string => `UPDATE account SET balance = balance + ${amount} WHERE id = ${account}`;
  return `${update(first)}; ${update(second)};
    INSERT INTO payment VALUES ('${id}', ${payer}, ${receiver}, 1);
    INSERT INTO journal SELECT '${id}', p.balance, r.balance FROM account p, account r WHERE p.id = ${payer} AND r.id = ${receiver}`;
}
