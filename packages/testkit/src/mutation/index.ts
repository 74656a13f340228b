/** Deliberate bugs in sources: a piece is found by its tokens and replaced. */
import { findTokens } from './token-match';

/** @throws Error when `find` does not stand in `source` exactly once: the source has moved on, and the mutation must follow. */
export function replaceOnce(source: string, find: string, replace: string): string {
  const [place, ...others] = findTokens(source, find);
  if (place === undefined || others.length > 0) throw new Error(`stands ${place === undefined ? 0 : 1 + others.length} times, not once: ${find}`);
  return source.slice(0, place.from) + replace + source.slice(place.to);
}
