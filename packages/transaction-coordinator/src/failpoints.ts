/**
 * Named places between two steps of the protocol. Production wires noFailpoints; a test's implementation ends the
 * process (or cuts it off from the world) when its point is hit, so that "killed at step N" is exact.
 */
export const FAILPOINTS = [
  'begin:before',
  'begin:after',
  'lock:before',
  'lock:after',
  'prepare:before',
  'prepare:after',
  'decide:before',
  'decide:after',
  'reply:before',
  'reply:after',
  'phase-2:before',
  'phase-2:after',
  'unlock:before',
  'unlock:after',
  'end:before',
  'end:after',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

export interface Failpoints {
  /** Synchronous: what must happen here happens before the next instruction of the coordinator. */
  hit(point: Failpoint, facts: { readonly paymentId: string; readonly txn: string }): void;
}

export const noFailpoints: Failpoints = { hit: () => undefined };
