/** The proposers, inside the processes that lead: what a service pays for consensus, without the way of its callers to it. */
import type { MultiRaft } from '@mas/multi-raft';
import type { BucketId } from '@mas/values';
import { ENTRY_BYTES, type NodeCommand, type ReplyTo } from './node-protocol';
import { timedLoad, type LoadPart } from './timed-load';

const POLL_MS = 1;

type CommandOf<Kind extends NodeCommand['kind']> = Extract<NodeCommand, { readonly kind: Kind }>;

/** Every proposer goes round the groups that this process led at the start, each beginning at another one. */
export function proposeInTurn(host: MultiRaft<number>, command: CommandOf<'load'>): Promise<LoadPart> {
  const data = payload();
  const groups = host.groups().filter((group) => host.isLeader(group));
  const turns = Array.from({ length: command.proposers }, (_, at) => at);
  const call = async (proposer: number): Promise<boolean> => {
    const turn = turns[proposer] ?? 0;
    turns[proposer] = turn + 1;
    const group = groups[turn % groups.length];
    if (group === undefined) throw new Error('this process leads no group');
    return (await host.propose(group, data)).kind === 'applied';
  };
  return timedLoad({ callers: command.proposers, warmUpMs: command.warmUpMs, durationMs: command.durationMs, call });
}

/** @returns whether an entry was committed and applied here; false: another process leads, or the time is over. */
export async function commitWhenLeader(host: MultiRaft<number>, group: BucketId, command: CommandOf<'commit-when-leader'>): Promise<boolean> {
  const endsAtMs = performance.now() + command.timeoutMs;
  const data = payload();
  while (performance.now() < endsAtMs) {
    if (host.isLeader(group)) {
      if ((await host.propose(group, data)).kind === 'applied') return true;
    } else {
      const leader = host.leader(group);
      if (leader !== null && leader !== command.gone) return false;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

/** Pairs, so that a loaded machine slows both alike. */
export async function wakeOneByOne(host: MultiRaft<number>, active: BucketId, quiet: readonly BucketId[]): Promise<ReplyTo<'wake-one-by-one'>> {
  const data = payload();
  const once = async (group: BucketId): Promise<number> => {
    const startedMs = performance.now();
    const fate = await host.propose(group, data);
    if (fate.kind !== 'applied') throw new Error(`a proposal to group ${group} was not applied but ${fate.kind}`);
    return performance.now() - startedMs;
  };
  await once(active);
  const activeMs: number[] = [];
  const quietMs: number[] = [];
  for (const group of quiet) {
    activeMs.push(await once(active));
    quietMs.push(await once(group));
  }
  return { activeMs, quietMs };
}

function payload(): Uint8Array {
  return new Uint8Array(ENTRY_BYTES).fill(1);
}
