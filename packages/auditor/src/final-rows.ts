/** The rows that the databases hold at rest, whoever read them, and whether all replicas hold the same. */
import type { AccountRow, BucketMeta, LegRow, LockRow, OutcomeRow } from '@mas/ledger';
import type { SnapshotReader } from '@mas/resource-manager';
import type { AccountNumber, BucketId, RmId, TxnId } from '@mas/values';
import { rendered } from './rendered';
import type { Findings } from './findings';

export interface BucketRows {
  readonly bucket: BucketId;
  readonly appliedIndex: number;
  readonly meta: BucketMeta | null;
  readonly accounts: readonly AccountRow[];
  readonly legs: readonly LegRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly locks: readonly LockRow[];
}

/** Everything of all buckets. */
export interface FinalState {
  readonly buckets: readonly BucketRows[];
  readonly accounts: ReadonlyMap<AccountNumber, AccountRow>;
  /** account → its legs by seq. */
  readonly legsOf: ReadonlyMap<AccountNumber, readonly LegRow[]>;
  readonly legsByTxn: ReadonlyMap<TxnId, readonly LegRow[]>;
  readonly outcomes: readonly OutcomeRow[];
}

/** Closes the reader. */
export async function rowsOf(bucket: BucketId, reader: SnapshotReader): Promise<BucketRows> {
  const rows = { accounts: [] as AccountRow[], legs: [] as LegRow[], outcomes: [] as OutcomeRow[], locks: [] as LockRow[] };
  for await (const chunk of reader.chunks()) (rows[chunk.kind] as unknown[]).push(...chunk.rows);
  await reader.close();
  return { bucket, appliedIndex: reader.checkpoint.applied.index, meta: reader.checkpoint.meta, ...rows };
}

/** Replicas of one bucket side by side; the first one's rows stand for the bucket. */
export function expectEqualReplicas(replicas: readonly (readonly [RmId, BucketRows])[], findings: Findings): void {
  const [first, ...others] = replicas;
  if (first === undefined) return;
  for (const [rm, rows] of others) {
    for (const part of ['appliedIndex', 'meta', 'accounts', 'legs', 'outcomes', 'locks'] as const) {
      const [one, other] = [canonical(first[1][part]), canonical(rows[part])];
      findings.expect(
        one === other,
        'equal replicas',
        () => `bucket ${rows.bucket}: rm-${first[0]} and rm-${rm} differ in ${part} at rest: ${difference(one, other)}`,
      );
    }
  }
}

export function finalState(buckets: readonly BucketRows[]): FinalState {
  const legsOf = new Map<AccountNumber, LegRow[]>();
  const legsByTxn = new Map<TxnId, LegRow[]>();
  for (const leg of buckets.flatMap((rows) => rows.legs)) {
    legsOf.set(leg.account, [...(legsOf.get(leg.account) ?? []), leg]);
    legsByTxn.set(leg.txn, [...(legsByTxn.get(leg.txn) ?? []), leg]);
  }
  for (const legs of legsOf.values()) legs.sort((a, b) => a.seq - b.seq);
  return {
    buckets,
    accounts: new Map(buckets.flatMap((rows) => rows.accounts).map((row) => [row.number, row])),
    legsOf,
    legsByTxn,
    outcomes: buckets.flatMap((rows) => rows.outcomes),
  };
}

function canonical(rows: unknown): string {
  return Array.isArray(rows) ? rows.map(rendered).sort().join('\n') : rendered(rows);
}

function difference(a: string, b: string): string {
  const [left, right] = [new Set(a.split('\n')), new Set(b.split('\n'))];
  const onlyLeft = [...left].filter((line) => !right.has(line)).slice(0, 1);
  const onlyRight = [...right].filter((line) => !left.has(line)).slice(0, 1);
  return `${onlyLeft.join('')} | ${onlyRight.join('')}`;
}
