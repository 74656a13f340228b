/** CPU seconds and peak memory of processes, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** The kernel's USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PARENT_FIELD = 1;
const UTIME_FIELD = 11;
const STIME_FIELD = 12;

/** Undefined once the process is gone. */
export function usageOf(pid: number): ProcessUsage | undefined {
  try {
    // The command may hold spaces and parentheses; fields are counted behind its last one.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD]);
    const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMiB: peakKiB / 1024 };
  } catch {
    return undefined;
  }
}

/** Of the processes that run now. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === parent)
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[PARENT_FIELD]);
  } catch {
    return undefined;
  }
}

/** What the processes used between two moments. */
export class UsageMeter {
  private readonly before = new Map<string, ProcessUsage>();

  constructor(private readonly pids: ReadonlyMap<string, number>) {
    for (const [name, pid] of pids) {
      const usage = usageOf(pid);
      if (usage !== undefined) this.before.set(name, usage);
    }
  }

  since(): Readonly<Record<string, ProcessUsage>> {
    const used: Record<string, ProcessUsage> = {};
    for (const [name, pid] of this.pids) {
      const now = usageOf(pid);
      const then = this.before.get(name);
      if (now !== undefined && then !== undefined) used[name] = { cpuSeconds: now.cpuSeconds - then.cpuSeconds, peakMiB: now.peakMiB };
    }
    return used;
  }
}

/** The most memory that processes of a name have had, over all their lives that were looked at. */
export class PeakMemory {
  private readonly mostMiB = new Map<string, number>();

  note(pids: ReadonlyMap<string, number>): void {
    for (const [name, pid] of pids) {
      const usage = usageOf(pid);
      if (usage !== undefined) this.mostMiB.set(name, Math.max(this.mostMiB.get(name) ?? 0, usage.peakMiB));
    }
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.mostMiB);
  }
}
