/** SIGSTOP reaches the threads of a process one after the other: until the last one stands still, it may answer yet. */
import { readdirSync, readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 1;
const PATIENCE_MS = 10_000;

/** Returns once every thread stands still (Linux; elsewhere at once). @throws Error when one does not within 10 s */
export function untilStopped(pid: number): void {
  const untilMs = performance.now() + PATIENCE_MS;
  const wait = new Int32Array(new SharedArrayBuffer(4));
  while (!isStopped(pid)) {
    if (performance.now() > untilMs) throw new Error(`process ${pid} does not stand still`);
    Atomics.wait(wait, 0, 0, LOOK_EVERY_MS);
  }
}

function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  } catch {
    // No such folder: not Linux, or a thread has ended while we looked.
    return process.platform !== 'linux';
  }
}
