/** The coordinator's store, real or embedded: its DAO and its lock table behind the same ports. */
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { MemoryLockStore, type LockStore } from '@mas/global-lock';
import { EmbeddedJournal, MemoryTxnCoordinatorDao, RedisLink, RedisLockStore, RedisTxnCoordinatorDao } from '@mas/redis-store';
import type { TxnCoordinatorDAO } from '@mas/transaction-coordinator';
import type { Clock, Logger, Random } from '@mas/values';
import type { RedisTarget } from './redis-url';

export interface CoordinatorStore {
  readonly dao: TxnCoordinatorDAO;
  readonly lockStore: LockStore;
  close(): Promise<void>;
}

export interface StorePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Start-up waits so long for Redis and then goes on without it. */
const CONNECT_WAIT_MS = 1_000;

/** @param target null: embedded. Redis itself may be away: the coordinator goes on without it. */
export async function openCoordinatorStore(target: RedisTarget | null, dataFolder: string, silenceMs: number, ports: StorePorts): Promise<CoordinatorStore> {
  return target === null ? openEmbedded(dataFolder, ports) : openRedis(target, silenceMs, ports);
}

function openEmbedded(dataFolder: string, { clock, logger }: StorePorts): CoordinatorStore {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const lockStore = new MemoryLockStore(clock);
  const journal = new EmbeddedJournal(join(dataFolder, 'coordinator.journal'), (error) => logger.warn({ err: error }, 'the embedded journal cannot be written; going on in memory'));
  const dao = new MemoryTxnCoordinatorDao({ clock, locks: lockStore, journal });
  journal.compact(dao.contents());
  return { dao, lockStore, close: () => Promise.resolve(journal.close()).then(() => undefined) };
}

async function openRedis({ host, port, redis }: RedisTarget, silenceMs: number, { clock, random, logger }: StorePorts): Promise<CoordinatorStore> {
  const open = (): RedisLink => new RedisLink({ host, port, clock, logger, redis });
  const links = [open(), open()] as const;
  const where = `${host}:${port}`;
  const [reason] = await Promise.all([links[0].connect(CONNECT_WAIT_MS, () => logger.info({ redis: where }, 'Redis answers now')), links[1].connect(CONNECT_WAIT_MS)]);
  if (reason !== null) logger.warn({ redis: where, reason }, 'Redis does not answer; this coordinator goes on without it until it does');
  return {
    dao: new RedisTxnCoordinatorDao(links[0], random, { beginBoundMs: silenceMs }),
    lockStore: new RedisLockStore(links[0], links[1]),
    close: async () => {
      await Promise.allSettled(links.map((link) => link.close()));
    },
  };
}
