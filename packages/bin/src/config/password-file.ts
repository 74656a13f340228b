/**
 * Passwords of SQL and Redis servers come in a variable or in a file, never in an argument: every user of a machine may read
 * the arguments of all its processes, and shells and process managers keep them.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../usage-error';
import type { Setting } from './setting';

/** Loose on purpose: also where the password makes it no URL. */
const HOLDS_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^@/]*:[^@]+@/i;

/** A server's URL as it was given, and where else its password may stand. */
export interface ServerUrl {
  readonly setting: Setting;
  readonly url: string;
  readonly fileSetting: Setting;
  /** Empty: none. */
  readonly file: string;
}

/** The URL with its password. @param flag the URL as an argument, if it was one. @throws UsageError */
export function withPassword({ setting, url, fileSetting, file }: ServerUrl, flag: unknown): string {
  const asFile = `--${fileSetting.flag} (or ${fileSetting.variable})`;
  if (typeof flag === 'string' && HOLDS_PASSWORD.test(flag)) {
    throw new UsageError(
      `--${setting.flag} holds a password, and every user of this machine may read the arguments of a process: give the URL in ${setting.variable}, or the password in a file that ${asFile} names`,
    );
  }
  if (file === '') return url;
  if (HOLDS_PASSWORD.test(url))
    throw new UsageError(`${asFile} names a file with the password, and ${setting.variable} holds one as well: take one of them away`);
  const complete = URL.canParse(url) ? new URL(url) : null;
  if (complete === null || complete.host === '')
    throw new UsageError(`${asFile} needs the server's URL in --${setting.flag} (or ${setting.variable}), without a password`);
  complete.password = encodeURIComponent(read(file, asFile));
  return complete.href;
}

function read(file: string, asFile: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${asFile}: ${resolve(file)} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no code'})`);
  }
  const [password = '', ...more] = text.replace(/\r?\n$/, '').split('\n');
  if (password === '' || more.length > 0) throw new UsageError(`${asFile}: ${resolve(file)} should hold the password on one line, and nothing else`);
  return password;
}
