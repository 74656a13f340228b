/**
 * One lock as the seed describes it: Lock, Unlock, Status, HasHandle over a single id, with its properties and its handle.
 * Refreshing before the time-out is its user's duty.
 */
import type { Subject } from '@mas/ledger';
import type { Clock } from '@mas/values';
import { DEFAULT_LOCK_PROPERTIES, type GlobalLockService, type LockProperties, type LockReply } from './lock-service';
import type { LockHolder } from './lock-store';

export interface LockCaller {
  readonly subject: Subject;
  readonly token: string;
}

export class GlobalLock {
  private handle: string | null = null;

  constructor(
    private readonly service: GlobalLockService,
    private readonly clock: Clock,
    readonly lockId: string,
    private readonly caller: LockCaller,
    readonly properties: LockProperties = DEFAULT_LOCK_PROPERTIES,
  ) {}

  async lock(deadlineMs = this.clock.monotonicMs() + this.properties.lockAttempts * this.properties.lockAttemptDelayMs): Promise<LockReply> {
    const reply = await this.service.acquire({
      lockIds: [this.lockId],
      mode: 'exclusive',
      handle: this.handle,
      properties: this.properties,
      deadlineMs,
      ...this.caller,
    });
    if (reply.kind === 'acquired') this.handle = reply.handle;
    return reply;
  }

  /** undefined: there is nothing to unlock. */
  async unlock(): Promise<LockReply | undefined> {
    const { handle } = this;
    if (handle === null) return undefined;
    this.handle = null;
    return this.service.release({ lockIds: [this.lockId], handle, deadlineMs: this.clock.monotonicMs() + this.properties.lockTimeoutMs });
  }

  status(): Promise<LockHolder | null> {
    return this.service.status(this.lockId);
  }

  /** This object has acquired the lock and not unlocked it; whether it has expired since, only `status` tells. */
  hasHandle(): boolean {
    return this.handle !== null;
  }
}
