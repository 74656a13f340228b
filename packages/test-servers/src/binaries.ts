/**
 * Finds server programs and runs each once: one that is there and misses what it needs is as good as missing. On Debian as
 * root what is missing is installed (no system service is started by that). Where that cannot be, it throws: a test that
 * needs a server and has none fails, it is never skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, how one sees that it runs, and where Debian and Ubuntu have it. */
export interface Program {
  readonly name: string;
  /** What it is asked, and what then stands in its output, whatever its exit code. */
  readonly probe: { readonly args: readonly string[]; readonly says: RegExp };
  readonly debianPackage: string;
  /** Where it may lie beside PATH and the usual folders; asked anew after an installation. */
  readonly folders?: () => readonly string[];
}

/** Programs are not on this machine, or do not run, and could not be installed. The message says what to install. */
export class MissingServer extends Error {
  readonly kind = 'missing-server';

  constructor(
    readonly programs: readonly string[],
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'MissingServer';
  }
}

const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/local/mysql/bin'];
const APT_TIMEOUT_MS = 600_000;
const PROBE_TIMEOUT_MS = 60_000;

export function findProgram(name: string, more: readonly string[] = []): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS, ...more];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return null;
}

/** Paths of `programs`, in their order, installing the packages of those that are missing where it may. */
export function requirePrograms(programs: readonly Program[], mayInstall = canInstall()): readonly string[] {
  const before = programs.filter((program) => whatIsWrong(program) !== null);
  if (before.length > 0 && mayInstall) install(before);
  const missing = programs.flatMap((program) => {
    const wrong = whatIsWrong(program);
    return wrong === null ? [] : [{ program, wrong }];
  });
  if (missing.length > 0) {
    const names = missing.map(({ program }) => program.name);
    throw new MissingServer(names, `${missing.map(({ wrong }) => wrong).join('; ')}. ${adviceFor(missing.map(({ program }) => program))}`);
  }
  return programs.map(({ name, folders }) => findProgram(name, folders?.()) ?? name);
}

function adviceFor(programs: readonly Program[]): string {
  return `On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packagesOf(programs).join(' ')}`;
}

function whatIsWrong({ name, probe, folders }: Program): string | null {
  const path = findProgram(name, folders?.());
  if (path === null) return `${name} is not in PATH or in the sbin folders`;
  const { stdout, stderr, error } = spawnSync(path, probe.args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: PROBE_TIMEOUT_MS });
  if (probe.says.test(`${stdout}${stderr}`)) return null;
  return `${path} is there and does not run (${error?.message ?? `${stderr}${stdout}`.trim().split('\n')[0]})`;
}

function packagesOf(programs: readonly Program[]): readonly string[] {
  return [...new Set(programs.map(({ debianPackage }) => debianPackage))];
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

function install(programs: readonly Program[]): void {
  const packages = packagesOf(programs);
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
    // A package whose program has gone or does not run is laid out anew.
    apt('install', '-q', '-y', '--no-install-recommends', '--reinstall', ...packages);
  } catch (cause) {
    throw new MissingServer(
      programs.map(({ name }) => name),
      `apt-get install ${packages.join(' ')} was tried and failed: ${String(cause)}`,
      { cause },
    );
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
