/** What a process knows of itself and of its machine, when a scraper asks. */
import { readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { ProcessNumbers } from '@mas/metrics';

/** Node measures from timer to timer: what is later than this is delay. */
const RESOLUTION_MS = 20;
const NANOSECONDS = 1e6;

type Machine = Pick<
  ProcessNumbers,
  'startedAtMs' | 'cpuMs' | 'residentBytes' | 'heapUsedBytes' | 'heapLimitBytes' | 'openFiles' | 'eventLoopDelay' | 'dataVolume'
>;

export class MachineNumbers {
  private readonly delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private volume: ProcessNumbers['dataVolume'] = null;
  private isLooking = false;

  constructor(private readonly dataFolder: string) {
    this.delays.enable();
    this.lookAtVolume();
  }

  take(): Machine {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    this.lookAtVolume();
    return {
      startedAtMs: performance.timeOrigin,
      cpuMs: (user + system) / 1_000,
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      openFiles: openFiles(),
      eventLoopDelay: this.takeDelays(),
      dataVolume: this.volume,
    };
  }

  stop(): void {
    this.delays.disable();
  }

  private takeDelays(): ProcessNumbers['eventLoopDelay'] {
    const delay = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS);
    const taken = { p50Ms: delay(this.delays.percentile(50)), p99Ms: delay(this.delays.percentile(99)), maxMs: delay(this.delays.max) };
    this.delays.reset();
    return taken;
  }

  /** A volume that hangs keeps nobody waiting: what is told is what was seen last. */
  private lookAtVolume(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    statfs(this.dataFolder)
      .then(({ bavail, blocks, bsize }) => (this.volume = { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }))
      .catch(() => (this.volume = null))
      .finally(() => (this.isLooking = false));
  }
}

function openFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}
