/** Credentials are redacted wherever they are likely to appear, and amounts print. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { createLogger } from './pino-logger';

function linesOf(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger({ level: 'debug', base: { rm: 1 }, destination: { write: (line: string) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('authorization, tokens and passwords never reach the log', () => {
  const [line] = linesOf((logger) =>
    logger.info({ authorization: 'Bearer x', token: 'x', metadata: { authorization: 'x' }, sql: { password: 'x' }, paymentId: 'p1' }, 'call'),
  );
  expect(line).toMatchObject({
    level: 'info',
    rm: 1,
    msg: 'call',
    paymentId: 'p1',
    authorization: '[redacted]',
    token: '[redacted]',
    metadata: { authorization: '[redacted]' },
    sql: { password: '[redacted]' },
  });
});

test('a bigint is printed as digits and an error with its stack', () => {
  const [line] = linesOf((logger) => logger.error({ amountMinor: 9_007_199_254_740_993n, err: new Error('boom') }, 'failed'));
  expect(line).toMatchObject({ amountMinor: '9007199254740993', err: { message: 'boom' } });
});

test('every field stands in a line once: a fact never covers who says it, how loud and what', () => {
  const lines: string[] = [];
  createLogger({ level: 'debug', base: { rm: 1 }, destination: { write: (line: string) => void lines.push(line) } }).warn(
    { rm: 2, level: 'x', msg: 'y', time: 3 },
    'a peer is silent',
  );
  const names = [...(lines[0] ?? '').matchAll(/"(\w+)":/g)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    rm: 1,
    level: 'warn',
    msg: 'a peer is silent',
    about_rm: 2,
    about_level: 'x',
    about_msg: 'y',
    about_time: 3,
  });
});

describe('what a stranger wrote stays within its line', () => {
  const HOSTILE = 'a\r\n{"level":"info","msg":"forged"}\u001b[2Jb\u009bc\u2028d';
  const written = async (readable: boolean, write: (logger: ReturnType<typeof createLogger>) => void): Promise<string[]> => {
    const destination = new PassThrough({ encoding: 'utf8' });
    const first = once(destination, 'data');
    write(createLogger({ level: 'debug', base: {}, format: readable ? 'pretty' : 'json', destination }));
    const [text] = (await first) as [string];
    return text.split('\n').slice(0, -1);
  };

  test.each([true, false])('in the message and its facts (readable: %s)', async (readable) => {
    const lines = await written(readable, (logger) => logger.warn({ reason: HOSTILE }, HOSTILE));
    expect(lines.filter((line) => line.includes('WARN') || line.includes('"warn"'))).toHaveLength(1);
    expect(lines.filter((line) => /^\s*\{.*forged|^\[.*forged.*INFO/.test(line) && !line.includes('"warn"'))).toEqual([]);
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/);
  });

  test.each([true, false])('in an error (readable: %s)', async (readable) => {
    const lines = await written(readable, (logger) => logger.error({ err: new Error(HOSTILE) }, 'a call failed'));
    expect(lines.filter((line) => /^\S/.test(line))).toHaveLength(1);
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/);
  });
});
