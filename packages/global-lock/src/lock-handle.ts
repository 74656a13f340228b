/**
 * The owner's handle of a lock: whoever knows it may refresh and release, so it must not be guessed (128 bits from the
 * injected source, which production backs with the operating system's). It says which mode it was made for, so that a
 * release knows without asking whether buckets hold anything.
 */
import type { Random } from '@mas/values';
import type { LockMode } from './lock-store';

const WORDS = 4;
const WORD_RANGE = 0x1_0000_0000;
const WORD_DIGITS = 8;

export function mintHandle(mode: LockMode, random: Random): string {
  const digits = Array.from({ length: WORDS }, () => random.below(WORD_RANGE).toString(16).padStart(WORD_DIGITS, '0'));
  return `${mode === 'exclusive' ? 'x' : 's'}-${digits.join('')}`;
}

/** A handle of any other form counts as exclusive: asking the buckets is then the safe side. */
export function handleMode(handle: string): LockMode {
  return handle.startsWith('s-') ? 'shared' : 'exclusive';
}
