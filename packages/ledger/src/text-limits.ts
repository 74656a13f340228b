/**
 * How long the texts of an instruction may be: what stores must have room for. Leaders ask before they propose; apply does
 * not, because a log may hold what a leader of an earlier build let through.
 */
import type { Instruction } from './instruction';
import { MAX_SHARED_ID_LENGTH, MAX_SHARED_OWNER_LENGTH } from './lock-row';

/** In UTF-16 units: of an owner's name, in up to three times as many bytes of UTF-8; the others are ASCII. */
export const MAX_OWNER_LENGTH = 256;
export const MAX_LOCK_ID_LENGTH = 128;
export const MAX_LOCK_OWNER_LENGTH = 256;

/** A name for what is wrong, or null. */
export function textProblem(instruction: Instruction): string | null {
  switch (instruction.kind) {
    case 'create-account':
      return instruction.owner.length <= MAX_OWNER_LENGTH ? null : 'OWNER_TOO_LONG';
    case 'acquire-lock':
    case 'refresh-lock':
    case 'release-lock':
      if (instruction.lockId.length > MAX_LOCK_ID_LENGTH || !ASCII.test(instruction.lockId)) return 'LOCK_ID_INVALID';
      // Id and owner together are the key of a shared holder's row.
      if (instruction.kind === 'acquire-lock' && instruction.mode === 'shared' && !isKept(instruction.lockId, MAX_SHARED_ID_LENGTH)) return 'LOCK_ID_INVALID';
      return isKept(instruction.owner, instruction.kind === 'acquire-lock' && instruction.mode === 'shared' ? MAX_SHARED_OWNER_LENGTH : MAX_LOCK_OWNER_LENGTH)
        ? null
        : 'LOCK_OWNER_INVALID';
    case 'break-lock':
      return isKept(instruction.lockId, MAX_SHARED_ID_LENGTH) ? null : 'LOCK_ID_INVALID';
    default:
      return null;
  }
}

const ASCII = /^[\x21-\x7e]+$/;

function isKept(text: string, most: number): boolean {
  return text.length <= most && ASCII.test(text);
}
