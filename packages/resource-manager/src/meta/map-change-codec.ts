/** A change of the map from an entry of the meta group; it is written as it is. */
import { incarnation } from '@mas/membership';
import type { MapChange, Placed } from '@mas/placement';
import { bucketId, invariant, rmId, type BucketId, type RmId } from '@mas/values';
import { rangeIn } from './placement-codec';

/** @throws InvariantViolation for what no version has written */
export function mapChangeIn(value: unknown): MapChange {
  invariant(typeof value === 'object' && value !== null, 'a change of the map is an object');
  const fields = value as Record<string, unknown>;
  const rm = (): RmId => rmId(Number(fields['rm']));
  const bucket = (name = 'bucket'): BucketId => bucketId(Number(fields[name]));
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
    case 'move-slots':
    case 'want-slots': {
      const { from, to } = fields['slots'] as Record<string, unknown>;
      return { kind: fields['kind'], slots: rangeIn(from, to), from: bucket('from'), to: bucket('to') };
    }
    case 'call-off':
      return { kind: 'call-off', move: Number(fields['move']) };
    case 'end-move':
      return { kind: 'end-move', move: Number(fields['move']), isAdopted: fields['isAdopted'] === true };
    case 'add-bucket':
      return { kind: 'add-bucket', bucket: bucket(), replicas: rmsIn(fields['replicas']) };
    case 'founded':
      return { kind: 'founded', bucket: bucket() };
    case 'retire-bucket':
      return { kind: 'retire-bucket', bucket: bucket() };
    case 'empty-bucket':
      return { kind: 'empty-bucket', bucket: bucket() };
    case 'balance-slots':
      return { kind: 'balance-slots', isBalancing: fields['isBalancing'] === true };
    case 'pause-moves':
      return { kind: 'pause-moves', isPaused: fields['isPaused'] === true };
    case 'cancel-moves':
      return { kind: 'cancel-moves' };
    default:
      invariant(fields['kind'] === 'balance', 'the change of the map is known', { kind: fields['kind'] });
      return { kind: 'balance', isBalancing: fields['isBalancing'] === true, replicas: Number(fields['replicas']) };
  }
}

function placedIn(value: unknown): readonly Placed[] {
  invariant(Array.isArray(value), 'placements are a list');
  return value.map((each) => {
    const { bucket, replicas } = each as Record<string, unknown>;
    return { bucket: bucketId(Number(bucket)), replicas: rmsIn(replicas) };
  });
}

function rmsIn(value: unknown): readonly RmId[] {
  invariant(Array.isArray(value), 'replicas are a list');
  return value.map((rm) => rmId(Number(rm)));
}
