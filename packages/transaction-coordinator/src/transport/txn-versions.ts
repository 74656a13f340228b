/**
 * Which hash a new payment's txn is (ADR 14): the one over the body's bytes once every replica of every bucket has said that its program
 * knows it, for a leader of an older one would refuse it. Asked until then and not again: a bucket whose programs all know it takes
 * the semantics version that no older program can apply.
 */
import { TXN_OVER_BYTES_SINCE, type TxnVersion } from '@mas/ledger';
import type { LeaderDirectory } from '@mas/placement';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import type { Clock, Timer } from '@mas/values';
import type { LeaderFollower } from './leader-follower';

const ASK_EVERY_MS = 5_000;
const ASK_TIMEOUT_MS = 2_000;

export class TxnVersions {
  private version: TxnVersion = 1;
  private timer: Timer | null = null;
  private stopped = false;

  constructor(
    private readonly follower: Pick<LeaderFollower, 'send'>,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
  ) {}

  current(): TxnVersion {
    return this.version;
  }

  start(): void {
    void this.ask();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async ask(): Promise<void> {
    const { map } = this.directory.placement();
    const replies = await Promise.all(map.resourceManagers.map(({ rm }) => this.follower.send(rm, { kind: 'status' }, ASK_TIMEOUT_MS)));
    const replicas = replies.flatMap((reply) => (reply.kind === 'status' ? reply.replicas : []));
    if (this.stopped) return;
    if (map.buckets.length > 0 && map.buckets.every(({ bucket, replicas: placed }) => placed.every((rm) => replicas.some((status) => status.bucket === bucket && status.rm === rm && knows(status))))) this.version = 2;
    else this.timer = this.clock.schedule(ASK_EVERY_MS, () => void this.ask());
  }
}

function knows({ knownSemantics }: ReplicaStatus): boolean {
  return knownSemantics >= TXN_OVER_BYTES_SINCE;
}
