/**
 * Account number → slot, and payment key → home slot. The hash is part of the data's identity: changing it would
 * need every row moved, so it is pinned by tests. Source: 32-bit FNV-1a (Fowler, Noll, Vo) with murmur3's finalizer
 * (Appleby), over the number's bytes (ASCII).
 */
import { parseAccountNumber, slot, SLOT_COUNT, splitPaymentKey, type AccountNumber, type PaymentKey, type Slot } from '@mas/values';

export function slotOfAccount(number: AccountNumber): Slot {
  return slot(hash32(number) % SLOT_COUNT);
}

/**
 * Where a payment's decision lives: an id that starts with `{number}` names the account whose bucket keeps it (the
 * sender's, as mas-client mints ids); an account token's payments live with its account; else the key's own hash.
 */
export function homeSlotOf(key: PaymentKey, scopeAccount: AccountNumber | null): Slot {
  if (scopeAccount !== null) return slotOfAccount(scopeAccount);
  const id = key.slice(key.indexOf('\0') + 1);
  const end = id.startsWith('{') ? id.indexOf('}') : -1;
  if (end > 1) {
    const named = parseAccountNumber(id.slice(1, end));
    if (named.ok) return slotOfAccount(named.value);
  }
  return slot(hash32(key) % SLOT_COUNT);
}

/** The same of a key alone: an account's scope has the form of a number, an operator's (`issuer|subject`) has a bar, which no number has. */
export function homeSlotOfKey(key: PaymentKey): Slot {
  const scope = parseAccountNumber(splitPaymentKey(key).scope);
  return homeSlotOf(key, scope.ok ? scope.value : null);
}

function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ (text.charCodeAt(i) & 0xff), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
