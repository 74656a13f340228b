/**
 * Proves from the files alone that a backup is one state of the ledger at its moment: each bucket's books add up, no row lies behind the moment, the buckets own every slot
 * once, all balances are the money issued, and every committed leg is what its home has recorded. What an audit asks of a live cluster (docs/adr/0021), by the same code.
 * Of slots that were moving (docs/adr/0033) two files have rows, or parts of them: each slot's are taken from one.
 */
import {
  addedSums,
  BucketAudit,
  differingParts,
  isStaged,
  legDifferences,
  MomentAudit,
  MOMENTS_SINCE,
  SlotCover,
  type BucketMeta,
  type LegRow,
  type MomentReport,
  type OutcomeRow,
} from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { visitAccounts, type SnapshotReader } from '@mas/resource-manager';
import { formatAmount, SLOT_COUNT, type AmountMinor, type BucketId, type Currency, type Slot, type SlotSet } from '@mas/values';
import type { BackupCounts, BackupTotal } from './manifest';
import { MAX_PREPARED, PreparedLegs, type UndecidedLegs } from './prepared-legs';
import { addTo, SlotSums, sorted } from './slot-sums';

/** Of 1,024 parts of the payments; a listing is kept in memory. */
const MAX_PARTS_LISTED = 4;

/** Rows of one bucket. */
export interface ExaminedBucket {
  readonly bucket: BucketId;
  /** For findings. */
  readonly name: string;
  /** Asked for again and again; no two readers are open at a time, as each may hold a connection to a database. */
  open(): Promise<SnapshotReader>;
}

export interface ExaminedRows {
  readonly momentUs: number;
  readonly buckets: readonly ExaminedBucket[];
  /** False: other buckets are elsewhere, and what takes all of them is not asked. */
  readonly isWhole: boolean;
  /** Rows that have been looked at since the last call. */
  readonly onRows: (rows: number) => void;
}

export interface Examination {
  /** A sentence each; empty: the backup can be relied on. */
  readonly findings: readonly string[];
  readonly counts: BackupCounts;
  readonly totals: readonly BackupTotal[];
  readonly metas: readonly BucketMeta[];
  /** The highest of the logs that the rows come from. */
  readonly appliedIndex: number;
  readonly slots: SlotSums;
  /** Of which slots the rows of each bucket are the backup's. */
  readonly shares: ReadonlyMap<BucketId, SlotSet>;
  readonly undecided: UndecidedLegs;
}

interface Opened {
  readonly source: ExaminedBucket;
  readonly appliedIndex: number;
  readonly meta: BucketMeta;
  readonly books: BucketAudit;
}

interface Shared extends Opened {
  /** Whose rows are taken from here. */
  readonly share: SlotSet;
}

export class Examiner {
  private readonly findings: string[] = [];
  private readonly prepared = new PreparedLegs();
  private readonly slots = new SlotSums();
  private readonly counts = { accounts: 0, legs: 0, outcomes: 0, locks: 0 };

  constructor(private readonly ports: ExaminedRows) {}

  async run(): Promise<Examination> {
    const opened: Opened[] = [];
    for (const source of this.ports.buckets) {
      await this.reading(source.name, async () => {
        const one = await this.open(source);
        if (one !== null) opened.push(one);
      });
    }
    const cover = new SlotCover(opened.map(({ source: { bucket }, meta }) => ({ bucket, holdings: meta })));
    if (this.ports.isWhole) this.requireAllSlots(opened, cover);
    const shared = opened.map((one) => ({ ...one, share: cover.of(one.source.bucket) }));
    const isReadable = this.findings.length === 0;
    const reports = isReadable ? await this.reports(shared, null) : [];
    const totals = totalsOf(reports);
    // Of what was not read whole nothing more can be said.
    if (this.ports.isWhole && isReadable && reports.length === opened.length) {
      this.requireConserved(totals);
      await this.requireSameLegs(shared, reports);
    }
    const preparedDecided = this.prepared.decidedCount;
    const undecided = this.prepared.undecided();
    const preparedUndecided = [...undecided.values()].reduce((sum, legs) => sum + legs.length, 0);
    return {
      findings: this.findings,
      counts: { ...this.counts, preparedDecided, preparedUndecided },
      totals,
      metas: opened.map(({ meta }) => meta),
      appliedIndex: Math.max(0, ...opened.map(({ appliedIndex }) => appliedIndex)),
      slots: this.slots,
      shares: new Map(shared.map(({ source: { bucket }, share }) => [bucket, share])),
      undecided,
    };
  }

  private async open(source: ExaminedBucket): Promise<Opened | null> {
    const { bucket, name } = source;
    const reader = await source.open();
    await reader.close();
    const { meta, applied } = reader.checkpoint;
    if (meta?.bucket !== bucket) {
      this.findings.push(`${name} is not that of bucket ${bucket}.`);
      return null;
    }
    if (meta.semanticsVersion < MOMENTS_SINCE) this.findings.push(`${name}: bucket ${bucket} has no moments.`);
    if (meta.momentUs > this.ports.momentUs) this.findings.push(`${name} is of a later moment (${meta.momentUs}) than the backup (${this.ports.momentUs}).`);
    return { source, appliedIndex: applied.index, meta, books: new BucketAudit(meta, slotOfAccount) };
  }

  private requireConserved(totals: readonly BackupTotal[]): void {
    for (const { currency, issuedMinor, balancesMinor } of totals)
      if (issuedMinor !== balancesMinor)
        this.findings.push(`Issued ${formatAmount(issuedMinor, currency)} ${currency}, but balances add up to ${formatAmount(balancesMinor, currency)}.`);
  }

  private requireAllSlots(opened: readonly Opened[], cover: SlotCover): void {
    const [missing, twice] = [cover.missing().size, cover.ownedTwice().size];
    const versions = new Set(opened.map(({ meta }) => meta.semanticsVersion));
    if (versions.size > 1)
      this.findings.push('The buckets\u2019 instructions are of different versions: the cluster was being upgraded. Take a backup once that is over.');
    if (missing > 0) this.findings.push(`${missing} of ${SLOT_COUNT} slots are in none of the files: a bucket is missing.`);
    if (twice > 0) this.findings.push(`${twice} of ${SLOT_COUNT} slots are in two of the files.`);
  }

  /** Accounts and legs of all buckets first: which of their payments are decided stands with outcomes of any bucket. */
  private async reports(opened: readonly Shared[], parts: ReadonlySet<number> | null): Promise<readonly MomentReport[]> {
    const isFirst = parts === null;
    const { momentUs } = this.ports;
    const timesSinceUs = Math.max(0, ...opened.map(({ meta }) => meta.momentsSinceUs));
    const moments = opened.map(() => new MomentAudit({ us: momentUs, timesSinceUs, fromUs: 0, parts }));
    const whole = new Set<MomentAudit>(moments);
    const each = async (read: (one: Shared, reader: SnapshotReader, asOf: MomentAudit) => Promise<void>): Promise<void> => {
      for (const [at, one] of opened.entries()) {
        const asOf = moments[at];
        if (asOf !== undefined && !(await this.reading(one.source.name, () => readingOnce(one.source, (reader) => read(one, reader, asOf)))))
          whole.delete(asOf);
      }
    };
    await each((one, reader, asOf) => this.readAccounts(one, reader, asOf, isFirst));
    await each((one, reader, asOf) => this.readOutcomes(one, reader, asOf, isFirst));
    this.addDecided(moments);
    if (isFirst) for (const { source, books } of opened) for (const text of books.finish().differences) this.findings.push(`${source.name}: ${text}`);
    return moments.flatMap((asOf, at) => (whole.has(asOf) ? [asOf.finish(opened[at]?.meta.stampMs ?? 0)] : []));
  }

  private readAccounts({ source, books, meta, share }: Shared, reader: SnapshotReader, asOf: MomentAudit, isFirst: boolean): Promise<void> {
    const isOwn = ({ slot }: { readonly slot: Slot }): boolean => isFirst && !isStaged(meta.moves, slot);
    return visitAccounts(reader, null, isFirst ? this.ports.onRows : () => undefined, {
      account: (row) => {
        if (isOwn(row)) books.addAccounts([row]);
        if (isFirst && share.has(row.slot)) this.counts.accounts += 1;
      },
      leg: (row, isOfAccount) => {
        if (isOwn(row)) books.addLegs([row]);
        if (!share.has(row.slot)) return;
        if (isOfAccount) asOf.addLeg(row);
        if (!isFirst) return;
        this.counts.legs += 1;
        this.look(source.name, row);
      },
      endAccount: (row) => {
        const openingMinor = isOwn(row) ? books.endAccount(row.number) : 0n;
        if (!share.has(row.slot)) return;
        if (isFirst) this.slots.add(row, openingMinor);
        asOf.endAccount(row, openingMinor);
      },
    });
  }

  private look(name: string, leg: LegRow): void {
    if ((leg.commitUs ?? 0) > this.ports.momentUs) this.findings.push(`${name}: leg ${leg.txn} on ${leg.account} was committed behind the moment.`);
    if (leg.state === 'prepared' && !this.prepared.add(leg)) throw new Error(`more than ${MAX_PREPARED} legs are prepared`);
  }

  private async readOutcomes({ source, books, meta, share }: Shared, reader: SnapshotReader, asOf: MomentAudit, isFirst: boolean): Promise<void> {
    const taken = <Row extends { readonly slot: Slot }>(rows: readonly Row[]): readonly Row[] => rows.filter(({ slot }) => share.has(slot));
    const own = <Row extends { readonly slot: Slot }>(rows: readonly Row[]): readonly Row[] => rows.filter(({ slot }) => !isStaged(meta.moves, slot));
    for await (const chunk of reader.chunks(['outcomes', 'locks'])) {
      if (isFirst) this.ports.onRows(chunk.rows.length);
      if (chunk.kind === 'outcomes') {
        for (const row of taken(chunk.rows)) {
          asOf.addOutcome(row);
          if (isFirst) this.lookAtOutcome(source.name, row);
        }
        if (isFirst) books.addOutcomes(own(chunk.rows));
      } else if (chunk.kind === 'locks' && isFirst) {
        this.counts.locks += taken(chunk.rows).length;
        books.addLocks(own(chunk.rows));
      }
    }
  }

  private lookAtOutcome(name: string, row: OutcomeRow): void {
    this.counts.outcomes += 1;
    this.prepared.decided(row);
    if (row.decision.kind === 'committed' && (row.decision.commitUs ?? 0) > this.ports.momentUs)
      this.findings.push(`${name}: payment ${row.txn} was decided behind the moment.`);
  }

  /** To the sums of all buckets together it does not matter whose they are added to. */
  private addDecided([first]: readonly MomentAudit[]): void {
    for (const { leg, commitUs } of this.prepared.committed()) first?.addDecidedLeg(leg, commitUs);
  }

  private async requireSameLegs(opened: readonly Shared[], reports: readonly MomentReport[]): Promise<void> {
    const parts = differingParts(addedSums(reports.map(({ legSums }) => legSums)), addedSums(reports.map(({ decidedSums }) => decidedSums)));
    if (parts.length === 0) return;
    const listed = await this.reports(opened, new Set(parts.slice(0, MAX_PARTS_LISTED)));
    const listings = listed.flatMap(({ listing }) => listing ?? []);
    this.findings.push(...legDifferences(listings));
    if (parts.length > MAX_PARTS_LISTED || listings.some(({ isCut }) => isCut))
      this.findings.push(`Legs and decisions differ in ${parts.length} of 1,024 parts of the payments; not all of these are listed.`);
  }

  /** @returns false: the file could not be read to its end, and it is said why */
  private async reading(name: string, read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      this.findings.push(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
      return false;
    }
  }
}

async function readingOnce(source: ExaminedBucket, read: (reader: SnapshotReader) => Promise<void>): Promise<void> {
  const reader = await source.open();
  try {
    await read(reader);
  } finally {
    await reader.close();
  }
}

function totalsOf(reports: readonly MomentReport[]): readonly BackupTotal[] {
  const issued = new Map<Currency, AmountMinor>();
  const balances = new Map<Currency, AmountMinor>();
  for (const report of reports) {
    for (const [currency, amountMinor] of report.issued) addTo(issued, currency, amountMinor);
    for (const [currency, amountMinor] of report.balances) addTo(balances, currency, amountMinor);
  }
  for (const currency of issued.keys()) addTo(balances, currency, 0n);
  return [...sorted(balances)].map(([currency, balancesMinor]) => ({ currency, issuedMinor: issued.get(currency) ?? 0n, balancesMinor }));
}
