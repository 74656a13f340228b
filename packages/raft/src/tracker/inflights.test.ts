/** The inflight window against a plain list that does the same slowly. */
import fc from 'fast-check';
import { logIndex } from '../model/ids';
import { Inflights } from './inflights';

test('the ring behaves like a list with the two limits', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), bytes: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ kind: fc.constant('free' as const), back: fc.integer({ min: 0, max: 6 }) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(operation, { maxLength: 80 }),
      (maxMessages, maxBytes, operations) => {
        const ring = new Inflights(maxMessages, maxBytes);
        let list: { index: number; bytes: number }[] = [];
        let last = 0;
        for (const one of operations) {
          const isFull = list.length === maxMessages || list.reduce((sum, { bytes }) => sum + bytes, 0) >= maxBytes;
          expect(ring.isFull()).toBe(isFull);
          if (one.kind === 'free') {
            ring.freeUpTo(logIndex(Math.max(0, last - one.back)));
            list = list.filter(({ index }) => index > last - one.back);
          } else if (!isFull) {
            last += 1;
            ring.add(logIndex(last), one.bytes);
            list.push({ index: last, bytes: one.bytes });
          }
          expect(ring.count).toBe(list.length);
        }
      },
    ),
  );
});
