/**
 * Ends a server whose test process is gone, however it went: SIGKILL runs no exit handler. A small shell, in a session of
 * its own so that Ctrl-C does not reach it, reads from a pipe that only the test process holds: a word means "the server has
 * ended, go"; the end of the file means that the test process is dead. No polling, no pid to watch.
 */
import { spawn, type SpawnOptions } from 'node:child_process';

export interface Watchdog {
  /** Call once the server has ended by itself or by us. Resolves when the watchdog is gone too. */
  disarm(): Promise<void>;
}

export interface WatchdogCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
}

const SCRIPT = 'if read -r word; then exit 0; fi; kill -9 "$1" 2>/dev/null; rm -rf -- "$2"';

/** Kills `pid` and removes `folder` when the process that holds its standard input ends without a word. */
export function watchdogCommand(pid: number, folder: string): WatchdogCommand {
  return {
    program: '/bin/sh',
    args: ['-c', SCRIPT, 'mas-test-watchdog', String(pid), folder],
    options: { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  };
}

export function watchOver(pid: number, folder: string): Watchdog {
  const { program, args, options } = watchdogCommand(pid, folder);
  const shell = spawn(program, args, options);
  const gone = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  const pipe = shell.stdin;
  // A watchdog that somebody killed must not take the test process with it.
  pipe?.on('error', () => undefined);
  // Neither the shell nor its pipe keeps the test process alive.
  shell.unref();
  if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  return {
    disarm: () => {
      shell.ref();
      pipe?.end('ended\n');
      return gone;
    },
  };
}
