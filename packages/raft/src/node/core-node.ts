/** RaftNode over the core: checks who speaks, then hands every call to the module that owns it. */
import { err, invariant, ok, type Result } from '@mas/values';
import type { CampaignRefusal, ProposalResult, RaftNode, RaftNodeFactory, StepResult } from '../api/raft-node';
import type { BasicStatus, ProgressStatus, RaftStatus } from '../api/status';
import { validateConfig, type RaftConfig } from '../core/config';
import { hup } from '../core/election';
import { forgetLeader, forwardRead, forwardTransfer } from '../core/follower';
import { applyConfChange } from '../core/membership';
import { propose } from '../core/proposals';
import { handleReadRequest } from '../core/reads';
import { Raft } from '../core/raft';
import { handleUnreachable } from '../core/replication';
import { becomeFollower } from '../core/roles';
import { handleSnapshotStatus } from '../core/snapshot-sending';
import { step } from '../core/step';
import { tick } from '../core/tick';
import { startTransfer } from '../core/transfer';
import type { ConfChange } from '../model/conf-change';
import { encodeConfChange } from '../model/conf-change-codec';
import type { ConfState } from '../model/conf-state';
import type { NodeId } from '../model/ids';
import type { ProposedEntry, StepMessage } from '../model/message';
import type { Ready } from '../model/ready';
import { ReadySource } from './ready-source';
import { basicStatusOf, statusOf, visitProgressOf } from './status';

/** @returns every problem of the configuration, or a replica in the state that its storage remembers. */
export const createRaftNode: RaftNodeFactory = (config) => {
  const errors = validateConfig(config);
  return errors.length === 0 ? ok(new CoreRaftNode(config)) : err(errors);
};

export class CoreRaftNode implements RaftNode {
  readonly id: NodeId;
  private readonly raft: Raft;
  private readonly source: ReadySource;

  /** @throws InvariantViolation when the stored state contradicts itself. */
  constructor(config: RaftConfig) {
    this.raft = new Raft(config);
    becomeFollower(this.raft, this.raft.term, undefined);
    this.id = config.id;
    this.source = new ReadySource(this.raft);
  }

  tick(): void {
    tick(this.raft);
  }

  step(message: StepMessage): StepResult {
    if (isResponse(message) && this.raft.tracker.get(message.from) === undefined) return err('peer-not-found');
    return step(this.raft, message);
  }

  propose(data: Uint8Array): ProposalResult {
    return propose(this.raft, [{ type: 'normal', data }], this.id);
  }

  proposeBatch(data: readonly Uint8Array[]): ProposalResult {
    const entries: ProposedEntry[] = [];
    for (const one of data) entries.push({ type: 'normal', data: one });
    return propose(this.raft, entries, this.id);
  }

  proposeConfChange(change: ConfChange): ProposalResult {
    return propose(this.raft, [encodeConfChange(change)], this.id);
  }

  applyConfChange(change: ConfChange): ConfState {
    return applyConfChange(this.raft, change);
  }

  readIndex(context: Uint8Array): void {
    if (this.raft.isLeader) handleReadRequest(this.raft, { from: undefined, context });
    else if (this.raft.role === 'follower') forwardRead(this.raft, context, this.id);
  }

  transferLeadership(to: NodeId): void {
    if (this.raft.isLeader) {
      const target = this.raft.tracker.get(to);
      if (target !== undefined) startTransfer(this.raft, to, target);
    } else if (this.raft.role === 'follower') {
      forwardTransfer(this.raft, to);
    }
  }

  campaign(): Result<undefined, CampaignRefusal> {
    return hup(this.raft, 'timeout');
  }

  forgetLeader(): void {
    forgetLeader(this.raft);
  }

  stepDown(): void {
    if (this.raft.isLeader) becomeFollower(this.raft, this.raft.term, undefined);
  }

  hasReady(): boolean {
    return this.source.hasReady();
  }

  ready(): Ready {
    return this.source.take();
  }

  advance(): void {
    this.source.advance();
  }

  status(): RaftStatus {
    return statusOf(this.raft);
  }

  basicStatus(): BasicStatus {
    return basicStatusOf(this.raft);
  }

  visitProgress(visit: (id: NodeId, progress: ProgressStatus) => void): void {
    visitProgressOf(this.raft, visit);
  }

  reportUnreachable(peer: NodeId): void {
    const progress = this.raft.tracker.get(peer);
    if (this.raft.isLeader && progress !== undefined) handleUnreachable(progress);
  }

  reportSnapshot(peer: NodeId, outcome: 'sent' | 'failed'): void {
    const progress = this.raft.tracker.get(peer);
    if (this.raft.isLeader && progress !== undefined) handleSnapshotStatus(progress, outcome);
  }

  /** Sets the election timeout until the next change of role draws one again: for schedules that must be exact. */
  setElectionTimeout(ticks: number): void {
    invariant(Number.isSafeInteger(ticks) && ticks > 0, 'an election timeout is a positive number of ticks', { ticks });
    this.raft.electionTimeoutTicks = ticks;
  }
}

type PeerResponse = Extract<
  StepMessage,
  { readonly kind: 'append-accepted' | 'append-rejected' | 'vote-response' | 'pre-vote-response' | 'heartbeat-response' | 'read-index-response' }
>;

/** Answers count only from members: somebody who was removed may still be talking. */
function isResponse(message: StepMessage): message is PeerResponse {
  switch (message.kind) {
    case 'append-accepted':
    case 'append-rejected':
    case 'vote-response':
    case 'pre-vote-response':
    case 'heartbeat-response':
    case 'read-index-response':
      return true;
    default:
      return false;
  }
}
