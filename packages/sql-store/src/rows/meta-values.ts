/** BucketMeta and ConfState ↔ columns of `bucket_meta`. */
import { NO_MOVES, type BucketMeta, type Policy } from '@mas/ledger';
import { nodeId, type ConfState, type NodeId } from '@mas/raft';
import { bucketId } from '@mas/values';
import type { RawRow } from '../sql-database';
import { decodeCold, encodeCold } from './cold-values';
import { coldMoves, isWithoutMoves, warmMoves } from './moves-text';
import { asArray, asBoolean, asInt, asSlot, asText } from './raw-values';
import { coldTotals, warmTotals } from './totals-text';

export interface MetaColumns {
  readonly stamp_ms: number;
  readonly rev: number;
  readonly lock_seq: number;
  readonly epoch: number;
  readonly account_count: number;
  readonly detail: string;
}

export function metaColumns(meta: BucketMeta): MetaColumns {
  const slots = meta.slots.map((range) => [range.from, range.to]);
  return {
    stamp_ms: meta.stampMs,
    rev: meta.rev,
    lock_seq: meta.lockSeq,
    epoch: meta.epoch,
    account_count: meta.accountCount,
    detail: encodeCold([
      coldPolicy(meta.policy),
      slots,
      coldTotals(meta.issued),
      coldTotals(meta.totals),
      meta.semanticsVersion,
      ...moments(meta),
      ...moves(meta),
    ]),
  };
}

/** Of a bucket that has had to do with none: nothing, as before there were any. */
function moments({ momentUs, momentsSinceUs, moves }: BucketMeta): readonly number[] {
  return momentUs === 0 && momentsSinceUs === 0 && isWithoutMoves(moves) ? [] : [momentUs, momentsSinceUs];
}

function moves({ moves: all }: BucketMeta): readonly unknown[] {
  return isWithoutMoves(all) ? [] : [coldMoves(all)];
}

/** Null before the first checkpoint. */
export function bucketMeta(raw: RawRow): BucketMeta | null {
  if (raw['detail'] === null) return null;
  const [policy, slots, issued, totals, semanticsVersion, momentUs = 0, momentsSinceUs = 0, slotMoves = null] = decodeCold(raw['detail'], 'detail of a bucket');
  return {
    bucket: bucketId(asInt(raw['bucket'], 'bucket')),
    stampMs: asInt(raw['stamp_ms'], 'stamp'),
    rev: asInt(raw['rev'], 'rev'),
    lockSeq: asInt(raw['lock_seq'], 'lock seq'),
    policy: warmPolicy(policy),
    slots: asArray(slots, 'slots').map((range) => {
      const [from, to] = asArray(range, 'slot range');
      return { from: asSlot(from), to: asSlot(to) };
    }),
    epoch: asInt(raw['epoch'], 'epoch'),
    issued: warmTotals(issued),
    totals: warmTotals(totals),
    accountCount: asInt(raw['account_count'], 'account count'),
    semanticsVersion: asInt(semanticsVersion, 'semantics version'),
    momentUs: asInt(momentUs, 'moment'),
    momentsSinceUs: asInt(momentsSinceUs, 'first moment'),
    moves: slotMoves === null ? NO_MOVES : warmMoves(slotMoves),
  };
}

export function coldConfState(state: ConfState): string {
  return encodeCold([state.voters, state.learners, state.votersOutgoing, state.learnersNext, state.autoLeave]);
}

export function warmConfState(value: unknown): ConfState | null {
  if (value === null) return null;
  const [voters, learners, votersOutgoing, learnersNext, autoLeave] = decodeCold(value, 'configuration');
  return {
    voters: nodes(voters),
    learners: nodes(learners),
    votersOutgoing: nodes(votersOutgoing),
    learnersNext: nodes(learnersNext),
    autoLeave: asBoolean(autoLeave, 'auto leave'),
  };
}

function nodes(value: unknown): readonly NodeId[] {
  return asArray(value, 'nodes').map((id) => nodeId(asInt(id, 'node')));
}

function coldPolicy(policy: Policy | null): readonly unknown[] | null {
  if (policy === null) return null;
  return [policy.version, policy.numberPattern, policy.minimumBalanceMinor.toString(), policy.maximumAmountMinor.toString()];
}

function warmPolicy(value: unknown): Policy | null {
  if (value === null) return null;
  const [version, numberPattern, minimum, maximum] = asArray(value, 'policy');
  return {
    version: asInt(version, 'policy version'),
    numberPattern: asText(numberPattern, 'number pattern'),
    minimumBalanceMinor: BigInt(asText(minimum, 'minimum balance')),
    maximumAmountMinor: BigInt(asText(maximum, 'maximum amount')),
  };
}
