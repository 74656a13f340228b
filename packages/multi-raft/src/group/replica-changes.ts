/**
 * Changing who holds a replica of a running group (Raft thesis chapter 4). A new replica joins as a learner, which
 * counts in no quorum while it is being brought up, and is promoted once it is close behind; replacing swaps the new
 * one and the old one in one joint step, so that the group is never short of a voter. One change at a time per group.
 * A change begins with what the group is, not with what an earlier leader meant to do: a joint step under way is waited for, and
 * learners of incarnations that were replaced are taken out. So a change is repeated by whoever leads until it is done.
 */
import { confChangeV1, confChangeV2, type ConfChange, type NodeId } from '@mas/raft';
import { unreachable } from '@mas/values';
import type { ReplicaChange } from '../host';
import { nodeOf, rmOf } from '../replica-id';
import { bestSuccessor, isCloseBehind, transferTo } from './handover';
import type { Replica } from './replica';

const NOTHING = new Uint8Array(0);

export type ChangeOutcome = 'done' | 'not-leader' | 'refused' | 'unknown';

export async function changeReplicas<Result>(replica: Replica<Result>, change: ReplicaChange): Promise<ChangeOutcome> {
  if (!replica.isLeader) return 'not-leader';
  if (replica.isChangingReplicas || replica.isRetired) return 'refused';
  replica.isChangingReplicas = true;
  replica.wake();
  try {
    const settled = await isAtRest(replica);
    if (settled !== 'done') return settled;
    const changed = await carryOutChange(replica, change);
    return changed === 'done' ? await isKept(replica) : changed;
  } finally {
    replica.isChangingReplicas = false;
  }
}

async function carryOutChange<Result>(replica: Replica<Result>, change: ReplicaChange): Promise<ChangeOutcome> {
  switch (change.kind) {
    case 'add':
      return add(replica, nodeOf(change.replica));
    case 'remove':
      return remove(replica, nodeOf(change.replica));
    case 'replace':
      return replace(replica, nodeOf(change.remove), nodeOf(change.add));
    case 'renew':
      return renew(replica, nodeOf(change.replica));
    default:
      return unreachable(change, 'replica change');
  }
}

/** A second vote for one Resource Manager would count one machine twice: a new incarnation takes the place of the old one. */
async function add<Result>(replica: Replica<Result>, node: NodeId): Promise<ChangeOutcome> {
  if (replica.voters.includes(node)) return 'done';
  if (incarnations(replica.voters, node).length > 0) return 'refused';
  const joined = await joinAsLearner(replica, node);
  return joined === 'done' ? commit(replica, confChangeV1({ type: 'add-node', nodeId: node })) : joined;
}

async function remove<Result>(replica: Replica<Result>, node: NodeId): Promise<ChangeOutcome> {
  const isVoter = replica.voters.includes(node);
  if (!isVoter && !isLearner(replica, node)) return 'done';
  if (isVoter && replica.voters.length === 1) return 'refused';
  if (node === replica.host.nodeId) return leaveFirst(replica);
  return commit(replica, confChangeV1({ type: 'remove-node', nodeId: node }));
}

async function replace<Result>(replica: Replica<Result>, old: NodeId, added: NodeId): Promise<ChangeOutcome> {
  if (old === added) return 'refused';
  if (!replica.voters.includes(old)) return replica.voters.includes(added) ? 'done' : 'refused';
  if (incarnations(replica.voters, added).some((node) => node !== old)) return 'refused';
  if (!replica.voters.includes(added)) {
    const joined = await joinAsLearner(replica, added);
    if (joined !== 'done') return joined;
  }
  if (old === replica.host.nodeId) return leaveFirst(replica);
  const swap = confChangeV2([
    { type: 'add-node', nodeId: added },
    { type: 'remove-node', nodeId: old },
  ]);
  const entered = await commit(replica, swap);
  return entered === 'done' ? isAtRest(replica) : entered;
}

async function renew<Result>(replica: Replica<Result>, node: NodeId): Promise<ChangeOutcome> {
  const learners = incarnations(replica.applies.confState.learners, node);
  const voters = incarnations(replica.voters, node);
  // Who asks for less than the group has already was not told of the newest incarnation.
  if ([...learners, ...voters].some((other) => other > node)) return 'refused';
  for (const left of learners) {
    const removed = await commit(replica, confChangeV1({ type: 'remove-node', nodeId: left }));
    if (removed !== 'done') return removed;
  }
  for (const old of voters) {
    const replaced = replica.voters.includes(node) ? await remove(replica, old) : await replace(replica, old, node);
    if (replaced !== 'done') return replaced;
  }
  return 'done';
}

/** Other incarnations of the same Resource Manager. */
function incarnations(nodes: readonly NodeId[], of: NodeId): readonly NodeId[] {
  return nodes.filter((node) => node !== of && rmOf(node) === rmOf(of));
}

function isLearner<Result>(replica: Replica<Result>, node: NodeId): boolean {
  return replica.applies.confState.learners.includes(node);
}

/** Nothing of an earlier leader is under way: all of it is applied here, and Raft has left a joint configuration by itself. */
async function isAtRest<Result>(replica: Replica<Result>): Promise<ChangeOutcome> {
  const { term } = replica.known;
  return replica.waiters.until<ChangeOutcome>(() => {
    if (replica.applies.applied.term === term && replica.applies.confState.votersOutgoing.length === 0) return 'done';
    return stillLeads(replica, term) ? undefined : 'unknown';
  });
}

/** The change cannot come undone (former-voters.ts): that takes one more entry, of no content. */
async function isKept<Result>(replica: Replica<Result>): Promise<ChangeOutcome> {
  const { term } = replica.known;
  let isProposed = false;
  return replica.waiters.until<ChangeOutcome>(() => {
    if (replica.formerVoters.areForgotten) return 'done';
    if (!stillLeads(replica, term)) return 'unknown';
    // Refused where leadership is being handed over, or much is under way: the next turn tries again, a tick later at most.
    if (!isProposed) {
      isProposed = replica.node.proposeBatch([NOTHING]).ok;
      if (isProposed) replica.wake();
    }
    return undefined;
  });
}

/** A leader does not change itself out of the group: another one is asked to lead, and the caller goes there. */
async function leaveFirst<Result>(replica: Replica<Result>): Promise<ChangeOutcome> {
  const successor = bestSuccessor(replica);
  if (successor === undefined) return 'refused';
  return (await transferTo(replica, successor)) ? 'not-leader' : 'refused';
}

async function joinAsLearner<Result>(replica: Replica<Result>, node: NodeId): Promise<ChangeOutcome> {
  const { host } = replica;
  const wasLearner = isLearner(replica, node);
  if (!wasLearner) {
    const added = await commit(replica, confChangeV1({ type: 'add-learner', nodeId: node }));
    if (added !== 'done') return added;
  }
  const { term } = replica.known;
  const patience = new Patience(host.config.catchUpTimeoutMs, host.clock.monotonicMs());
  const outcome = await replica.waiters.until(() => {
    if (!stillLeads(replica, term)) return 'unknown';
    if (host.isAlive(node) && isCloseBehind(replica, node)) return 'done';
    return patience.isOver(host.clock.monotonicMs(), matchOf(replica, node), host.snapshotProgress(node)) ? 'refused' : undefined;
  });
  if (outcome === 'refused') {
    host.logger.warn({ bucket: replica.group, rm: rmOf(node), id: node }, 'the new replica has got no further for a long time and is not promoted');
    if (!wasLearner) await commit(replica, confChangeV1({ type: 'remove-node', nodeId: node }));
  }
  return outcome;
}

/** Over when nothing has moved for so long; however large a group is, it may take its time while it gets on. */
class Patience {
  private match = 0;
  private snapshots = 0;

  constructor(
    private readonly timeoutMs: number,
    private movedAtMs: number,
  ) {}

  isOver(nowMs: number, match: number, snapshots: number): boolean {
    if (match > this.match || snapshots > this.snapshots) this.movedAtMs = nowMs;
    this.match = Math.max(this.match, match);
    this.snapshots = Math.max(this.snapshots, snapshots);
    return nowMs - this.movedAtMs >= this.timeoutMs;
  }
}

function matchOf<Result>(replica: Replica<Result>, node: NodeId): number {
  let match = 0;
  replica.node.visitProgress((id, progress) => {
    if (id === node) match = progress.match;
  });
  return match;
}

/** Proposes a change and waits until it is applied here. */
async function commit<Result>(replica: Replica<Result>, change: ConfChange): Promise<ChangeOutcome> {
  if (!replica.isLeader || replica.isRetired) return 'not-leader';
  const term = replica.known.term;
  const applied = replica.applies.applied.index;
  // Raft takes no change before it has heard that the last one is applied: a turn later than this process knows it.
  await replica.waiters.until(() => (!stillLeads(replica, term) || replica.node.basicStatus().applied >= applied ? true : undefined));
  if (!stillLeads(replica, term)) return 'not-leader';
  const proposed = replica.node.proposeConfChange(change);
  if (!proposed.ok) return proposed.error === 'no-leader' || proposed.error === 'forwarding-disabled' ? 'not-leader' : 'refused';
  if (proposed.value.kind !== 'appended') return 'not-leader';
  const { firstIndex: index, term: proposedTerm } = proposed.value;
  const outcome = new Promise<'applied' | 'dropped' | 'unknown'>((settle) => {
    replica.confChange = { index, term: proposedTerm, settle };
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
