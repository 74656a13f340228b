/** Database servers refuse to run as root, rightly: a root test process starts them as an ordinary user. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** The first of `names` (then nobody) when we are root; null (run as ourselves) otherwise. */
export function serverUser(names: readonly string[]): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of [...names, 'nobody']) {
    const [, , uid, gid] = lines.find((fields) => fields[0] === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`running as root, and none of the users ${names.join(', ')}, nobody exists to run a database server as`);
}

export function giveTo(user: ServerUser | null, path: string): void {
  if (user !== null) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, path]);
}
