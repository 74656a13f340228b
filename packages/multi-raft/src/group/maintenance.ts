/** Once in a while, quiet or not: keeping the log short, and a look at the health of the applied state. */
import { logIndex, type NodeId } from '@mas/raft';
import { present } from '@mas/values';
import { compactionTarget } from './compaction';
import { retreatIfAiling } from './handover';
import type { Replica } from './replica';

/** @param isPressing the log store wants old segments of this group gone. */
export function maintain<Result>(replica: Replica<Result>, isPressing: boolean): void {
  if (replica.isRetired) return;
  retreatIfAiling(replica);
  releasePins(replica);
  const durable = replica.applier.durable();
  const { config } = replica.host;
  const hasUncheckpointed = replica.applies.applied.index > durable.index;
  if (hasUncheckpointed && (isPressing || replica.sizes.bytesAfter(durable.index) > config.maxUncheckpointedBytes)) {
    replica.applier.requestCheckpoint();
  }
  compact(replica, durable.index, isPressing);
}

function compact<Result>(replica: Replica<Result>, durableIndex: number, isPressing: boolean): void {
  // While a snapshot is installed the log may be about to be reset.
  if (replica.isInstalling || replica.view.lastIndex() < durableIndex) return;
  const target = compactionTarget(
    {
      baseIndex: replica.view.base().index,
      durableIndex,
      followers: reachableFollowers(replica),
      pinnedIndexes: [...replica.pins.values()].map((pin) => pin.index),
      isPressing,
    },
    replica.host.config,
  );
  if (target === undefined) return;
  const index = logIndex(target);
  const term = present(replica.view.term(index), `term of the compaction index ${target}`);
  replica.host.log.compact(replica.group, { index, term });
  replica.sizes.compacted(target);
}

function reachableFollowers<Result>(replica: Replica<Result>): readonly { readonly matchIndex: number; readonly lagBytes: number }[] {
  if (!replica.isLeader) return [];
  const followers: { matchIndex: number; lagBytes: number }[] = [];
  replica.node.visitProgress((id, progress) => {
    // One that is being sent a snapshot is kept up by its pin.
    if (id === replica.host.nodeId || progress.state === 'snapshot' || !replica.host.isAlive(id)) return;
    followers.push({ matchIndex: progress.match, lagBytes: replica.sizes.bytesAfter(progress.match) });
  });
  return followers;
}

function releasePins<Result>(replica: Replica<Result>): void {
  if (replica.pins.size === 0) return;
  const matches = new Map<NodeId, number>();
  if (replica.isLeader) replica.node.visitProgress((id, progress) => matches.set(id, progress.match));
  const tick = replica.host.tick();
  for (const [node, pin] of replica.pins) {
    const match = matches.get(node) ?? Number.MAX_SAFE_INTEGER;
    if (match >= pin.index || tick > pin.untilTick) replica.pins.delete(node);
  }
}
