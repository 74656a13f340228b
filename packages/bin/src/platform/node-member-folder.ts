/** MemberFolder in a data folder of this machine. Data of a later incarnation lie in a folder of their own below it. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { incarnation, type Incarnation, type Ordinal } from '@mas/membership';
import { FolderMembership, type IdentityStore, type MemberFolder } from '@mas/resource-manager';
import type { DataFolder } from './data-folder';
import { FolderIdentityStore } from './folder-identity-store';

const INCARNATION_BYTES = 16;
const LATER = /^incarnation-\d+$/;

export class NodeMemberFolder implements MemberFolder {
  constructor(private readonly folder: DataFolder) {}

  get path(): string {
    return this.folder.path;
  }

  records(name: 'identity' | 'next identity'): IdentityStore {
    return new FolderIdentityStore(this.folder, name);
  }

  forgetNext(): Promise<void> {
    this.folder.forget('next identity');
    return Promise.resolve();
  }

  hasLog(): boolean {
    const log = join(this.path, 'log');
    return existsSync(log) && readdirSync(log).length > 0;
  }

  hasDatabase(ordinal: Ordinal): boolean {
    const root = join(this.path, FolderMembership.subfolder({ ordinal }));
    return existsSync(root) && readdirSync(root).some((name) => name.endsWith('.db') && name !== 'owner.db');
  }

  removeBefore(ordinal: Ordinal): Promise<void> {
    const current = FolderMembership.subfolder({ ordinal });
    for (const name of readdirSync(this.path)) {
      const isEarlier =
        name === 'log' ||
        name === 'snapshots' ||
        (LATER.test(name) && name !== current) ||
        (name.endsWith('.db') && name !== 'owner.db') ||
        /\.db-(?:wal|shm)$/.test(name);
      if (isEarlier && !name.startsWith('owner.db')) rmSync(join(this.path, name), { recursive: true, force: true });
    }
    return Promise.resolve();
  }

  newIncarnation(): Incarnation {
    return incarnation(randomBytes(INCARNATION_BYTES).toString('hex'));
  }
}
