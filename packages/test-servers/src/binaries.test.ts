/** What a machine lacks is named with its package, also where the program that one calls is there and only what it needs is not. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePrograms, type Program } from './binaries';
import { MARIADB_PROGRAMS } from './mariadb';
import { findMySql } from './mysql';

const path = process.env['PATH'];
const mysqld = process.env['MAS_MYSQLD'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mas-binaries-'));
  process.env['PATH'] = folder;
});

afterEach(() => {
  process.env['PATH'] = path;
  if (mysqld === undefined) delete process.env['MAS_MYSQLD'];
  else process.env['MAS_MYSQLD'] = mysqld;
  rmSync(folder, { recursive: true });
});

function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const CHESS: Program = { name: 'mas-chess', probe: { args: ['--version'], says: /Ver \d/ }, debianPackage: 'chess-core' };

test('a program that is there and runs is taken', () => {
  const file = program('mas-chess', 'echo mas-chess Ver 7');
  expect(requirePrograms([CHESS], false)).toEqual([file]);
});

test('one that is there and does not run is named, with what it said and its package', () => {
  const file = program('mas-chess', 'echo "error while loading shared libraries: libpawn.so.1" >&2; exit 127');
  expect(() => requirePrograms([CHESS], false)).toThrow(
    `${file} is there and does not run (error while loading shared libraries: libpawn.so.1). On Debian or Ubuntu: sudo apt-get install --no-install-recommends chess-core`,
  );
});

test('mariadb-install-db without my_print_defaults: the package of that one is named, and only that one', () => {
  for (const { name } of MARIADB_PROGRAMS) if (name !== 'my_print_defaults') program(name, 'echo Usage: MariaDB Ver 10');
  expect(() => requirePrograms(MARIADB_PROGRAMS, false)).toThrow(/^my_print_defaults is not in PATH[^;]*\. On Debian or Ubuntu: .* mariadb-client-core$/);
});

test("MAS_MYSQLD that names MariaDB's server, or nothing, is an error and not a skipped test", () => {
  process.env['MAS_MYSQLD'] = program('mysqld', 'echo "mysqld  Ver 10.11.6-MariaDB for debian-linux-gnu"');
  expect(() => findMySql()).toThrow(/which is no MySQL server that runs: mysqld {2}Ver 10\.11\.6-MariaDB/);
  process.env['MAS_MYSQLD'] = join(folder, 'nothing');
  expect(() => findMySql()).toThrow(/ENOENT/);
  process.env['MAS_MYSQLD'] = program('mysqld', 'echo "/usr/sbin/mysqld  Ver 9.1.0 for Linux on x86_64"');
  expect(findMySql()).toBe(join(folder, 'mysqld'));
});
