/**
 * Puts the rows of a verified backup into the empty tables of one Resource Manager, as a snapshot is installed: for each bucket that it holds by a new map, of any number of
 * buckets. Afterwards everything is read back and examined. What all replicas of a bucket get is the same, so that a group can begin with it.
 */
import { NO_MOVES, type BucketMeta, type Policy } from '@mas/ledger';
import type { AppliedStore, BucketStore, Checkpoint, SnapshotChunk, SnapshotInstaller } from '@mas/resource-manager';
import { present, SLOT_COUNT, type BucketId, type Slot } from '@mas/values';
import { BucketFileReader } from './bucket-file';
import { BackupDamaged } from './damaged';
import { Examiner } from './examination';
import { restoredChunk } from './restored-rows';
import type { VerifiedBackup, VerifyPorts } from './verify';

/** As a bucket's genesis gives its slots. */
const GENESIS_EPOCH = 1;
/** Of the one entry that stands for all that was restored; the founding entry of a new group has it as well. */
const FOUNDING_TERM = 1;
/** More fencing tokens than any bucket gives between a moment and a restore of it: a million of them a second for twelve days. */
const TOKENS_LEFT_OUT = 2 ** 40;
const ROWS_PER_WRITE = 4_000;

type ConfState = NonNullable<Checkpoint['confState']>;
type Kind = SnapshotChunk['kind'];

export interface RestoredBucket {
  readonly bucket: BucketId;
  /** With which its log begins, too. */
  readonly checkpoint: Checkpoint & { readonly confState: ConfState; readonly meta: BucketMeta };
}

export interface RestorePorts extends Pick<VerifyPorts, 'codec' | 'digest'> {
  /** Migrated, and empty. */
  readonly store: Pick<AppliedStore, 'openBucket'>;
  /** Rows written, and rows read back, since the last call. */
  readonly onRows: (stage: 'written' | 'read back', rows: number) => void;
}

/** What each bucket of a new map begins with. */
export function restoredBuckets(
  { manifest, examination }: VerifiedBackup,
  placed: readonly { readonly bucket: BucketId; readonly slots: BucketMeta['slots']; readonly confState: ConfState }[],
): readonly RestoredBucket[] {
  const { metas, slots, appliedIndex } = examination;
  const highest = (of: (meta: BucketMeta) => number): number => Math.max(...metas.map(of));
  return placed.map(({ bucket, slots: ranges, confState }) => {
    const { accounts, issued, balances } = slots.of(ranges);
    const meta: BucketMeta = {
      bucket,
      stampMs: highest(({ stampMs }) => stampMs),
      momentUs: manifest.momentUs,
      momentsSinceUs: highest(({ momentsSinceUs }) => momentsSinceUs),
      rev: highest(({ rev }) => rev),
      lockSeq: highest(({ lockSeq }) => lockSeq) + TOKENS_LEFT_OUT,
      policy: newest(metas),
      semanticsVersion: manifest.semanticsVersion,
      slots: ranges,
      epoch: GENESIS_EPOCH,
      issued,
      totals: balances,
      accountCount: accounts,
      moves: { ...NO_MOVES, seqBase: highest(({ moves }) => moves.seqBase) },
    };
    // Legs get a seq that follows from the log's index: it goes on behind all that there are.
    return { bucket, checkpoint: { applied: { index: appliedIndex + 1, term: FOUNDING_TERM }, confState, meta, blob: null } };
  });
}

/** @param isAll these are all buckets of the new map @throws BackupDamaged where what was read back is not what was to be written; StoreUnavailable */
export async function restoreRows(backup: VerifiedBackup, buckets: readonly RestoredBucket[], isAll: boolean, ports: RestorePorts): Promise<void> {
  const opened: { readonly bucket: BucketId; readonly store: BucketStore }[] = [];
  try {
    const installs = new Installs(ports.onRows);
    for (const { bucket, checkpoint } of buckets) {
      const { store } = await ports.store.openBucket(bucket);
      opened.push({ bucket, store });
      installs.add(await store.beginInstall(checkpoint), checkpoint.meta);
    }
    await copy(backup, installs, ports);
    await installs.finish();
    await requireRestored(backup, opened, isAll, ports);
  } finally {
    for (const { store } of opened) await store.close();
  }
}

async function copy({ directory, manifest, examination }: VerifiedBackup, installs: Installs, { codec, digest }: RestorePorts): Promise<void> {
  for (const { bucket, file } of manifest.buckets) {
    const share = present(examination.shares.get(bucket), 'share of a bucket in the backup');
    const reader = await BucketFileReader.open(directory, file, codec, digest);
    for await (const chunk of reader.chunks(['accounts', 'legs', 'outcomes'])) {
      const taken = { ...chunk, rows: (chunk.rows as readonly { readonly slot: Slot }[]).filter(({ slot }) => share.has(slot)) } as unknown as SnapshotChunk;
      const restored = restoredChunk(taken, examination.undecided);
      if (restored !== null) await installs.write(restored);
    }
  }
}

async function requireRestored(
  { directory, manifest, examination }: VerifiedBackup,
  opened: readonly { readonly bucket: BucketId; readonly store: BucketStore }[],
  isAll: boolean,
  { onRows }: RestorePorts,
): Promise<void> {
  const found = await new Examiner({
    momentUs: manifest.momentUs,
    buckets: opened.map(({ bucket, store }) => ({ bucket, name: `bucket ${bucket} as restored`, open: () => store.readSnapshot() })),
    isWhole: isAll,
    onRows: (rows) => onRows('read back', rows),
  }).run();
  const findings = [...found.findings];
  const { accounts, legs, outcomes, preparedUndecided } = examination.counts;
  if (isAll && (found.counts.accounts !== accounts || found.counts.legs !== legs - preparedUndecided || found.counts.outcomes !== outcomes))
    findings.push(
      `${found.counts.accounts} accounts, ${found.counts.legs} legs and ${found.counts.outcomes} outcomes were restored of ${accounts}, ${legs - preparedUndecided} and ${outcomes}.`,
    );
  if (findings.length > 0) throw new BackupDamaged(directory, findings);
}

function newest(metas: readonly BucketMeta[]): Policy {
  const policies = metas.flatMap(({ policy }) => policy ?? []);
  return present(policies.sort((one, other) => other.version - one.version)[0], 'policy of a bucket that owns slots');
}

/** Rows on their way into the buckets that own their slots; others go elsewhere. */
class Installs {
  private readonly installers: SnapshotInstaller[] = [];
  private readonly bySlot = new Int16Array(SLOT_COUNT).fill(-1);
  private waiting: { readonly at: number; readonly kind: Kind; readonly rows: SnapshotChunk['rows'][number][] }[] = [];

  constructor(private readonly onRows: RestorePorts['onRows']) {}

  add(installer: SnapshotInstaller, { slots }: BucketMeta): void {
    const at = this.installers.push(installer) - 1;
    for (const { from, to } of slots) this.bySlot.fill(at, from, to + 1);
  }

  async write(chunk: SnapshotChunk): Promise<void> {
    for (const row of chunk.rows) {
      const at = this.bySlot[row.slot as Slot] ?? -1;
      if (at === -1) continue;
      let group = this.waiting.find((each) => each.at === at && each.kind === chunk.kind);
      if (group === undefined) {
        group = { at, kind: chunk.kind, rows: [] };
        this.waiting.push(group);
      }
      group.rows.push(row);
    }
    for (const group of this.waiting) if (group.rows.length >= ROWS_PER_WRITE) await this.flush(group);
    this.waiting = this.waiting.filter(({ rows }) => rows.length > 0);
  }

  async finish(): Promise<void> {
    for (const group of this.waiting) await this.flush(group);
    for (const installer of this.installers) await installer.finish();
  }

  private async flush({ at, kind, rows }: Installs['waiting'][number]): Promise<void> {
    const chunk = { kind, rows: rows.splice(0) } as unknown as SnapshotChunk;
    await present(this.installers[at], 'installer of the bucket').write(chunk);
    this.onRows('written', chunk.rows.length);
  }
}
