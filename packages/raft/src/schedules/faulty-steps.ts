/** The stretch with faults: at every step one thing happens, drawn by weight. */
import { asV2, confChangeV1, confChangeV2, leaveJoint, type ConfChange, type ConfChangeStep, type ConfChangeTransition } from '../model/conf-change';
import type { ConfState } from '../model/conf-state';
import type { Group } from './group';

const CRASH_DURING_READY = 0.004;

interface Action {
  readonly weight: number;
  readonly run: (group: Group) => void;
}

const ACTIONS: readonly Action[] = [
  { weight: 22, run: tick },
  { weight: 40, run: (group) => group.network.move() },
  { weight: 34, run: handleReady },
  { weight: 14, run: append },
  { weight: 14, run: apply },
  { weight: 9, run: propose },
  { weight: 3, run: read },
  { weight: 2, run: (group) => group.any().checkpoint() },
  { weight: 1.5, run: compact },
  { weight: 1.5, run: changeConfiguration },
  { weight: 0.7, run: (group) => group.act(group.any(), 'transfers', (node) => node.transferLeadership(group.any().id)) },
  { weight: 0.5, run: (group) => group.act(group.any(), 'campaigns', (node) => void node.campaign()) },
  { weight: 0.3, run: (group) => group.act(group.any(), 'forgets its leader', (node) => node.forgetLeader()) },
  { weight: 0.6, run: crash },
  { weight: 2.5, run: restart },
  { weight: 0.4, run: cut },
  { weight: 0.8, run: (group) => group.network.heal() },
];
const TOTAL_WEIGHT = ACTIONS.reduce((sum, { weight }) => sum + weight, 0);

export function faultySteps(group: Group, steps: number): void {
  const { random } = group;
  group.network.setFaults(random.unit() * 0.15, random.unit() * 0.15);
  for (let at = 0; at < steps; at += 1) {
    let drawn = random.unit() * TOTAL_WEIGHT;
    for (const { weight, run } of ACTIONS) {
      drawn -= weight;
      if (drawn < 0) {
        run(group);
        break;
      }
    }
  }
}

function tick(group: Group): void {
  const first = group.any();
  group.act(first, 'ticks', (node) => node.tick());
}

function handleReady(group: Group): void {
  const replica = group.any();
  const dies = (): boolean => {
    if (!group.random.chance(CRASH_DURING_READY)) return false;
    group.crash(replica);
    return true;
  };
  group.tell(() => `${replica.id} handles Ready`);
  replica.handleReady(dies);
}

function append(group: Group): void {
  const replica = group.any();
  group.tell(() => `${replica.id} writes`);
  replica.processAppend(() => {
    if (!group.random.chance(CRASH_DURING_READY)) return false;
    group.crash(replica);
    return true;
  });
}

function apply(group: Group): void {
  const replica = group.any();
  group.tell(() => `${replica.id} applies`);
  replica.processApply();
}

function propose(group: Group): void {
  const replica = group.random.chance(0.5) ? (group.leader() ?? group.any()) : group.any();
  const count = 1 + group.random.below(3);
  const data = Array.from({ length: count }, () => group.stamp().bytes);
  group.act(replica, `proposes ${count}`, (node) => void node.proposeBatch(data));
}

function read(group: Group): void {
  const replica = group.any();
  if (replica.node === undefined) return;
  const { sequence, bytes } = group.stamp();
  group.checker.readAsked(replica.id, sequence);
  group.act(replica, `reads (${sequence})`, (node) => node.readIndex(bytes));
}

function compact(group: Group): void {
  const replica = group.any();
  group.tell(() => `${replica.id} compacts`);
  replica.compact(group.random.below(4));
}

function crash(group: Group): void {
  const replica = group.any();
  if (replica.node !== undefined) group.crash(replica);
}

function restart(group: Group): void {
  const down = group.replicas.filter((replica) => replica.node === undefined);
  const replica = down[group.random.below(Math.max(1, down.length))];
  if (replica !== undefined) group.start(replica);
}

function cut(group: Group): void {
  group.tell(() => 'the network is cut');
  group.network.partition(group.ids, 2);
}

function changeConfiguration(group: Group): void {
  const leader = group.leader();
  const configuration = leader?.node?.status().configuration;
  if (leader === undefined || configuration === undefined) return;
  const change = randomChange(group);
  if (!leavesMajority(configuration, change)) return;
  group.act(leader, `proposes ${JSON.stringify(change)}`, (node) => void node.proposeConfChange(change));
}

/**
 * Whether those voters that remain are a majority of the present ones. Otherwise the group can get stuck, with or
 * without this implementation: a removed leader steps down with a log that is longer than any remaining voter's, and
 * those that do not know of the change yet cannot win without its vote.
 */
function leavesMajority({ voters }: ConfState, change: ConfChange): boolean {
  const steps = asV2(change).changes;
  const remain = voters.filter((id) => !steps.some(({ type, nodeId }) => nodeId === id && type !== 'add-node'));
  return remain.length * 2 > voters.length;
}

function randomChange(group: Group): ConfChange {
  const { random } = group;
  const step = (): ConfChangeStep => {
    const types = ['add-node', 'add-node', 'add-learner', 'remove-node'] as const;
    return { type: types[random.below(types.length)] ?? 'add-node', nodeId: group.any().id };
  };
  const kind = random.below(5);
  if (kind === 0) return leaveJoint();
  if (kind === 1) return confChangeV1(step());
  const transitions: readonly ConfChangeTransition[] = ['auto', 'joint-implicit', 'joint-explicit'];
  const steps = [step(), ...(random.chance(0.6) ? [step()] : [])];
  return confChangeV2(steps, transitions[random.below(3)] ?? 'auto');
}
