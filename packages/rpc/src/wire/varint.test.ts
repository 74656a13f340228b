/** Numbers on the wire, byte by byte, where their forms change; against bits of exact integers. */
import { WireWriter } from './wire-writer';

function reference(value: number): string {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]).toString('hex');
}

const edges = [7, 14, 21, 28, 31, 32, 35, 42, 49, 53].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]).filter(Number.isSafeInteger);

test.each([0, 1, 1_700_000_000_123_456, ...edges])('%d', (value) => {
  const writer = new WireWriter();
  writer.bareUint(value);
  expect(writer.finish().toString('hex')).toBe(reference(value));
});

test.each([-1, 2 ** 31 + 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('%d is no number for the wire', (value) => {
  expect(() => new WireWriter().bareUint(value)).toThrow(/from 0 to 2\^53-1/);
});
