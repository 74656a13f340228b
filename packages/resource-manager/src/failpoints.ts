/**
 * Named places where a test can stop, delay or crash a Resource Manager, so that "killed at step N" is exact and not
 * lucky. In production nothing listens: a pass costs one call that returns undefined.
 */
import type { BucketId } from '@mas/values';

export type FailpointName =
  | 'before-propose'
  | 'after-apply-before-reply'
  | 'before-checkpoint'
  | 'after-checkpoint'
  | 'before-deliver'
  | 'before-acknowledge'
  | 'before-carry';

export interface Failpoints {
  /** A promise holds the step back; a rejection fails it as an unexpected error there would. */
  hit(name: FailpointName, bucket: BucketId): Promise<void> | undefined;
}

export const noFailpoints: Failpoints = { hit: () => undefined };
