/** Where rows stand in the log, and whether a checkpoint follows on that. */
import type { CheckpointBatch, Position } from '@mas/resource-manager';
import { invariant, type BucketId } from '@mas/values';

export function samePosition(left: Position, right: Position): boolean {
  return left.index === right.index && left.term === right.term;
}

export function renderPosition(position: Position): string {
  return `${position.index}@${position.term}`;
}

/** `done`: an earlier attempt of this very checkpoint took effect. @throws InvariantViolation when it neither follows nor is done */
export function checkpointState(bucket: BucketId, stored: Position, batch: CheckpointBatch): 'done' | 'follows' {
  if (samePosition(stored, batch.applied) && !samePosition(batch.previous, batch.applied)) return 'done';
  invariant(samePosition(stored, batch.previous), 'a checkpoint follows on the previous one', {
    bucket,
    stored: renderPosition(stored),
    previous: renderPosition(batch.previous),
    applied: renderPosition(batch.applied),
  });
  return 'follows';
}

/** @throws InvariantViolation */
export function checkInstall(bucket: BucketId, stored: Position, snapshot: Position): void {
  const facts = { bucket, stored: renderPosition(stored), snapshot: renderPosition(snapshot) };
  invariant(snapshot.index >= stored.index, 'a snapshot never takes a bucket back', facts);
}
