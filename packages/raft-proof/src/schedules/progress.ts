/** The stretch without faults: everybody runs, every message arrives, and new entries must be applied everywhere. */
import type { ConfState, NodeId } from '@mas/raft';
import type { Group } from './group';
import type { SimReplica } from './replica';
import { Violation } from './violation';

/** One round is a tick of everybody and the delivery of everything that follows from it. */
const MAX_ROUNDS = 600;
const ROUNDS_BEFORE_SHUTDOWN = 100;
const MAX_TURNS_PER_ROUND = 60;
const NEVER = (): boolean => false;

export function expectProgress(group: Group): void {
  group.tell(() => '--- no more faults');
  group.network.repair();
  for (const replica of group.replicas) if (replica.node === undefined) group.start(replica);
  const committedBefore = group.checker.committed;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    runRound(group);
    const leader = group.leader();
    if (leader?.node === undefined) continue;
    if (round > ROUNDS_BEFORE_SHUTDOWN && !isMember(leader)) {
      // Without stepDownOnRemoval it is the host that ends a removed leader.
      group.crash(leader);
      continue;
    }
    if (round % 5 === 0) leader.act((node) => void node.propose(group.stamp().bytes));
    if (hasProgressed(group, leader, committedBefore)) return;
  }
  throw new Violation(`no progress in ${MAX_ROUNDS} rounds without faults: ${describe(group)}`);
}

/** Something new is committed, and every member of the leader's configuration has applied all that is. */
function hasProgressed(group: Group, leader: SimReplica, committedBefore: number): boolean {
  const configuration = leader.node?.status().configuration;
  if (configuration === undefined || group.checker.committed <= committedBefore) return false;
  return membersOf(configuration).every((id) => {
    const member = group.replica(id);
    return member.applied === leader.applied && member.hash === leader.hash && leader.applied > committedBefore;
  });
}

function runRound(group: Group): void {
  for (const replica of group.replicas) group.act(replica, 'ticks', (node) => node.tick());
  for (let turn = 0; turn < MAX_TURNS_PER_ROUND; turn += 1) {
    for (const replica of group.replicas) {
      if (replica.node?.hasReady()) replica.handleReady(NEVER);
      while (replica.appendQueue.length > 0) replica.processAppend(NEVER);
      while (replica.applyQueue.length > 0) replica.processApply();
    }
    for (let left = group.network.size; left > 0; left -= 1) group.network.move();
    const isQuiet = group.network.size === 0 && !group.replicas.some((replica) => replica.node?.hasReady());
    if (isQuiet) return;
  }
}

function isMember(replica: SimReplica): boolean {
  const configuration = replica.node?.status().configuration;
  return configuration !== undefined && membersOf(configuration).includes(replica.id);
}

function membersOf({ voters, votersOutgoing, learners }: ConfState): readonly NodeId[] {
  return [...new Set([...voters, ...votersOutgoing, ...learners])];
}

function describe(group: Group): string {
  const states = group.replicas.map((replica) => {
    const status = replica.node?.status();
    return `${replica.id}: ${status?.role} term ${status?.term} commit ${status?.commit} applied ${replica.applied} voters ${status?.configuration.voters.join(',')}&&${status?.configuration.votersOutgoing.join(',')}`;
  });
  return `\n${states.join('\n')}`;
}
