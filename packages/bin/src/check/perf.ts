/** The parts that a payment waits for, each by itself: nothing of a cluster runs. What it makes, in the folder and in the database, it removes. */
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { table } from '../client/table';
import { integer } from '../config/setting';
import { readRedisUrl } from '../server/redis-url';
import { UsageError } from '../usage-error';
import type { PerfFlags } from './check-command';
import { repeated, type Measure } from './repeated';

const BLOCK_BYTES = 4_096;
const BLOCKS = 1_024;
const HASHED_BYTES = 65_536;
const MAX_SECONDS = 60;
const CONNECT_TIMEOUT_MS = 3_000;
/** A promise in the receiver's bucket, then the decision in the sender's: each waits for its log (docs/life-of-a-payment.md). */
const WRITES_IN_A_ROW = 2;

export async function checkPerf(flags: PerfFlags): Promise<void> {
  const seconds = integer(1, MAX_SECONDS).safeParse(flags.seconds);
  if (!seconds.success) throw new UsageError(`--seconds is "${flags.seconds}"; expected a whole number from 1 to ${MAX_SECONDS}`);
  if ((flags.sql === undefined) !== (flags.db === undefined)) throw new UsageError('--sql and --db belong together');
  const durationMs = seconds.data * 1_000;
  const measures = [
    await disk(flags.folder, durationMs),
    await core(durationMs),
    ...(flags.redis === undefined ? [] : await redis(flags.redis, durationMs)),
    ...(flags.sql === undefined ? [] : await sql(flags.sql, flags.db ?? '', durationMs)),
  ];
  process.stdout.write(flags.json === true ? `${JSON.stringify({ cores: availableParallelism(), measures })}\n` : `${shown(measures)}\n`);
}

function shown(measures: readonly Measure[]): string {
  const rows = measures.map(({ what, perSecond, p50Ms, p99Ms }) => [what, perSecond.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2)]);
  const [log] = measures;
  return [
    table(['what', 'per second', 'p50 ms', 'p99 ms'], rows, [1, 2, 3]),
    `${availableParallelism()} cores`,
    `a payment across two buckets is answered after ${WRITES_IN_A_ROW} durable writes in a row: ${(WRITES_IN_A_ROW * (log?.p50Ms ?? 0)).toFixed(1)} ms at least on this disk, and ${(WRITES_IN_A_ROW * (log?.p99Ms ?? 0)).toFixed(1)} ms where both are slow; many payments share one write`,
  ].join('\n');
}

/** Within a file that has its size already, as a segment of the log has. */
async function disk(folder: string, durationMs: number): Promise<Measure> {
  const path = join(folder, `mas-check-${randomUUID()}`);
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    throw new UsageError(`cannot write in ${folder} (--folder): ${messageOf(error)}`);
  }
  try {
    const block = Buffer.alloc(BLOCK_BYTES, 1);
    for (let at = 0; at < BLOCKS; at += 1) writeSync(file, block, 0, BLOCK_BYTES, at * BLOCK_BYTES);
    fdatasyncSync(file);
    let at = 0;
    return await repeated('a write of 4 KiB made durable', durationMs, () => {
      writeSync(file, block, 0, BLOCK_BYTES, (at++ % BLOCKS) * BLOCK_BYTES);
      fdatasyncSync(file);
    });
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

function core(durationMs: number): Promise<Measure> {
  const bytes = Buffer.alloc(HASHED_BYTES, 7);
  return repeated('SHA-256 of 64 KiB on one core', durationMs, () => void createHash('sha256').update(bytes).digest());
}

async function redis(url: string, durationMs: number): Promise<readonly Measure[]> {
  const target = readRedisUrl(process.env['MAS_REDIS'] ?? url);
  if (target === null) throw new UsageError('--redis is "embedded": there is no server to measure');
  const { host, port, redis: options } = target;
  const client = new Redis({
    host,
    port,
    ...options,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  const key = `mas-check:${randomUUID()}`;
  try {
    await client.connect();
    return [await repeated('Redis: one SET after the other', durationMs, () => client.set(key, 'x', 'EX', MAX_SECONDS))];
  } catch (error) {
    throw new UsageError(`Redis at ${host}:${port} does not answer as it should: ${messageOf(error)}`);
  } finally {
    await client.del(key).catch(() => undefined);
    client.disconnect();
  }
}

async function sql(url: string, database: string, durationMs: number): Promise<readonly Measure[]> {
  const name = `mas_check_${randomUUID().replaceAll('-', '')}`;
  const connection = await createConnection({ uri: process.env['MAS_SQL'] ?? url, database, connectTimeout: CONNECT_TIMEOUT_MS }).catch(unanswered);
  try {
    await connection.query(`create table ${name} (id bigint primary key auto_increment, body varchar(200))`);
    const read = await repeated('SQL: one question after the other', durationMs, () => connection.query('select 1'));
    const written = await repeated('SQL: one row committed after the other', durationMs, () =>
      connection.query(`insert into ${name} (body) values (repeat('x', 200))`),
    );
    return [read, written];
  } catch (error) {
    return unanswered(error);
  } finally {
    await connection.query(`drop table if exists ${name}`).catch(() => undefined);
    connection.destroy();
  }
}

function unanswered(error: unknown): never {
  throw new UsageError(`the SQL server does not answer as it should (--sql, --db): ${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
