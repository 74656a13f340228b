/** The commands of group traces. */
import { confChangeV1, confChangeV2, NO_LIMIT, nodeId, type ConfChangeTransition, type ProposalResult } from '@mas/raft';
import { addNodes } from './add-nodes';
import { changesFromText } from './changes-from-text';
import { describeEntries, describeMessage } from './describe-message';
import { describeProgress, describeRole } from './describe-state';
import { describeRefusal, type GroupEnvironment, type Recipient } from './group-environment';
import { numbersOf, valuesOf, type TraceBlock } from './trace-file';
import type { TraceNode } from './trace-node';

type Command = (env: GroupEnvironment, block: TraceBlock) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  'log-level': (env, block) => env.output.setLevel(block.args[0]?.key ?? ''),
  'add-nodes': addNodes,
  campaign: (env, block) => void first(env, block).node.campaign(),
  'forget-leader': (env, block) => first(env, block).node.forgetLeader(),
  status: (env, block) => env.output.write(describeProgress(first(env, block).node.status().progress)),
  'raft-log': (env, block) => printLog(env, first(env, block)),
  'raft-state': printStates,
  'tick-election': (env, block) => tick(first(env, block), 'electionTicks'),
  'tick-heartbeat': (env, block) => tick(first(env, block), 'heartbeatTicks'),
  'set-randomized-election-timeout': (env, block) => first(env, block).node.setElectionTimeout(Number(single(block, 'timeout'))),
  propose: (env, block) => report(first(env, block).node.propose(new TextEncoder().encode(block.args[1]?.key ?? ''))),
  'propose-conf-change': proposeConfChange,
  'deliver-msgs': deliver,
  'process-ready': (env, block) => eachNode(env, block, 'handling Ready', (node) => env.processReady(node)),
  'process-append-thread': (env, block) => eachNode(env, block, 'processing append thread', (node) => env.processAppend(node)),
  'process-apply-thread': (env, block) => eachNode(env, block, 'processing apply thread', (node) => env.processApply(node)),
  stabilize,
  compact,
  'send-snapshot': sendSnapshot,
  'transfer-leadership': (env, block) => env.node(Number(single(block, 'from'))).node.transferLeadership(nodeId(Number(single(block, 'to')))),
  'report-unreachable': (env, block) => {
    const [reporter, lost] = numbersOf(block);
    env.node(reporter ?? 0).node.reportUnreachable(nodeId(lost ?? 0));
  },
};

/** @returns the command's output; a command that fails adds why, also when output is switched off. */
export function runGroupCommand(env: GroupEnvironment, block: TraceBlock): string {
  const command = COMMANDS[block.command];
  let failure = '';
  try {
    if (command === undefined) failure = 'unknown command';
    else command(env, block);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return env.output.take() + failure;
}

function first(env: GroupEnvironment, block: TraceBlock): TraceNode {
  return env.node(Number(block.args[0]?.key));
}

function single(block: TraceBlock, key: string): string {
  const value = valuesOf(block, key)?.[0];
  if (value === undefined) throw new Error(`missing argument ${key}`);
  return value;
}

function tick(node: TraceNode, interval: 'electionTicks' | 'heartbeatTicks'): void {
  for (let at = 0; at < node.config[interval]; at += 1) node.node.tick();
}

function report(result: ProposalResult): void {
  const refusal = result.ok ? undefined : describeRefusal(result);
  if (refusal !== undefined) throw new Error(refusal);
}

function eachNode(env: GroupEnvironment, block: TraceBlock, title: string, body: (node: TraceNode) => void): void {
  const ids = numbersOf(block);
  for (const id of ids) {
    const node = env.node(id);
    if (ids.length === 1) {
      body(node);
    } else {
      env.output.write(`> ${id} ${title}\n`);
      env.output.indented(() => body(node));
    }
  }
}

function stabilize(env: GroupEnvironment, block: TraceBlock): void {
  const before = env.output.logLevel;
  const level = valuesOf(block, 'log-level')?.[0];
  try {
    if (level !== undefined) env.output.setLevel(level);
    const ids = numbersOf(block);
    env.stabilize(ids.length === 0 ? env.nodes : ids.map((id) => env.node(id)));
  } finally {
    env.output.setLevel(before);
  }
}

function deliver(env: GroupEnvironment, block: TraceBlock): void {
  const recipients: Recipient[] = [
    ...numbersOf(block).map((id) => ({ id, drop: false })),
    ...(valuesOf(block, 'drop') ?? []).map((id) => ({ id: Number(id), drop: true })),
  ];
  if (env.deliver(valuesOf(block, 'type')?.[0], recipients) === 0) env.output.write('no messages\n');
}

const TRANSITIONS: Readonly<Record<string, ConfChangeTransition>> = {
  auto: 'auto',
  implicit: 'joint-implicit',
  explicit: 'joint-explicit',
};

function proposeConfChange(env: GroupEnvironment, block: TraceBlock): void {
  const name = valuesOf(block, 'transition')?.[0] ?? 'auto';
  const transition = TRANSITIONS[name];
  if (transition === undefined) throw new Error(`unknown transition ${name}`);
  const changes = changesFromText(block.input);
  const [only] = changes;
  const isV1 = isTrue(valuesOf(block, 'v1')?.[0]);
  if (isV1 && (changes.length !== 1 || only === undefined || transition !== 'auto')) {
    throw new Error('v1 conf change can only have one operation and no transition');
  }
  const change = isV1 && only !== undefined ? confChangeV1(only) : confChangeV2(changes, transition);
  report(first(env, block).node.proposeConfChange(change));
}

function printLog(env: GroupEnvironment, { storage }: TraceNode): void {
  const from = storage.firstIndex();
  const last = storage.lastIndex();
  if (last < from) {
    env.output.write(`log is empty: first index=${from}, last index=${last}`);
    return;
  }
  env.output.write(describeEntries(storage.entries(from, (last + 1) as typeof last, NO_LIMIT) ?? []));
}

function printStates(env: GroupEnvironment): void {
  for (const { node } of env.nodes) {
    const { id, role, term, leader, configuration } = node.status();
    const isVoter = configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
    env.output.write(`${id}: ${describeRole(role)} ${isVoter ? '(Voter)' : '(Non-Voter)'} Term:${term} Lead:${leader ?? 0}\n`);
  }
}

function compact(env: GroupEnvironment, block: TraceBlock): void {
  const node = first(env, block);
  const index = Number(block.args[1]?.key);
  if (!node.storage.compact(index as ReturnType<typeof node.storage.lastIndex>)) {
    throw new Error('requested index is unavailable due to compaction');
  }
  printLog(env, node);
}

function sendSnapshot(env: GroupEnvironment, block: TraceBlock): void {
  const [from, to] = numbersOf(block).map((id) => nodeId(id));
  if (from === undefined || to === undefined) throw new Error('send-snapshot names a sender and a receiver');
  const sender = env.node(from);
  const { term } = sender.node.basicStatus();
  const message = { kind: 'snapshot', from, to, term, snapshot: sender.newestSnapshot() } as const;
  env.enqueue(message);
  env.output.write(describeMessage(message));
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === 't' || value === '1';
}
