/** Configuration changes survive their encoding, equal ones have equal bytes, and damage is never taken for a change. */
import fc from 'fast-check';
import { confChangeV1, confChangeV2, leaveJoint, type ConfChange, type ConfChangeStep } from './conf-change';
import { decodeConfChange, encodeConfChange } from './conf-change-codec';
import { nodeId } from './ids';

const step: fc.Arbitrary<ConfChangeStep> = fc.record({
  type: fc.constantFrom('add-node', 'remove-node', 'update-node', 'add-learner'),
  nodeId: fc.oneof(fc.constant(0 as const), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(nodeId)),
});
const context = fc.uint8Array({ maxLength: 20 });
const change: fc.Arbitrary<ConfChange> = fc.oneof(
  fc.tuple(step, context).map(([one, bytes]) => confChangeV1(one, bytes)),
  fc
    .tuple(fc.array(step, { maxLength: 6 }), fc.constantFrom('auto', 'joint-implicit', 'joint-explicit'), context)
    .map(([steps, transition, bytes]) => confChangeV2(steps, transition, bytes)),
);

test('decoding undoes encoding', () => {
  fc.assert(
    fc.property(change, (one) => {
      expect(decodeConfChange(encodeConfChange(one))).toEqual(one);
      expect(encodeConfChange(one)).toEqual(encodeConfChange(decodeConfChange(encodeConfChange(one))));
    }),
  );
});

test('leaving a joint configuration takes no bytes, so that no limit can refuse it', () => {
  expect(encodeConfChange(leaveJoint())).toEqual({ type: 'conf-change-v2', data: new Uint8Array(0) });
});

test.each([
  ['a normal entry', { type: 'normal', data: new Uint8Array([0, 1]) }],
  ['an unknown step', { type: 'conf-change', data: new Uint8Array([9, 1]) }],
  ['an unknown transition', { type: 'conf-change-v2', data: new Uint8Array([9, 0]) }],
  ['a change cut short', { type: 'conf-change-v2', data: new Uint8Array([0, 2, 0, 1]) }],
  ['a number without end', { type: 'conf-change', data: new Uint8Array([0, ...Array.from({ length: 12 }, () => 0xff)]) }],
] as const)('%s is refused', (_what, entry) => {
  expect(() => decodeConfChange(entry)).toThrow('configuration');
});
