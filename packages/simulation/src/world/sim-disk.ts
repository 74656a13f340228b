/**
 * The data folder of one Resource Manager and the disk under it: production's in-memory file system, which forgets what was not
 * synced, and the folder's records, with a disk's time and a disk's faults around them. It can be copied, emptied and set back.
 */
import {
  decodeIdentity,
  decodeMarks,
  decodeRuns,
  encodeIdentity,
  encodeMarks,
  encodeRuns,
  incarnation,
  type IdentityRecord,
  type PositionMark,
} from '@mas/membership';
import { MemoryFileSystem } from '@mas/raft-log';
import { decodePlacement, encodePlacement, FolderMembership, type IdentityStore, type MemberFolder } from '@mas/resource-manager';
import type { SeededRandom } from '@mas/values';
import type { SimProcess } from './sim-process';
import type { World } from './world';

export interface DiskConditions {
  readonly minLatencyMs: number;
  readonly maxLatencyMs: number;
}

export const CALM_DISK: DiskConditions = { minLatencyMs: 0.1, maxLatencyMs: 0.8 };

export type CrashKind = 'lose' | 'keep' | 'prefix' | 'sectors';

/** What the folder held at a moment, durably. */
export interface FolderImage {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly records: ReadonlyMap<string, string>;
}

export const EMPTY_FOLDER: FolderImage = { files: new Map(), records: new Map() };

const HEX_DIGITS = 32;

export class SimDisk {
  readonly files: MemoryFileSystem;
  conditions: DiskConditions = CALM_DISK;
  /** Whose operations these are. */
  owner: SimProcess | null = null;
  private records = new Map<string, string>();
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

  image(): FolderImage {
    return { files: this.files.image(), records: new Map(this.records) };
  }

  /** Only while no process uses it. */
  restore(image: FolderImage): void {
    this.files.replaceBy(image.files);
    this.records = new Map(image.records);
  }

  /** What the identity in the folder is; null: none. For those who look from outside. */
  identity(): IdentityRecord | null {
    const text = this.records.get('identity');
    return text === undefined ? null : decodeIdentity(text);
  }

  marks(): readonly PositionMark[] {
    const text = this.records.get('marks');
    return text === undefined ? [] : decodeMarks(text);
  }

  /** The folder as the process that runs on it sees it. */
  folder(name: string): MemberFolder {
    return {
      path: name,
      records: (record) => this.identities(record),
      forgetNext: () => this.durably(() => void this.records.delete('next identity')),
      hasLog: () => this.files.paths().some((path) => path.startsWith('log/')),
      hasDatabase: () => false,
      removeBefore: (ordinal) => this.durably(() => this.removeAllBut(`${FolderMembership.subfolder({ ordinal })}/`)),
      newIncarnation: () => incarnation(Array.from({ length: HEX_DIGITS }, () => this.random.below(16).toString(16)).join('')),
    };
  }

  private identities(name: 'identity' | 'next identity'): IdentityStore {
    return {
      load: () => {
        const text = this.records.get(name);
        return text === undefined ? null : decodeIdentity(text);
      },
      save: (record) => this.durably(() => void this.records.set(name, encodeIdentity(record))),
      loadMarks: () => this.marks(),
      saveMarks: (marks) => this.durably(() => void this.records.set('marks', encodeMarks(marks))),
      loadRuns: () => {
        const text = this.records.get('runs');
        return text === undefined ? null : decodeRuns(text);
      },
      saveRuns: (runs) => this.durably(() => void this.records.set('runs', encodeRuns(runs))),
      loadMap: () => {
        const text = this.records.get('map');
        return text === undefined ? null : decodePlacement(Buffer.from(text));
      },
      saveMap: (map) => this.durably(() => void this.records.set('map', Buffer.from(encodePlacement(map)).toString())),
    };
  }

  private removeAllBut(prefix: string): void {
    this.files.replaceBy(new Map([...this.files.image()].filter(([path]) => path.startsWith(prefix))));
  }

  /** In one piece or, where the process dies first, not at all. */
  private durably(change: () => void): Promise<void> {
    return new Promise((resolve) => this.later(() => resolve(change())));
  }

  private later(run: () => void): void {
    const { minLatencyMs, maxLatencyMs } = this.conditions;
    const { owner } = this;
    this.inFlight += 1;
    const latencyMs = minLatencyMs + this.random.unit() * (maxLatencyMs - minLatencyMs);
    if (latencyMs > CALM_DISK.maxLatencyMs) this.world.isSlow(latencyMs);
    this.world.time.at(latencyMs, () => {
      if (owner === this.owner) this.inFlight -= 1;
      owner?.enter(() => {
        if (this.isFull) this.files.failNext('write', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
        this.isFull = false;
        run();
      });
    });
  }
}
