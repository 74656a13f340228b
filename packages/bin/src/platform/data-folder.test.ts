/** Two processes on one data folder would undo each other's promises: the second is refused, and so is another owner. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mas-data-folder-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Another process's attempt, in plain JavaScript on the same lock. */
const ATTEMPT = `
  const Database = require('libsql');
  const database = new Database(process.argv[1], { timeout: 0 });
  try { database.prepare('pragma locking_mode=exclusive').all(); database.exec('begin exclusive; commit'); console.log('got it'); }
  catch (error) { console.log(error.code); process.exit(0); }
  if (process.argv[2] === 'stay') setInterval(() => undefined, 1000);
`;

function attempt(folder: string): string {
  return execFileSync(process.execPath, ['-e', ATTEMPT, join(folder, 'owner.db')])
    .toString()
    .trim();
}

test('held against other processes until it is closed', () => {
  const folder = join(root, 'a/b');
  const held = DataFolder.open(folder, 'rm-1');
  expect(attempt(folder)).toMatch(/^SQLITE_BUSY/);
  held.close();
  expect(attempt(folder)).toBe('got it');
  DataFolder.open(folder, 'rm-1').close();
});

test('refused while another process holds it, and free once that one was killed', async () => {
  DataFolder.open(root, 'rm-1').close();
  const other = spawn(process.execPath, ['-e', ATTEMPT, join(root, 'owner.db'), 'stay'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => other.once('close', resolve));
  await new Promise((resolve) => other.stdout.once('data', resolve));
  expect(() => DataFolder.open(root, 'rm-1')).toThrow(/is in use by another process: stop that one, or give another folder with --data/);
  other.kill('SIGKILL');
  await ended;
  DataFolder.open(root, 'rm-1').close();
});

test('belongs to its first owner for good', () => {
  DataFolder.open(root, 'rm-1').close();
  expect(() => DataFolder.open(root, 'rm-2')).toThrow(/is the data folder of "rm-1", not of "rm-2"/);
  DataFolder.open(root, 'rm-1').close();
});

test('a start that fails makes nobody its owner, unless it had one or something was kept', () => {
  DataFolder.open(root, 'rm-4').giveBack();
  const right = DataFolder.open(root, 'rm-1');
  right.keep('identity', 'x');
  right.giveBack();
  DataFolder.open(root, 'rm-1').giveBack();
  expect(() => DataFolder.open(root, 'rm-4')).toThrow(/is the data folder of "rm-1"/);
  expect(attempt(root)).toBe('got it');
});

test('nobody else on the machine reads it, whatever the umask, also where the folder was open before', () => {
  const before = process.umask(0);
  try {
    const [made, found] = [join(root, 'made'), join(root, 'found')];
    mkdirSync(found);
    chmodSync(found, 0o777);
    for (const path of [made, found]) {
      const folder = DataFolder.open(path, 'rm-1');
      const modes = [path, ...readdirSync(path).map((name) => join(path, name))].map((one) => (statSync(one).mode & 0o777).toString(8));
      expect(modes[0]).toBe('700');
      expect(modes.slice(1).every((mode) => mode === '600')).toBe(true);
      expect(modes.length).toBeGreaterThan(1);
      folder.close();
    }
  } finally {
    process.umask(before);
  }
});
