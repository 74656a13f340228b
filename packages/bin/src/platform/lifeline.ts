/**
 * A pipe whose other end the parent alone holds. However the parent ends, SIGKILL included, the kernel closes its end and
 * the child notices: so nothing that `npm start` or `mas up` started outlives it. The child finds its end through the
 * variable; who has none (started by hand, by goreman, by a container) has no lifeline and needs none.
 */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';

export const LIFELINE_VARIABLE = 'MAS_LIFELINE_FD';
/** Behind stdin, stdout and stderr: `stdio: [..., ..., ..., 'pipe']`. */
export const LIFELINE_FD = 3;

/** Added to a child's environment when its fourth stdio is a pipe. */
export const lifelineEnvironment = { [LIFELINE_VARIABLE]: String(LIFELINE_FD) } as const;

/** Calls `gone` once when the parent has ended. Takes the variable out: it must not reach this process's own children. */
export function watchLifeline(environment: NodeJS.ProcessEnv, gone: () => void): void {
  const text = environment[LIFELINE_VARIABLE];
  delete environment[LIFELINE_VARIABLE];
  if (text === undefined || !/^\d{1,4}$/.test(text) || !isOpen(Number(text))) return;
  const socket = new Socket({ fd: Number(text), readable: true, writable: false });
  socket.on('error', () => undefined);
  socket.once('close', gone);
  socket.resume();
  socket.unref();
}

function isOpen(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
