/**
 * Whether a process that wrote something down still runs. A pid alone is not enough: after a kill -9, or a restart of the
 * machine, another process may have it. So the moment of its start goes with it, where the system tells it (Linux).
 */
import { readFileSync, statSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the machine's start to its own, as text; empty where the system does not tell. */
  readonly started: string;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) };
}

/** True while that very process runs, as this user's. */
export function isRunningAsMine({ pid, started }: ProcessIdentity): boolean {
  try {
    // Signal 0 asks only; another user's process refuses, unless root asks.
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startOf(pid) === started && ownerOf(pid) === process.geteuid?.();
}

/** Field 22 of /proc/PID/stat. The second field is the program's name in brackets and may hold anything. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function ownerOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return process.geteuid?.();
  }
}
