/** Into buckets of another map: the same money, the same journals; what was undecided is gone with what it held. */
import { join } from 'node:path';
import { SEMANTICS_VERSION, type AccountRow, type LegRow } from '@mas/ledger';
import { genesisPlacement } from '@mas/placement';
import { nodeId } from '@mas/raft';
import { platformDigest, type Checkpoint, type SnapshotReader } from '@mas/resource-manager';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { MemoryAppliedStore } from '@mas/testkit/applied-store';
import { present, rmId, type BucketId } from '@mas/values';
import { BackupDamaged, restoredBuckets, restoreRows, verifyBackup, type VerifiedBackup } from './index';
import { ANN, BOB, CODEC, MOMENT_US, SmallLedger, type MoveStep } from './testing/small-ledger';

let folder: TempFolder;
let backup: VerifiedBackup;
let ledger: SmallLedger;

beforeAll(async () => {
  folder = await tempFolder('mas-restore');
  ledger = new SmallLedger();
  await ledger.backUp(join(folder.path, 'b'));
  backup = await verifyBackup(join(folder.path, 'b'), {
    codec: CODEC,
    digest: platformDigest,
    semanticsVersion: SEMANTICS_VERSION,
    onProgress: () => undefined,
  });
});

afterAll(() => folder.remove());

const CONF_STATE: NonNullable<Checkpoint['confState']> = { voters: [nodeId(1)], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

interface Restored {
  readonly accounts: ReadonlyMap<string, AccountRow>;
  readonly legs: readonly LegRow[];
  readonly checkpoints: readonly Checkpoint[];
  readonly locks: number;
}

async function restoredInto(buckets: number, from = backup): Promise<Restored> {
  const store = new MemoryAppliedStore();
  const map = genesisPlacement([{ rm: rmId(1), address: 'localhost:1' }], buckets, 1);
  const planned = restoredBuckets(
    from,
    map.buckets.map(({ bucket, slots }) => ({ bucket, slots, confState: CONF_STATE })),
  );
  await restoreRows(from, planned, true, { codec: CODEC, digest: platformDigest, store, onRows: () => undefined });
  return read(
    store,
    map.buckets.map(({ bucket }) => bucket),
  );
}

async function read(store: MemoryAppliedStore, buckets: readonly BucketId[]): Promise<Restored> {
  const accounts = new Map<string, AccountRow>();
  const legs: LegRow[] = [];
  const checkpoints: Checkpoint[] = [];
  let locks = 0;
  for (const bucket of buckets) {
    const reader: SnapshotReader = await (await store.openBucket(bucket)).store.readSnapshot();
    checkpoints.push(reader.checkpoint);
    for await (const chunk of reader.chunks()) {
      if (chunk.kind === 'accounts') for (const row of chunk.rows) accounts.set(row.number, row);
      if (chunk.kind === 'legs') legs.push(...chunk.rows);
      if (chunk.kind === 'locks') locks += chunk.rows.length;
    }
  }
  return { accounts, legs, checkpoints, locks };
}

test.each([1, 2, 5])('into %i buckets', async (buckets) => {
  const { accounts, legs, checkpoints, locks } = await restoredInto(buckets);
  // 100 − 10 − 20 − 7; the payment that was decided and not told stays promised to bob.
  expect(accounts.get(ANN)).toMatchObject({ balanceMinor: 63n, holdsMinor: 0n });
  expect(accounts.get(BOB)).toMatchObject({ balanceMinor: 120n, holdsMinor: 30n, pendingCreditsMinor: 7n });
  const states = legs
    .filter(({ account }) => account === BOB)
    .map(({ spec, state, reservation, refundReservedMinor }) => [spec.effect, state, reservation?.status, refundReservedMinor]);
  expect(states).toEqual([
    ['credit', 'committed', undefined, 0n],
    ['credit', 'prepared', undefined, 0n],
    ['authorize', 'committed', 'open', 0n],
  ]);
  expect(locks).toBe(0);
  const highest = Math.max(...ledger.buckets.map((bucket) => bucket.reader().checkpoint.applied.index));
  for (const { applied, meta, confState } of checkpoints) {
    expect([applied, confState]).toEqual([{ index: highest + 1, term: 1 }, CONF_STATE]);
    expect(meta).toMatchObject({ momentUs: MOMENT_US, epoch: 1 });
    expect(meta?.lockSeq).toBeGreaterThan(2 ** 40);
  }
  const issued = checkpoints.reduce((sum, { meta }) => sum + [...(meta?.issued.values() ?? [])].reduce((all, one) => all + one, 0n), 0n);
  expect([issued, checkpoints.reduce((sum, { meta }) => sum + (meta?.accountCount ?? 0), 0)]).toEqual([300n, 3]);
});

test('no two reads of a database are open at a time: it may give out few', async () => {
  const store = new MemoryAppliedStore();
  const open = { now: 0, most: 0 };
  const counting: Pick<MemoryAppliedStore, 'openBucket'> = {
    openBucket: async (bucket) => {
      const opened = await store.openBucket(bucket);
      const readSnapshot = async (): Promise<SnapshotReader> => {
        const reader = await opened.store.readSnapshot();
        open.most = Math.max(open.most, (open.now += 1));
        const close = (): Promise<void> => {
          open.now -= 1;
          return reader.close();
        };
        return { checkpoint: reader.checkpoint, chunks: (kinds, sinceMs) => reader.chunks(kinds, sinceMs), close };
      };
      return {
        ...opened,
        store: {
          bucket,
          load: (request) => opened.store.load(request),
          checkpoint: (batch) => opened.store.checkpoint(batch),
          scanIdentities: (visit) => opened.store.scanIdentities(visit),
          loadPinned: () => opened.store.loadPinned(),
          listLegs: (query) => opened.store.listLegs(query),
          listAccounts: (after, limit) => opened.store.listAccounts(after, limit),
          readSnapshot,
          beginInstall: (checkpoint) => opened.store.beginInstall(checkpoint),
          close: () => opened.store.close(),
        },
      };
    },
  };
  const map = genesisPlacement([{ rm: rmId(1), address: 'localhost:1' }], 5, 1);
  const planned = restoredBuckets(
    backup,
    map.buckets.map(({ bucket, slots }) => ({ bucket, slots, confState: CONF_STATE })),
  );
  await restoreRows(backup, planned, true, { codec: CODEC, digest: platformDigest, store: counting, onRows: () => undefined });
  expect(open).toEqual({ now: 0, most: 1 });
});

test('what is read back and is not what it should be is no restore', async () => {
  const { manifest } = backup;
  // As if a file had been exchanged after it was verified.
  const other = new SmallLedger();
  const [bucket] = other.buckets;
  const row = present(bucket.rows.accounts.get(ANN), 'account');
  bucket.rows.accounts.set(ANN, { ...row, balanceMinor: row.balanceMinor + 1n });
  const directory = join(folder.path, 'exchanged');
  await expect(other.backUp(directory)).rejects.toThrow(BackupDamaged);
  await expect(restoredInto(2, { ...backup, directory: `${directory}.partial`, manifest })).rejects.toThrow(/its journal ends at/);
});

describe('of a cut in which a slot moves', () => {
  async function taken(name: string, readers: (moved: SmallLedger) => readonly SnapshotReader[]): Promise<VerifiedBackup> {
    const directory = join(folder.path, name);
    const moved = new SmallLedger();
    await moved.backUp(directory, MOMENT_US, [...readers(moved)]);
    return verifyBackup(directory, { codec: CODEC, digest: platformDigest, semanticsVersion: SEMANTICS_VERSION, onProgress: () => undefined });
  }

  /** What a restore says of accounts and legs, however they are spread. */
  async function content(from: VerifiedBackup): Promise<readonly unknown[]> {
    const { accounts, legs } = await restoredInto(3, from);
    const order = (a: LegRow, b: LegRow): number => (a.account + a.txn < b.account + b.txn ? -1 : 1);
    return [[...accounts.values()].sort((a, b) => (a.number < b.number ? -1 : 1)), [...legs].sort(order)];
  }

  test.each<MoveStep>(['released', 'imported', 'adopted', 'confirmed'])('%s: each slot is taken once, and restored as if it had not moved', async (until) => {
    const moving = await taken(until, (moved) => {
      moved.moveAnn(until);
      return moved.buckets.map((bucket) => bucket.reader());
    });
    const { counts, totals } = backup.manifest;
    expect(moving.manifest).toMatchObject({ counts, totals });
    expect(await content(moving)).toEqual(await content(backup));
  });

  test('gone from one bucket and not yet come to the other one, by clocks that differ: it is no backup', async () => {
    const between = taken('between', (moved) => {
      moved.moveAnn('imported');
      const before = moved.buckets.map((bucket) => bucket.reader());
      const gone = new SmallLedger();
      gone.moveAnn('confirmed');
      return [gone.buckets[0].reader(), present(before[1], 'reader')];
    });
    await expect(between).rejects.toMatchObject({ findings: [expect.stringContaining('1 of 4096 slots are in none of the files')] });
  });
});
