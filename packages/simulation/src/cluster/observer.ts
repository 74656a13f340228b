/**
 * What the auditor hears while the cluster runs, from outside the judged code: batches on the wire, entries handed to
 * appliers and what they answered, processes that gave up. Whoever listens decides what is wrong.
 */
import type { Outcome } from '@mas/ledger';
import type { MemberId } from '@mas/membership';
import type { Applier, PeerBatch } from '@mas/multi-raft';
import type { CheckpointBatch } from '@mas/resource-manager';
import type { ConfState, Entry, EntryId } from '@mas/raft';
import type { BucketId, RmId } from '@mas/values';

export interface ClusterObserver {
  onBatch(from: MemberId, batch: PeerBatch): void;
  /** What has arrived is read. */
  onTaken(by: MemberId, from: MemberId, batch: PeerBatch): void;
  onApplied(rm: RmId, group: BucketId, entry: Entry, outcomes: readonly Outcome[]): void;
  /** A leader proposes it now. */
  onProposed(group: BucketId, data: Uint8Array): void;
  /** The applied state of a replica starts here: after a restart or an installed snapshot. */
  onApplierAt(rm: RmId, group: BucketId, at: EntryId): void;
  /** Rows are on their way to a database, as of a position of the bucket's log. */
  onCheckpoint(rm: string, group: BucketId, index: number, rows: Pick<CheckpointBatch, 'accounts' | 'legs'>): void;
  /** A process stopped itself. `expected`: for a fault that was injected. */
  onFatal(process: string, error: unknown, expected: boolean): void;
  /** What comes from a process that nobody should hear was taken in, or answered. @param why as only the simulator knows */
  onHeard(process: string, by: string, why: string): void;
  /** A process begins a group anew, as founders do. */
  onFounded(process: string, group: BucketId): void;
}

type Results = readonly Outcome[];

export function observed(applier: Applier<Results>, rm: RmId, group: BucketId, observer: ClusterObserver): Applier<Results> {
  return {
    start: async () => {
      const started = await applier.start();
      observer.onApplierAt(rm, group, started.applied);
      return started;
    },
    apply: async (entries: readonly Entry[], confState: ConfState) => {
      const results = await applier.apply(entries, confState);
      entries.forEach((entry, at) => observer.onApplied(rm, group, entry, results[at] ?? []));
      return results;
    },
    durable: () => applier.durable(),
    requestCheckpoint: () => applier.requestCheckpoint(),
    snapshot: (atLeast) => applier.snapshot(atLeast),
    install: async (at, confState, chunks) => {
      await applier.install(at, confState, chunks);
      observer.onApplierAt(rm, group, at);
    },
    healthy: () => applier.healthy(),
    onRole: (role, term) => applier.onRole(role, term),
    stop: () => applier.stop(),
  };
}
