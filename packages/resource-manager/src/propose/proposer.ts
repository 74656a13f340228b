/**
 * From instructions to entries of one bucket's log, on its leader: propose, apply, answer. What arrives while an
 * entry is under way gathers for the next; there is one entry in flight and no timer. An instruction is proposed only
 * after the rows that it may touch are in memory and pinned: if SQL does not answer, nothing has been proposed, and
 * what has been proposed can always be applied. Its fate is told only after a quorum's fsync *and* our own apply.
 */
import { entryProblem, memberCount, rowsTouched, traitsOf, type Instruction, type Outcome } from '@mas/ledger';
import type { MultiRaft, ProposalResult } from '@mas/multi-raft';
import type { ParticipantFailure } from '@mas/two-phase-commit';
import { invariant, present, unreachable } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { ApplyResult } from '../resource-manager-options';
import { allLoaded } from '../rows/row-table';
import { Closers, type Closed } from './closers';
import { Cuts } from './cuts';
import { membersIn, pinsOf, ReadyItems, settle, settleAll, type Fate, type Item, type Submission } from './submission';

export type { Fate } from './submission';

export class Proposer {
  private readonly ready = new ReadyItems();
  private readonly closers = new Closers();
  private readonly cuts = new Cuts();
  private loadingCount = 0;
  private pumping: Promise<void> | null = null;
  /** Counts losses of leadership: what waited for its rows across one is not proposed. */
  private reign = 0;
  private scheduled = false;
  private stopping = false;

  constructor(
    private readonly applier: BucketApplier,
    private readonly host: MultiRaft<ApplyResult>,
    private readonly context: ReplicaContext,
  ) {}

  get queued(): number {
    return this.ready.memberCount + this.loadingCount;
  }

  /** It takes nothing more. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** One fate per instruction, in order. Never rejects. */
  submit(instructions: readonly Instruction[]): Promise<readonly Fate[]> {
    const refusal = this.refusal(instructions.reduce((sum, instruction) => sum + memberCount(instruction), 0));
    if (refusal !== null) return Promise.resolve(instructions.map(() => refusal));
    if (instructions.length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const submission: Submission = { fates: new Array<Fate | undefined>(instructions.length), left: instructions.length, done: resolve };
      const cold: Item[] = [];
      for (const [at, instruction] of instructions.entries()) {
        const item = this.admit(instruction, submission, at);
        if (allLoaded(item.pins)) this.ready.push(item);
        else cold.push(item);
      }
      if (cold.length > 0) this.load(cold);
      this.schedule();
    });
  }

  /** The bucket applies something at this moment or behind it (docs/adr/0021); null once it has. Costs an entry unless one is about to leave. */
  closeAt(us: number): Promise<Closed> {
    const refusal = this.refusal(0);
    if (refusal !== null) return Promise.resolve(refusal);
    if (this.closers.count >= this.context.config.maxQueuedInstructions) return Promise.resolve({ kind: 'unavailable', reason: 'too many reads wait' });
    const closed = this.closers.wait(us);
    this.schedule();
    return closed;
  }

  /** The bucket is going to be cut at this moment: no entry will lie on both sides of it, as long as this replica leads. */
  cutAt(us: number): void {
    this.cuts.announce(us, this.context.clock.monotonicMs());
  }

  /** Answers what has not been proposed; what is in flight is answered by its own fate. */
  leadershipLost(): void {
    this.reign += 1;
    settleAll(this.ready.takeAll(), this.notLeader());
    this.closers.take().settle(this.notLeader());
  }

  /** Takes nothing more; resolves once nothing is in flight. */
  async stop(): Promise<void> {
    this.stopping = true;
    settleAll(this.ready.takeAll(), STOPPING);
    this.closers.take().settle(STOPPING);
    await this.pumping;
  }

  /** Why `count` more instructions are not taken now; null when they are. */
  refusal(count: number): ParticipantFailure | null {
    const { bucket } = this.applier;
    if (this.stopping) return { kind: 'unavailable', reason: 'stopping' };
    if (!this.applier.isLeading() || this.host.missingQuorum(bucket) !== null) {
      // Elected, but what earlier leaders committed is not applied yet: soon here, and nowhere else.
      return this.host.isLeader(bucket) && this.host.missingQuorum(bucket) === null ? { kind: 'unavailable', reason: 'taking over' } : this.notLeader();
    }
    if (!this.applier.healthy())
      return this.context.health.failing() ? this.applier.storeRefusal() : { kind: 'unavailable', reason: 'the database of this replica does not keep up' };
    if (this.queued + count > this.context.config.maxQueuedInstructions) return { kind: 'unavailable', reason: 'too many instructions wait' };
    return null;
  }

  private admit(instruction: Instruction, submission: Submission, at: number): Item {
    const { ledger, table } = this.applier.state();
    const pins = table.pin(rowsTouched(instruction, ledger));
    return {
      instruction,
      bytes: this.context.ledgerCodec.encodeInstruction(instruction),
      table,
      pins,
      namedAtIndex: this.applier.applied().index,
      namedForSlots: ledger.slots,
      submission,
      at,
    };
  }

  /** One slow account must not hold up the others, so cold items join the queue when their rows have come. */
  private load(items: readonly Item[]): void {
    const members = membersIn(items);
    this.loadingCount += members;
    const { reign } = this;
    this.applier.loadFor(pinsOf(items)).then(
      () => {
        this.loadingCount -= members;
        const refusal = reign === this.reign ? this.refusal(members) : this.notLeader();
        if (refusal !== null) settleAll(items, refusal);
        else for (const item of items) this.ready.push(item);
        this.schedule();
      },
      (error: unknown) => {
        this.loadingCount -= members;
        this.context.logger.warn({ bucket: this.applier.bucket, items: items.length, err: error }, 'rows did not come; nothing was proposed');
        settleAll(items, this.applier.storeRefusal());
      },
    );
  }

  /** In a later turn, so that requests which arrive together share an entry. */
  private schedule(): void {
    if (this.scheduled || this.pumping !== null || !this.hasWork) return;
    this.scheduled = true;
    this.context.clock.defer(() => {
      this.scheduled = false;
      if (this.pumping !== null) return;
      this.pumping = this.pump().then(
        () => {
          this.pumping = null;
          this.schedule();
        },
        (error: unknown) => {
          this.pumping = null;
          this.stopping = true;
          this.context.onFatal(error);
        },
      );
    });
  }

  private async pump(): Promise<void> {
    while (this.hasWork) {
      const batch = this.cut();
      if (batch.length > 0 || this.closers.any) await this.propose(batch);
    }
  }

  /** The next batch. Nothing is in flight now, so rows named at this index are those that apply will touch. */
  private cut(): readonly Item[] {
    const batch: Item[] = [];
    const cold: Item[] = [];
    for (const item of this.ready.takeFitting(this.context.config)) {
      if (this.renamed(item)) batch.push(item);
      else cold.push(item);
    }
    if (cold.length > 0) this.load(cold);
    return batch;
  }

  /**
   * Which rows a leg's end touches depends on the leg, which may have been prepared since; and of all instructions on the slots that are owned.
   * False: more must be loaded.
   */
  private renamed(item: Item): boolean {
    const index = this.applier.applied().index;
    const { ledger, table } = this.applier.state();
    if (item.namedForSlots === ledger.slots && (item.namedAtIndex === index || traitsOf(item.instruction).followsLegs !== true)) return true;
    const pins = table.pin(rowsTouched(item.instruction, ledger));
    item.table.unpin(item.pins);
    item.pins = pins;
    item.namedAtIndex = index;
    item.namedForSlots = ledger.slots;
    return allLoaded(pins);
  }

  private async propose(batch: readonly Item[]): Promise<void> {
    const { failpoints, ledgerCodec } = this.context;
    const { bucket, stamps } = this.applier;
    const held = failpoints.hit('before-propose', bucket);
    if (held !== undefined) await held;
    const { behindUs, settle: settleClosers } = this.closers.take();
    const failed = (fate: ParticipantFailure): void => {
      settleAll(batch, fate);
      settleClosers(fate);
    };
    if (!this.applier.isLeading()) return failed(this.notLeader());
    const asked = { stampMs: stamps.next(), behindUs, instructions: batch.map((item) => item.instruction) };
    const entry = { ...asked, behindUs: this.cuts.behind(asked, this.applier.state().ledger, this.context.clock.monotonicMs()) };
    const problem = entryProblem(entry);
    if (problem !== null) return failed({ kind: 'unavailable', reason: `nothing can be proposed: ${problem}` });
    const data = ledgerCodec.encodeEntry(
      entry.stampMs,
      entry.behindUs,
      batch.map((item) => item.bytes),
    );
    this.applier.inFlight = { data, entry };
    const proposal = await this.host.propose(bucket, data);
    this.applier.inFlight = null;
    const applied = failpoints.hit('after-apply-before-reply', bucket);
    if (applied !== undefined) await applied;
    this.answer(batch, proposal, settleClosers);
  }

  private answer(batch: readonly Item[], proposal: ProposalResult<ApplyResult>, settleClosers: (closed: Closed) => void): void {
    const failure = failureOf(proposal);
    if (failure !== null) settleClosers(failure);
    if (proposal.kind !== 'applied') return settleAll(batch, present(failure, 'failure'));
    invariant(proposal.result.length === batch.length, 'an entry gives an outcome per instruction', {
      outcomes: proposal.result.length,
      instructions: batch.length,
    });
    for (const [i, item] of batch.entries()) settle(item, { kind: 'applied', outcome: this.noteAlarm(present(proposal.result[i], 'outcome'), proposal.index) });
    settleClosers(null);
  }

  private noteAlarm(outcome: Outcome, index: number): Outcome {
    if (outcome.kind === 'each') for (const member of outcome.outcomes) this.noteAlarm(member, index);
    if (outcome.kind === 'alarm')
      this.context.logger.error({ bucket: this.applier.bucket, index, ...outcome.alarm }, 'the second phase contradicts what the bucket recorded');
    return outcome;
  }

  private get hasWork(): boolean {
    return this.ready.length > 0 || this.closers.any;
  }

  private notLeader(): ParticipantFailure {
    const missing = this.host.missingQuorum(this.applier.bucket);
    if (missing !== null) return { kind: 'no-quorum', missing };
    const leader = this.host.leader(this.applier.bucket);
    return { kind: 'not-leader', leader: leader === this.context.rm ? null : leader };
  }
}

const STOPPING: ParticipantFailure = { kind: 'unavailable', reason: 'stopping' };

/** Null: it was applied. */
function failureOf(proposal: ProposalResult<ApplyResult>): ParticipantFailure | null {
  switch (proposal.kind) {
    case 'applied':
      return null;
    case 'not-leader':
      return { kind: 'not-leader', leader: proposal.leader };
    case 'no-quorum':
      return { kind: 'no-quorum', missing: proposal.missing };
    case 'refused':
      return { kind: 'unavailable', reason: proposal.reason };
    case 'unknown':
      return { kind: 'unknown', reason: 'leadership changed before the entry was applied' };
    default:
      return unreachable(proposal, 'fate of a proposal');
  }
}
