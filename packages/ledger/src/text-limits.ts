/**
 * How long the texts of an instruction may be: what stores must have room for. Leaders ask before they propose; apply does
 * not, because a log may hold what a leader of an earlier build let through.
 */
import type { Instruction } from './instruction';

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
      return instruction.owner.length <= MAX_LOCK_OWNER_LENGTH && ASCII.test(instruction.owner) ? null : 'LOCK_OWNER_INVALID';
    default:
      return null;
  }
}

const ASCII = /^[\x21-\x7e]+$/;
