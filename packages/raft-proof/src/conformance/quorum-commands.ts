/** The commands of quorum traces, with the bar drawings, and the laws that every case must also satisfy. */
import { NO_LIMIT, nodeId, type NodeId } from '@mas/raft';
import { allVoters, jointCommittedIndex, jointVoteResult, type JointVoters } from '@mas/raft/internals/quorum/joint';
import { committedIndex, EMPTY_MAJORITY, majority, voteResult, type AckedIndexes, type Majority, type VoteResult } from '@mas/raft/internals/quorum/majority';
import { valuesOf, type TraceBlock } from './trace-file';

const VOTE_RESULTS: Readonly<Record<VoteResult, string>> = { pending: 'VotePending', won: 'VoteWon', lost: 'VoteLost' };

export function runQuorumCommand(block: TraceBlock): string {
  const first = idsOf(block, 'cfg');
  const second = valuesOf(block, 'cfgj') === undefined ? undefined : idsOf(block, 'cfgj');
  // Inputs are given in the order of the ids, each id once.
  const order = [...new Set([...first, ...(second ?? [])])];
  if (block.command === 'committed') return committed(majority(first), second && majority(second), inputs(block, 'idx', order));
  if (block.command === 'vote') return vote(majority(first), second && majority(second), inputs(block, 'votes', order));
  return 'unknown command';
}

function committed(first: Majority, second: Majority | undefined, given: ReadonlyMap<NodeId, string>): string {
  const acked: AckedIndexes = {
    ackedIndex: (voter) => (given.has(voter) ? Number(given.get(voter)) : undefined),
  };
  const voters: JointVoters = { incoming: first, outgoing: second ?? EMPTY_MAJORITY };
  const index = second === undefined ? committedIndex(first, acked) : jointCommittedIndex(voters, acked);
  const others: readonly (readonly [string, number])[] =
    second === undefined
      ? [
          ['zero-joint quorum', jointCommittedIndex({ incoming: first, outgoing: EMPTY_MAJORITY }, acked)],
          ['self-joint quorum', jointCommittedIndex({ incoming: first, outgoing: first }, acked)],
        ]
      : [['symmetry', jointCommittedIndex({ incoming: second, outgoing: first }, acked)]];
  const broken = others.filter(([, other]) => other !== index).map(([law, other]) => `${show(other)} <-- via ${law}\n`);
  return `${drawBars(allVoters(voters), acked)}${broken.join('')}${show(index)}`;
}

function vote(first: Majority, second: Majority | undefined, given: ReadonlyMap<NodeId, string>): string {
  const votes = new Map([...given].map(([id, answer]) => [id, answer === 'y'] as const));
  if (second === undefined) return VOTE_RESULTS[voteResult(first, votes)];
  const result = jointVoteResult({ incoming: first, outgoing: second }, votes);
  const mirrored = jointVoteResult({ incoming: second, outgoing: first }, votes);
  const broken = mirrored === result ? '' : `${VOTE_RESULTS[mirrored]} <-- via symmetry\n`;
  return `${broken}${VOTE_RESULTS[result]}`;
}

/** One line per voter: a bar as long as the number of voters that acknowledged less. */
function drawBars(voters: Majority, acked: AckedIndexes): string {
  const count = voters.length;
  if (count === 0) return '<empty majority quorum>';
  const indexes = voters.map((voter) => acked.ackedIndex(voter) ?? 0);
  const lines = voters.map((voter, at) => {
    const index = indexes[at] ?? 0;
    const bar = indexes.filter((other) => other < index).length;
    const known = acked.ackedIndex(voter) !== undefined;
    const drawn = known ? `${'x'.repeat(bar)}>${' '.repeat(count - bar)}` : `?${' '.repeat(count)}`;
    return `${drawn} ${String(index).padStart(5)}    (id=${voter.toString(16)})\n`;
  });
  return `${' '.repeat(count)}    idx\n${lines.join('')}`;
}

function idsOf(block: TraceBlock, key: string): readonly NodeId[] {
  const values = valuesOf(block, key) ?? [];
  return values[0] === 'zero' ? [] : values.map((value) => nodeId(Number(value)));
}

function inputs(block: TraceBlock, key: string, order: readonly NodeId[]): ReadonlyMap<NodeId, string> {
  const values = valuesOf(block, key) ?? [];
  if (values.length !== order.length) throw new Error(`line ${block.line}: ${values.length} inputs for ${order.length} voters`);
  const given = new Map<NodeId, string>();
  order.forEach((id, at) => {
    const value = values[at];
    if (value !== undefined && value !== '_') given.set(id, value);
  });
  return given;
}

function show(index: number): string {
  return index === NO_LIMIT ? '∞' : String(index);
}
