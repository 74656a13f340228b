/** A change of nodes from an entry of the meta group; it is written as it is. */
import { incarnation } from '@mas/membership';
import type { NodeChange, Placed } from '@mas/placement';
import { bucketId, invariant, rmId } from '@mas/values';

/** @throws InvariantViolation for what no version has written */
export function nodeChangeIn(value: unknown): NodeChange {
  invariant(typeof value === 'object' && value !== null, 'a change of nodes is an object');
  const fields = value as Record<string, unknown>;
  const rm = (): ReturnType<typeof rmId> => rmId(Number(fields['rm']));
  switch (fields['kind']) {
    case 'expect':
      return { kind: 'expect', rm: rm(), address: String(fields['address']) };
    case 'take-in':
      return { kind: 'take-in', rm: rm(), incarnation: incarnation(String(fields['incarnation'])) };
    case 'drain':
      return { kind: 'drain', rm: rm(), isDraining: fields['isDraining'] === true };
    case 'remove':
      return { kind: 'remove', rm: rm(), placed: placedIn(fields['placed']) };
    case 'place':
      return { kind: 'place', placed: placedIn(fields['placed']) };
    default:
      invariant(fields['kind'] === 'balance', 'the change of nodes is known', { kind: fields['kind'] });
      return { kind: 'balance', isBalancing: fields['isBalancing'] === true, replicas: Number(fields['replicas']) };
  }
}

function placedIn(value: unknown): readonly Placed[] {
  invariant(Array.isArray(value), 'placements are a list');
  return value.map((each) => {
    const { bucket, replicas } = each as Record<string, unknown>;
    invariant(Array.isArray(replicas), 'replicas are a list');
    return { bucket: bucketId(Number(bucket)), replicas: replicas.map((rm) => rmId(Number(rm))) };
  });
}
