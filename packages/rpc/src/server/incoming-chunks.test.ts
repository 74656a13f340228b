/** A snapshot's chunks: in order, each once, checked singly and as a whole; never a shorter one for a whole one. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { IncomingChunks } from './incoming-chunks';

const data = ['one', 'two', 'three'].map((text) => Buffer.from(text));
const sha256 = createHash('sha256').update(Buffer.concat(data)).digest();

function filled(count = data.length): { readonly chunks: IncomingChunks; readonly consumed: number[] } {
  const consumed: number[] = [];
  const chunks = new IncomingChunks((next) => consumed.push(next));
  data.slice(0, count).forEach((each, sequence) => chunks.put(sequence, each, crc32(each)));
  return { chunks, consumed };
}

async function read(chunks: IncomingChunks): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

test('whole: every byte once, and the sender hears what has been consumed', async () => {
  const { chunks, consumed } = filled();
  chunks.put(1, data[1]!, crc32(data[1]!));
  chunks.end(3, sha256);
  expect(await read(chunks)).toBe('onetwothree');
  expect(consumed).toEqual([1, 2, 3]);
});

test('chunks may come after the reader has asked', async () => {
  const { chunks } = filled(0);
  const reading = read(chunks);
  data.forEach((each, sequence) => chunks.put(sequence, each, crc32(each)));
  chunks.end(3, sha256);
  expect(await reading).toBe('onetwothree');
});

test.each<[string, (chunks: IncomingChunks) => void]>([
  ['too few chunks', (chunks) => chunks.end(4, sha256)],
  ['other bytes than were sent', (chunks) => chunks.end(3, createHash('sha256').update('else').digest())],
  ['a sender that gave up', (chunks) => chunks.fail(new Error('is not whole'))],
])('%s: the reader fails', async (_what, end) => {
  const { chunks } = filled();
  end(chunks);
  await expect(read(chunks)).rejects.toThrow('is not whole');
});

test('a damaged chunk and a gap are refused when they come, and what follows may repair it', async () => {
  const { chunks } = filled(1);
  expect(() => chunks.put(1, data[1]!, 1)).toThrow('damaged');
  expect(() => chunks.put(2, data[2]!, crc32(data[2]!))).toThrow('1 is next');
  expect(chunks.nextSequence).toBe(1);
  chunks.put(1, data[1]!, crc32(data[1]!));
  chunks.put(2, data[2]!, crc32(data[2]!));
  chunks.end(3, sha256);
  expect(await read(chunks)).toBe('onetwothree');
});
