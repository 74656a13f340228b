/** Looking for zeros, fast: comparing with a block of zeros is a memcmp. */
const BLOCK = Buffer.alloc(65_536);

export function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += BLOCK.length) {
    const end = Math.min(to, at + BLOCK.length);
    if (bytes.compare(BLOCK, 0, end - at, at, end) !== 0) return false;
  }
  return true;
}

/** The position behind the last byte of [from, bytes.length) that is not zero; `from` when all are. */
export function endOfContent(bytes: Buffer, from: number): number {
  let end = bytes.length;
  while (end - from >= BLOCK.length && isZero(bytes, end - BLOCK.length, end)) end -= BLOCK.length;
  while (end > from && bytes[end - 1] === 0) end -= 1;
  return end;
}
