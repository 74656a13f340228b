/**
 * Finds server programs; on Debian as root it installs what is missing (no system service is started by that). Where it
 * cannot, it throws: a test that needs a server and has none fails, it is never skipped.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A server program is not on this machine and could not be installed. The message says what to install. */
export class MissingServer extends Error {
  readonly kind = 'missing-server';

  constructor(
    readonly programs: readonly string[],
    advice: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`${programs.join(', ')} not found in PATH or in the sbin folders. ${advice}`, options);
    this.name = 'MissingServer';
  }
}

const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/local/mysql/bin'];
const APT_TIMEOUT_MS = 240_000;

export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return null;
}

/** Paths of `programs`, in their order, installing `debianPackages` first when one is missing and that is possible. */
export function requirePrograms(programs: readonly string[], debianPackages: readonly string[]): readonly string[] {
  const found = (): readonly string[] => programs.map(findProgram).filter((path) => path !== null);
  if (found().length < programs.length && canInstall()) install(programs, debianPackages);
  const paths = found();
  if (paths.length < programs.length) {
    const missing = programs.filter((name) => findProgram(name) === null);
    throw new MissingServer(missing, `Install it; on Debian or Ubuntu: sudo apt-get install --no-install-recommends ${debianPackages.join(' ')}`);
  }
  return paths;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== null;
}

function install(programs: readonly string[], packages: readonly string[]): void {
  const removePolicy = forbidServiceStarts();
  const apt = (...args: readonly string[]): void => {
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: APT_TIMEOUT_MS,
    });
  };
  try {
    apt('update', '-q');
    apt('install', '-q', '-y', '--no-install-recommends', ...packages);
  } catch (cause) {
    throw new MissingServer(programs, `apt-get install ${packages.join(' ')} was tried and failed.`, { cause });
  } finally {
    removePolicy();
  }
}

/** invoke-rc.d asks this script before it starts a service; 101 means "not allowed". */
function forbidServiceStarts(): () => void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => undefined;
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => unlinkSync(policy);
}
