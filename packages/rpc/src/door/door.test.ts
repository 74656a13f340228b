/** The parts of the door: framing that keeps no more than came, books that add up, who gets a seat, and what headers mean. */
import { Metadata } from '@grpc/grpc-js';
import { frame } from '@mas/test-servers';
import { readHead } from './call-head';
import { ConnectionList, type Guest } from './connection-list';
import { MemoryAccount } from './memory-account';
import { MessageReader } from './message-reader';
import { percentEncoded, trailersOf } from './trailers';

describe('framing', () => {
  const books = (): { held: number; most: number; take(bytes: number): boolean; give(bytes: number): void } => ({
    held: 0,
    most: Number.POSITIVE_INFINITY,
    take(bytes) {
      if (this.held + bytes > this.most) return false;
      this.held += bytes;
      return true;
    },
    give(bytes) {
      this.held -= bytes;
    },
  });
  const reader = (own = books(), maxMessageBytes = 1024 * 1024): MessageReader =>
    new MessageReader({ maxMessageBytes, take: (bytes) => own.take(bytes), give: (bytes) => own.give(bytes) });
  const readAll = (one: MessageReader, chunk: Buffer): string[] => {
    const messages: string[] = [];
    for (let at = 0; at < chunk.length; ) {
      const step = one.read(chunk, at);
      if (step.kind === 'problem') return [...messages, step.problem];
      if (step.kind === 'more') break;
      messages.push(step.bytes.toString());
      at = step.used;
    }
    return messages;
  };
  const sent = Buffer.concat([frame(5, Buffer.from('hello')), frame(0), frame(3, Buffer.from('you'))]);

  test('messages come out whole, however they were cut', () => {
    expect(readAll(reader(), sent)).toEqual(['hello', '', 'you']);
    for (const size of [1, 2, 3, 7]) {
      const one = reader();
      const messages: string[] = [];
      for (let at = 0; at < sent.length; at += size) messages.push(...readAll(one, sent.subarray(at, at + size)));
      expect(messages).toEqual(['hello', '', 'you']);
      expect(one.isWithin).toBe(false);
    }
  });

  test('what is kept is what has come, not what was announced', () => {
    const own = books();
    const one = reader(own);
    readAll(one, frame(1024 * 1024, Buffer.alloc(1)));
    expect([one.isWithin, own.held <= 16 * 1024]).toEqual([true, true]);
    readAll(one, Buffer.alloc(100_000));
    expect(own.held).toBeLessThanOrEqual(2 * 100_001);
    one.discard();
    expect([one.isWithin, own.held]).toEqual([false, 0]);
  });

  test('a message has memory of its own: it does not keep the chunk alive', () => {
    const step = reader().read(sent, 0);
    expect(step.kind === 'message' && step.bytes.buffer !== sent.buffer).toBe(true);
  });

  test.each([
    ['too large', frame(2_000, Buffer.alloc(0)), 'too-large'],
    ['compressed', frame(10, Buffer.alloc(10), 1), 'compressed'],
    ['no room', frame(900), 'no-room'],
  ])('%s', (_what, bytes, problem) => {
    expect(readAll(reader({ ...books(), most: 500 }, 1_000), bytes)).toEqual([problem]);
  });
});

test('a connection has its own limit, and all together have one', () => {
  const whole = new MemoryAccount(100);
  const [one, two] = [new MemoryAccount(60, whole), new MemoryAccount(60, whole)];
  expect([one.take(60), one.take(1), two.take(41), two.take(40)]).toEqual([null, 'own', 'whole', null]);
  expect([one.held, two.held, whole.held]).toEqual([60, 40, 100]);
  one.give(60);
  expect([two.take(20), whole.held]).toEqual([null, 60]);
  expect(() => two.give(61)).toThrow('not taken');
});

describe('who gets a seat', () => {
  const ended: string[] = [];
  const guest = (name: string, address: string, stranger = true): Guest => ({ address, stranger, end: () => ended.push(name) });
  beforeEach(() => {
    ended.length = 0;
  });

  test('the oldest stranger makes room for a newcomer', () => {
    const list = new ConnectionList(3, 3);
    const [one, two] = [guest('one', 'a'), guest('two', 'b')];
    list.add(one);
    list.add(two);
    list.add(guest('three', 'c'));
    list.known(one);
    expect([list.add(guest('four', 'd')), ended, list.size]).toEqual(['vacated', ['two'], 3]);
  });

  test('of one address, only one of the same', () => {
    const list = new ConnectionList(10, 2);
    list.add(guest('other', 'b'));
    list.add(guest('one', 'a'));
    list.add(guest('two', 'a'));
    expect([list.add(guest('three', 'a')), ended]).toEqual(['vacated', ['one']]);
  });

  test('where everybody is known, nobody has to go', () => {
    const list = new ConnectionList(2, 2);
    list.add(guest('one', 'a', false));
    list.add(guest('two', 'a', false));
    expect([list.add(guest('three', 'b')), ended, list.size]).toEqual(['none', [], 2]);
    const [first] = list.all();
    list.remove(first!);
    list.remove(first!);
    expect(list.add(guest('three', 'a'))).toBe('free');
  });
});

describe('headers', () => {
  const read = (headers: object, raw: readonly string[] = []): ReturnType<typeof readHead> =>
    readHead({ ':method': 'POST', 'content-type': 'application/grpc+proto', ...headers }, raw, 1_000, () => undefined);

  test.each([
    ['10S', 11_000],
    ['1H', 3_601_000],
    ['5m', 1_005],
    ['999999u', 1_999],
    ['0S', 1_000],
  ])('a time-out of %s', (text, deadlineMs) => {
    expect(read({ 'grpc-timeout': text })).toMatchObject({ kind: 'call', head: { deadlineMs } });
  });

  test.each(['', 'S', '5', '5 S', '123456789S', '-1S', '1.5S', '5S5S', '5x'])('a time-out of "%s" is none', (text) => {
    expect(read({ 'grpc-timeout': text })).toMatchObject({ kind: 'refused', status: { code: 3 } });
  });

  test('only POST, only gRPC, only uncompressed', () => {
    expect(read({ ':method': 'GET' })).toEqual({ kind: 'not-grpc', httpStatus: 405 });
    expect(read({ 'content-type': 'text/html' })).toEqual({ kind: 'not-grpc', httpStatus: 415 });
    for (const encoding of ['gzip', 'deflate', 'snappy']) expect(read({ 'grpc-encoding': encoding })).toMatchObject({ kind: 'refused', status: { code: 12 } });
  });

  test('a repeated header is noticed by its name, not by a value that looks like it', () => {
    const repeated = (raw: readonly string[]): boolean => {
      const head = read({}, raw);
      return head.kind === 'call' && head.head.isRepeated('authorization');
    };
    expect(repeated(['authorization', 'a', 'authorization', 'b'])).toBe(true);
    expect(repeated(['authorization', 'authorization', 'x', 'authorization'])).toBe(false);
  });
});

test('a status fits into headers, whatever its text is', () => {
  expect(percentEncoded('a% b\r\n\u001bü')).toBe('a%25 b%0D%0A%1B%C3%BC');
  // Half of a pair, as a cut text may end.
  expect(percentEncoded('\ud83d')).toBe('%EF%BF%BD');
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from([1, 2]));
  expect(trailersOf({ code: 5, details: '', metadata })).toEqual({ 'grpc-status': '5', 'grpc-status-details-bin': 'AQI=' });
});
