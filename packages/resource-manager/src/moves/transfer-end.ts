/** How an attempt to bring slots to their next owner ends, and what it hears meanwhile of whether it may go on. */
import type { MovedSums, MoveStage } from '@mas/ledger';

export type TransferEnd =
  | { readonly kind: 'adopted'; readonly sums: MovedSums | null }
  | { readonly kind: 'declined' }
  /** The slots are to stay: it takes too long without an owner, it cannot be, or nobody wants it any more. */
  | { readonly kind: 'call-off'; readonly why: string }
  /** It may be gone on with later, by whoever leads then. */
  | { readonly kind: 'left'; readonly why: string };

/** What whoever carries the move out knows of it at this moment. */
export type Standing = 'goes-on' | 'called-off' | 'left';

export const CALLED_OFF = 'it was called off';
export const TOO_LONG = 'the next owner did not adopt the slots within moveBlockedMs of their release';

export function left(why: string): TransferEnd {
  return { kind: 'left', why };
}

export function textOf(stage: MoveStage): string {
  return stage.kind === 'refused' ? stage.reason : stage.kind;
}
