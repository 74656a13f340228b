/** What the effects of legs have in common: which way money moves, and which build on another leg of their account. */
import { unreachable } from '@mas/values';
import type { LegEffect } from './payment-body';

/** +1 gives money to its account, −1 takes it, 0 moves none when it commits. */
export function directionOf(effect: LegEffect): 1 | 0 | -1 {
  switch (effect) {
    case 'credit':
      return 1;
    case 'debit':
    case 'capture':
    case 'refund-debit':
      return -1;
    case 'authorize':
    case 'void':
      return 0;
    default:
      return unreachable(effect, 'leg effect');
  }
}

/** True for the effects that change the leg which the body refers to, on the same account. */
export function buildsOnLeg(effect: LegEffect): boolean {
  return effect === 'capture' || effect === 'void' || effect === 'refund-debit';
}

/** True for the effects that act for the owner of the money: only he or an operator may ask for them. */
export function actsForOwner(effect: LegEffect): boolean {
  return effect !== 'credit';
}
