/** The coordinator's store, real or embedded: its DAO and its lock table behind the same ports. */
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { MemoryLockStore, type LockStore } from '@mas/global-lock';
import { EmbeddedJournal, MemoryTxnCoordinatorDao, NumberedFiles, RedisLink, RedisLockStore, RedisTxnCoordinatorDao, type Retention } from '@mas/redis-store';
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

/** Of one file of the embedded journal: 4 MiB, or less where less is kept. */
const segmentBytesOf = ({ entries }: Retention): number => Math.min(4 << 20, Math.max(1 << 16, entries * 128));
/** Start-up waits so long for Redis and then goes on without it. */
const CONNECT_WAIT_MS = 1_000;

export interface StoreSettings {
  /** null: embedded. Redis itself may be away: the coordinator goes on without it. */
  readonly redis: RedisTarget | null;
  readonly dataFolder: string;
  readonly silenceMs: number;
  readonly retention: Retention;
}

export async function openCoordinatorStore(settings: StoreSettings, ports: StorePorts): Promise<CoordinatorStore> {
  return settings.redis === null ? openEmbedded(settings, ports) : openRedis(settings.redis, settings, ports);
}

function openEmbedded({ dataFolder, retention }: StoreSettings, { clock, logger }: StorePorts): CoordinatorStore {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const lockStore = new MemoryLockStore(clock);
  const onTrouble = (trouble: unknown): void => {
    if (trouble === null) logger.info({}, 'the embedded journal is written again');
    else logger.warn({ err: trouble }, 'the embedded journal cannot be read or written; going on in memory');
  };
  const journal = new EmbeddedJournal({
    files: new NumberedFiles(join(dataFolder, 'coordinator.journal')),
    clock,
    onTrouble,
    segmentBytes: segmentBytesOf(retention),
  });
  const dao = new MemoryTxnCoordinatorDao({ clock, locks: lockStore, retention, journal });
  return { dao, lockStore, close: () => journal.close() };
}

async function openRedis(
  { host, port, redis }: RedisTarget,
  { silenceMs, retention }: StoreSettings,
  { clock, random, logger }: StorePorts,
): Promise<CoordinatorStore> {
  const open = (): RedisLink => new RedisLink({ host, port, clock, logger, redis });
  const links = [open(), open()] as const;
  const where = `${host}:${port}`;
  const [reason] = await Promise.all([
    links[0].connect(CONNECT_WAIT_MS, () => logger.info({ redis: where }, 'Redis answers now')),
    links[1].connect(CONNECT_WAIT_MS),
  ]);
  if (reason !== null) logger.warn({ redis: where, reason }, 'Redis does not answer; this coordinator goes on without it until it does');
  return {
    dao: new RedisTxnCoordinatorDao(links[0], random, { beginBoundMs: silenceMs, retention }),
    lockStore: new RedisLockStore(links[0], links[1]),
    close: async () => {
      await Promise.allSettled(links.map((link) => link.close()));
    },
  };
}
