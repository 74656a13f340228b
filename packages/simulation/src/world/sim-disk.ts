/**
 * The disk under one Resource Manager's write-ahead log: production's in-memory file system, which forgets what was not
 * synced, with a disk's time and a disk's faults around it.
 */
import { MemoryFileSystem } from '@mas/raft-log';
import type { SeededRandom } from '@mas/values';
import type { SimProcess } from './sim-process';
import type { World } from './world';

export interface DiskConditions {
  readonly minLatencyMs: number;
  readonly maxLatencyMs: number;
}

export const CALM_DISK: DiskConditions = { minLatencyMs: 0.1, maxLatencyMs: 0.8 };

export type CrashKind = 'lose' | 'keep' | 'prefix' | 'sectors';

export class SimDisk {
  readonly files: MemoryFileSystem;
  conditions: DiskConditions = CALM_DISK;
  /** Whose operations these are. */
  owner: SimProcess | null = null;
  private readonly random: SeededRandom;
  private inFlight = 0;
  private isFull = false;

  constructor(private readonly world: World) {
    this.random = world.chance();
    this.files = new MemoryFileSystem({ schedule: (run) => this.later(run) });
  }

  /** The process is gone, or its machine: what was not synced is kept, lost or torn. */
  crash(kind: CrashKind): void {
    this.owner = null;
    if (this.inFlight > 0 && kind !== 'keep') this.world.counters.add('crashes with writes in flight');
    this.inFlight = 0;
    this.files.crash(kind === 'lose' || kind === 'keep' ? { kind } : { kind, random: this.random });
  }

  /** The next write fails for want of room; the process will stop. */
  full(): void {
    this.isFull = true;
  }

  recovered(): void {
    this.isFull = false;
  }

  private later(run: () => void): void {
    const { minLatencyMs, maxLatencyMs } = this.conditions;
    const { owner } = this;
    this.inFlight += 1;
    this.world.time.at(minLatencyMs + this.random.unit() * (maxLatencyMs - minLatencyMs), () => {
      if (owner === this.owner) this.inFlight -= 1;
      owner?.enter(() => {
        if (this.isFull) this.files.failNext('write', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
        this.isFull = false;
        run();
      });
    });
  }
}
