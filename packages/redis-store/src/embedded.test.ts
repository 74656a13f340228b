/** The embedded stand-in passes the contracts, and its append file brings back what matters. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { MemoryLockStore } from '@mas/global-lock';
import { genesisPlacement } from '@mas/placement';
import { systemClock } from '@mas/testkit/clock';
import { rmId } from '@mas/values';
import { lockStoreContract } from './contract/lock-store-contract';
import { txnCoordinatorDaoContract } from './contract/txn-coordinator-dao-contract';
import { EmbeddedJournal } from './memory/embedded-journal';
import { MemoryTxnCoordinatorDao } from './memory/memory-txn-coordinator-dao';
import { NumberedFiles } from './memory/segment-files';
import type { Retention } from './retention';
import { ended, sampleEntry } from './testing/entry-samples';

const nothing = (): Promise<void> => Promise.resolve();

lockStoreContract('memory', () => {
  const store = new MemoryLockStore(systemClock);
  return Promise.resolve({ store, other: store, empty: () => Promise.resolve(store.clear()), dispose: nothing });
});

txnCoordinatorDaoContract('memory', () => {
  const locks = new MemoryLockStore(systemClock);
  const dao = new MemoryTxnCoordinatorDao({ clock: systemClock, locks });
  const withRetention = (retention: Retention): MemoryTxnCoordinatorDao => new MemoryTxnCoordinatorDao({ clock: systemClock, locks, retention });
  return Promise.resolve({ dao, other: dao, locks, withRetention, empty: () => Promise.resolve(dao.clear()), dispose: nothing });
});

describe('files', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mas-embedded-'));
  const file = path.join(directory, 'coordinator.journal');
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

  const open = (): { dao: MemoryTxnCoordinatorDao; journal: EmbeddedJournal } => {
    const journal = new EmbeddedJournal({
      files: new NumberedFiles(file),
      clock: systemClock,
      onTrouble: (error) => {
        throw error;
      },
    });
    return { journal, dao: new MemoryTxnCoordinatorDao({ clock: systemClock, locks: new MemoryLockStore(systemClock), journal }) };
  };

  test('entries and the map are there after every restart; a torn line is skipped; what was left half written by an earlier version goes', async () => {
    const map = genesisPlacement(
      [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:${id}` })),
      3,
      3,
    );
    const committed = ended(sampleEntry(1), 'COMMITTED');
    const pending = sampleEntry(2);
    const first = open();
    await first.dao.begin([sampleEntry(1), pending], []);
    await first.dao.record([committed]);
    await first.dao.begin([sampleEntry(3)], []);
    await first.dao.forget([sampleEntry(3)]);
    await first.dao.publishPlacement(map);
    await first.journal.close();
    fs.appendFileSync(`${file}.1`, 'E{"v":1,"key":"torn');
    fs.writeFileSync(`${file}.new`, 'half');
    for (let restart = 0; restart < 2; restart += 1) {
      const { dao, journal } = open();
      expect(await dao.transactions([committed.key, pending.key, sampleEntry(3).key])).toEqual([committed, pending, null]);
      expect(await dao.placement()).toEqual(map);
      await dao.begin([sampleEntry(4)], []);
      await journal.close();
      expect(fs.readdirSync(directory)).toEqual(['coordinator.journal.1']);
      expect(fs.statSync(`${file}.1`).mode & 0o777).toBe(0o600);
    }
  });
});
