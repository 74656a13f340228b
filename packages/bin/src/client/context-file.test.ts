/** A context file says where the caller's token goes. Only the caller's own is believed, and only while its cluster runs. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownIdentity } from '../platform/running-process';
import { findContext, readNamedContext } from './context-file';

const VALUES = { tc: 'there:1', cert: 'ca.crt', token: 'operator.jwt' };
const before = process.cwd();
let folder: string;
let home: string;
let notes: string[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mas-context-')));
  home = join(folder, 'home');
  mkdirSync(join(home, '.config/mas'), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'work'));
  process.chdir(join(folder, 'work'));
  notes = [];
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

const found = (): ReturnType<typeof findContext> => findContext((text) => notes.push(text), home);
const NOTHING = { path: '', values: {} };

function put(path: string, content: object): string {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return path;
}

test('nothing there, nothing said', () => {
  expect([found(), notes]).toEqual([NOTHING, []]);
});

test('of a cluster that runs: believed', () => {
  put('.mas/context.json', { ...VALUES, process: ownIdentity() });
  expect([found(), notes]).toEqual([{ path: join(folder, 'work/.mas/context.json'), values: VALUES }, []]);
});

test('one that came with somebody\u2019s files names no cluster of the caller\u2019s: not believed, and said', () => {
  put('.mas/context.json', VALUES);
  expect([found(), notes]).toEqual([
    NOTHING,
    [
      expect.stringMatching(
        /^the context file \.mas\/context\.json is not used: it does not say which running cluster of yours wrote it; name it with --context or MAS_CONTEXT/,
      ),
    ],
  ]);
});

test('of a process that has ended, or another that has its pid now: not believed, and said', () => {
  put('.mas/context.json', { ...VALUES, process: { ...ownIdentity(), started: '1' } });
  expect([found(), notes]).toEqual([NOTHING, [expect.stringMatching(/the cluster that wrote it \(process \d+\) has ended$/)]]);
});

test.each<[string, () => void, RegExp]>([
  ['file', () => chmodSync('.mas/context.json', 0o666), /others may write to it;/],
  ['file, by its group', () => chmodSync('.mas/context.json', 0o660), /others may write to it;/],
  ['folder', () => chmodSync('.mas', 0o777), /others may write to its folder;/],
])('others may write to its %s: not believed', (_, open, why) => {
  put('.mas/context.json', { ...VALUES, process: ownIdentity() });
  open();
  expect(found()).toEqual(NOTHING);
  expect(notes).toEqual([expect.stringMatching(why)]);
});

test('another user\u2019s file, also behind a link of the caller\u2019s: not believed', () => {
  put('elsewhere/context.json', { ...VALUES, process: ownIdentity() });
  symlinkSync('elsewhere', '.mas');
  const seteuid = process.geteuid;
  process.geteuid = () => 4_242;
  try {
    expect(found()).toEqual(NOTHING);
  } finally {
    if (seteuid !== undefined) process.geteuid = seteuid;
  }
  expect(notes).toEqual([expect.stringMatching(/it belongs to another user; name it/)]);
});

test('the caller\u2019s own in the home folder needs no running writer, and comes second', () => {
  const own = put(join(home, '.config/mas/context.json'), { ...VALUES, tc: 'home:1' });
  put('.mas/context.json', VALUES);
  expect(found()).toEqual({ path: own, values: { ...VALUES, tc: 'home:1' } });
  expect(notes).toHaveLength(1);
  put('.mas/context.json', { ...VALUES, process: ownIdentity() });
  expect(found().values).toEqual(VALUES);
});

describe('named', () => {
  test('believed wherever it is', () => {
    const path = put('theirs/context.json', VALUES);
    chmodSync(path, 0o666);
    expect(readNamedContext(path, '--context')).toEqual({ path, values: VALUES });
  });

  test('not there: its name, and who named it', () => {
    expect(() => readNamedContext('nowhere.json', 'MAS_CONTEXT')).toThrow('there is no context file nowhere.json (MAS_CONTEXT)');
  });

  test('of a cluster that has ended: said, and not the defaults instead', () => {
    const path = put('old/context.json', { ...VALUES, process: { pid: 2 ** 22 + 1, started: '' } });
    expect(() => readNamedContext(path, '--context')).toThrow(
      /^UNAVAILABLE: the cluster of the context file old\/context\.json \(--context\) has ended \(process 4194305\): start it again$/,
    );
  });
});
