/**
 * Stopping a host in good order: leaderships go to others while everything still runs, then nothing new begins, what is
 * written is made durable, and the applied states stop. Each step is bounded; what is not finished then is what a
 * crash would have left, which is always safe.
 */
import { within } from '@mas/values';
import type { MultiRaftConfig } from './config';
import { bestSuccessor, transferTo } from './group/handover';
import type { Replica } from './group/replica';
import type { HostPorts } from './host-ports';

/** @param halt ends ticks and turns. */
export async function stopHost<Result>(replicas: readonly Replica<Result>[], config: MultiRaftConfig, ports: HostPorts, halt: () => void): Promise<void> {
  await within(ports.clock, config.stopHandOverMs, Promise.all(replicas.map(handOver)), undefined);
  // Followers have nothing of callers in flight; former leaders may have committed proposals that are being applied.
  await within(ports.clock, config.stopFlushMs, Promise.all(replicas.map(settled)), undefined);
  halt();
  for (const replica of replicas) replica.retire({ kind: 'unavailable', reason: 'stopping' });
  await ports.transport.close();
  const stops = await Promise.allSettled(replicas.map((replica) => replica.applier.stop()));
  for (const stop of stops) if (stop.status === 'rejected') ports.logger.error({ err: stop.reason }, 'an applied state did not stop cleanly');
  await ports.log.close();
}

async function handOver<Result>(replica: Replica<Result>): Promise<void> {
  const successor = replica.isLeader ? bestSuccessor(replica) : undefined;
  if (successor !== undefined) await transferTo(replica, successor);
}

function settled<Result>(replica: Replica<Result>): Promise<true> {
  return replica.waiters.until(() => (replica.isRetired || (replica.pending.size === 0 && replica.queue.length === 0) ? true : undefined));
}
