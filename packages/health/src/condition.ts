/** How a process is, by its own judgement; it tells its peers with every sign of life. */

/** disk: its writes wait for their fsync. stall: its event loop stands still again and again. store: its database does not answer. clock: its wall clock is not what most agree on. */
export type Ailment = 'disk' | 'stall' | 'store' | 'clock';

/** In the order in which they are told and shown. */
export const AILMENTS: readonly Ailment[] = ['disk', 'stall', 'store', 'clock'];

export type Condition =
  | { readonly kind: 'well' }
  /** There was trouble just now, too little to act on; but nothing is handed to it. */
  | { readonly kind: 'doubtful'; readonly of: readonly Ailment[] }
  /** Whoever is well goes before it. */
  | { readonly kind: 'ailing'; readonly of: readonly Ailment[] };

export const WELL: Condition = { kind: 'well' };

/** What is known of a peer. gone: no connection. silent: a connection, and nothing is heard. Else its own word. */
export type PeerVerdict = { readonly kind: 'gone' } | { readonly kind: 'silent' } | Condition;

export function sameVerdict(one: PeerVerdict, other: PeerVerdict): boolean {
  return describeVerdict(one) === describeVerdict(other);
}

/** `well`, `ailing (disk, store)`. */
export function describeVerdict(verdict: PeerVerdict): string {
  return verdict.kind === 'doubtful' || verdict.kind === 'ailing' ? `${verdict.kind} (${verdict.of.join(', ')})` : verdict.kind;
}
