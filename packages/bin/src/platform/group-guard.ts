/**
 * Ends whole process groups when this process is gone, however it went: SIGKILL runs no handler. A small shell in a session of
 * its own reads from a pipe that only this process holds. It is told which groups there are; the end of the file means that
 * this process is dead, and what is still listed then gets SIGTERM and, after the grace period, SIGKILL. No polling of pids.
 *
 * Out of reach: a program that leaves its group on purpose (setsid).
 */
import { spawn, type ChildProcess } from 'node:child_process';

const POLLS_PER_SECOND = 5;
const SCRIPT = `
groups=' '
while read -r change group; do
  case "$change" in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
polls="$1"
while [ "$polls" -gt 0 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && exit 0
  polls=$((polls - 1))
  sleep 0.2
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

export class GroupGuard {
  private readonly shell: ChildProcess;

  constructor(graceMs: number) {
    this.shell = spawn('/bin/sh', ['-c', SCRIPT, 'mas-group-guard', String(Math.ceil((graceMs / 1000) * POLLS_PER_SECOND))], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Without a shell there is no guard, and no Procfile could run either.
    this.shell.on('error', () => undefined);
    this.shell.stdin?.on('error', () => undefined);
    this.shell.unref();
  }

  /** @param group the pid of its first process, which was started detached */
  add(group: number): void {
    this.shell.stdin?.write(`+ ${group}\n`);
  }

  /** Call once nothing of the group runs any more: its number may be given to others. */
  remove(group: number): void {
    this.shell.stdin?.write(`- ${group}\n`);
  }

  /** As if this process were gone: what is still listed is ended. No group may be added any more. */
  close(): void {
    this.shell.stdin?.destroy();
  }
}
