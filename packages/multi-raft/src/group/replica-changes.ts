/**
 * Changing who holds a replica of a running group (Raft thesis chapter 4). A new replica joins as a learner, which
 * counts in no quorum while it is being brought up, and is promoted once it is close behind; replacing swaps the new
 * one and the old one in one joint step, so that the group is never short of a voter. One change at a time per group.
 */
import { confChangeV1, confChangeV2, type ConfChange } from '@mas/raft';
import { unreachable, type RmId } from '@mas/values';
import type { ReplicaChange } from '../host';
import { nodeOf } from '../replica-id';
import { bestSuccessor, isCloseBehind, transferTo } from './handover';
import type { Replica } from './replica';

export type ChangeOutcome = 'done' | 'not-leader' | 'refused' | 'unknown';

export async function changeReplicas<Result>(replica: Replica<Result>, change: ReplicaChange): Promise<ChangeOutcome> {
  if (!replica.isLeader) return 'not-leader';
  if (replica.isChangingReplicas || replica.isRetired || replica.applies.confState.votersOutgoing.length > 0) return 'refused';
  replica.isChangingReplicas = true;
  replica.wake();
  try {
    return await carryOutChange(replica, change);
  } finally {
    replica.isChangingReplicas = false;
  }
}

async function carryOutChange<Result>(replica: Replica<Result>, change: ReplicaChange): Promise<ChangeOutcome> {
  switch (change.kind) {
    case 'add': {
      if (replica.voters.includes(change.rm)) return 'done';
      const joined = await joinAsLearner(replica, change.rm);
      return joined === 'done' ? commit(replica, confChangeV1({ type: 'add-node', nodeId: nodeOf(change.rm) })) : joined;
    }
    case 'remove':
      return remove(replica, change.rm);
    case 'replace':
      return replace(replica, change.remove, change.add);
    default:
      return unreachable(change, 'replica change');
  }
}

async function remove<Result>(replica: Replica<Result>, rm: RmId): Promise<ChangeOutcome> {
  const isVoter = replica.voters.includes(rm);
  const isLearner = replica.applies.confState.learners.includes(nodeOf(rm));
  if (!isVoter && !isLearner) return 'done';
  if (isVoter && replica.voters.length === 1) return 'refused';
  if (rm === replica.host.self) return leaveFirst(replica);
  return commit(replica, confChangeV1({ type: 'remove-node', nodeId: nodeOf(rm) }));
}

async function replace<Result>(replica: Replica<Result>, old: RmId, added: RmId): Promise<ChangeOutcome> {
  if (old === added) return 'refused';
  if (!replica.voters.includes(old)) return replica.voters.includes(added) ? 'done' : 'refused';
  if (!replica.voters.includes(added)) {
    const joined = await joinAsLearner(replica, added);
    if (joined !== 'done') return joined;
  }
  if (old === replica.host.self) return leaveFirst(replica);
  const swap = confChangeV2([
    { type: 'add-node', nodeId: nodeOf(added) },
    { type: 'remove-node', nodeId: nodeOf(old) },
  ]);
  const entered = await commit(replica, swap);
  if (entered !== 'done') return entered;
  const term = replica.known.term;
  return replica.waiters.until(() => {
    if (replica.applies.confState.votersOutgoing.length === 0) return 'done';
    return stillLeads(replica, term) ? undefined : 'unknown';
  });
}

/** A leader does not change itself out of the group: another one is asked to lead, and the caller goes there. */
async function leaveFirst<Result>(replica: Replica<Result>): Promise<ChangeOutcome> {
  const successor = bestSuccessor(replica);
  if (successor === undefined) return 'refused';
  return (await transferTo(replica, successor)) ? 'not-leader' : 'refused';
}

async function joinAsLearner<Result>(replica: Replica<Result>, rm: RmId): Promise<ChangeOutcome> {
  const { host } = replica;
  const node = nodeOf(rm);
  const wasLearner = replica.applies.confState.learners.includes(node);
  if (!wasLearner) {
    const added = await commit(replica, confChangeV1({ type: 'add-learner', nodeId: node }));
    if (added !== 'done') return added;
  }
  const { term } = replica.known;
  const untilMs = host.clock.monotonicMs() + host.config.catchUpTimeoutMs;
  const outcome = await replica.waiters.until(() => {
    if (!stillLeads(replica, term)) return 'unknown';
    if (host.isAlive(rm) && isCloseBehind(replica, rm)) return 'done';
    return host.clock.monotonicMs() >= untilMs ? 'refused' : undefined;
  });
  if (outcome === 'refused') {
    host.logger.warn({ bucket: replica.group, rm }, 'the new replica did not catch up in time and is not promoted');
    if (!wasLearner) await commit(replica, confChangeV1({ type: 'remove-node', nodeId: node }));
  }
  return outcome;
}

/** Proposes a change and waits until it is applied here. */
async function commit<Result>(replica: Replica<Result>, change: ConfChange): Promise<ChangeOutcome> {
  if (!replica.isLeader || replica.isRetired) return 'not-leader';
  const proposed = replica.node.proposeConfChange(change);
  if (!proposed.ok) return proposed.error === 'no-leader' || proposed.error === 'forwarding-disabled' ? 'not-leader' : 'refused';
  if (proposed.value.kind !== 'appended') return 'not-leader';
  const { firstIndex: index, term } = proposed.value;
  const outcome = new Promise<'applied' | 'dropped' | 'unknown'>((settle) => {
    replica.confChange = { index, term, settle };
  });
  replica.wake();
  switch (await outcome) {
    case 'applied':
      return 'done';
    case 'dropped':
      return 'refused';
    case 'unknown':
      return 'unknown';
  }
}

function stillLeads<Result>(replica: Replica<Result>, term: number): boolean {
  return !replica.isRetired && replica.isLeader && replica.known.term === term;
}
