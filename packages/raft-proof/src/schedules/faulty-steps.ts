/** The stretch with faults: at every step one thing happens, drawn by weight. */
import { asV2, confChangeV1, confChangeV2, leaveJoint, type ConfChange, type ConfChangeStep, type ConfChangeTransition, type ConfState } from '@mas/raft';
import type { Group } from './group';
import type { SimReplica } from './replica';

interface Action {
  readonly weight: number;
  readonly run: (group: Group) => void;
}

/** What moves a group on, drawn as it is. */
const WORK: readonly Action[] = [
  { weight: 8, run: tick },
  { weight: 44, run: moveMessage },
  { weight: 30, run: handleReady },
  { weight: 16, run: append },
  { weight: 16, run: apply },
];
/** What makes it hard, drawn as the seed likes it. */
const EVENTS: readonly Action[] = [
  { weight: 8, run: propose },
  { weight: 4, run: read },
  { weight: 1.5, run: (group) => group.any().checkpoint() },
  { weight: 1, run: compact },
  { weight: 1, run: changeConfiguration },
  { weight: 0.4, run: (group) => group.act(group.any(), 'transfers', (node) => node.transferLeadership(group.any().id)) },
  { weight: 0.3, run: (group) => group.act(group.any(), 'campaigns', (node) => void node.campaign()) },
  { weight: 0.2, run: (group) => group.act(group.any(), 'forgets its leader', (node) => node.forgetLeader()) },
  { weight: 0.3, run: tickMuch },
  { weight: 0.4, run: crash },
  { weight: 1.2, run: restart },
  { weight: 0.3, run: cut },
  { weight: 0.3, run: (group) => group.network.heal() },
];

/** A seed makes each kind of event up to this many times rarer or more frequent than its weight says. */
const SKEW = 6;

/**
 * Every seed has a taste of its own: one crashes a lot, another hardly loses a message. Schedules that are all
 * alike would meet the same few situations again and again.
 */
export function faultySteps(group: Group, steps: number): void {
  const { random } = group;
  group.network.setFaults(random.unit() ** 2 * 0.4, random.unit() ** 2 * 0.4);
  group.crashRate = random.chance(0.5) ? 0 : random.unit() ** 2 * 0.05;
  const events = EVENTS.map(({ weight, run }) => ({ run, weight: weight * SKEW ** (random.unit() * 2 - 1) }));
  const actions = [...WORK, ...events];
  const total = actions.reduce((sum, { weight }) => sum + weight, 0);
  for (let at = 0; at < steps; at += 1) draw(random.unit() * total, actions).run(group);
}

function draw(point: number, actions: readonly Action[]): Action {
  let rest = point;
  return actions.find(({ weight }) => (rest -= weight) < 0) ?? { weight: 0, run: tick };
}

/** Where nothing is to be done, time passes: steps are not wasted, and an idle group comes to its next election. */
function moveMessage(group: Group): void {
  if (group.network.size > 0) group.network.move();
  else tick(group);
}

function tick(group: Group): void {
  const first = group.any();
  group.act(first, 'ticks', (node) => node.tick());
}

/** One replica's clock runs ahead: elections happen, leases of others do not. */
function tickMuch(group: Group): void {
  const replica = group.any();
  const times = 1 + group.random.below(12);
  for (let at = 0; at < times; at += 1) group.act(replica, 'ticks', (node) => node.tick());
}

function handleReady(group: Group): void {
  const replica = anyWith(group, ({ node }) => node?.hasReady() ?? false);
  if (replica === undefined) {
    moveMessage(group);
    return;
  }
  group.tell(() => `${replica.id} handles Ready`);
  replica.handleReady(() => mayDie(group, replica));
}

function append(group: Group): void {
  const replica = anyWith(group, ({ appendQueue }) => appendQueue.length > 0);
  if (replica === undefined) return;
  group.tell(() => `${replica.id} writes`);
  replica.processAppend(() => mayDie(group, replica));
}

/** Between two duties of one Ready the process may end. */
function mayDie(group: Group, replica: SimReplica): boolean {
  if (!group.random.chance(group.crashRate)) return false;
  group.crash(replica);
  return true;
}

/** A replica that has such work, so that steps are not wasted on those without. */
function anyWith(group: Group, hasWork: (replica: SimReplica) => boolean): SimReplica | undefined {
  const start = group.random.below(group.replicas.length);
  const inTurn = [...group.replicas.slice(start), ...group.replicas.slice(0, start)];
  return inTurn.find(hasWork);
}

function apply(group: Group): void {
  const replica = anyWith(group, ({ applyQueue }) => applyQueue.length > 0);
  if (replica === undefined) return;
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
  // Most telling are reads at replicas that believe to lead, and may be wrong.
  const believer = anyWith(group, ({ node }) => node?.basicStatus().role === 'leader');
  const replica = group.random.chance(0.6) ? (believer ?? group.any()) : group.any();
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
  // Mostly a minority: without a quorum nothing happens until somebody is back.
  const mayCrash = group.running().length * 2 > group.replicas.length || group.random.chance(0.1);
  if (replica.node !== undefined && mayCrash) group.crash(replica);
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
