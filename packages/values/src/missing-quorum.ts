/** Why a bucket can neither decide nor be read: too few of its replicas are there, as one of them sees it. */
export interface MissingQuorum {
  /** Replicas that can be counted on, the one that says so included. */
  readonly up: number;
  readonly of: number;
  readonly needed: number;
  /** How long it has been so. */
  readonly forMs: number;
}
