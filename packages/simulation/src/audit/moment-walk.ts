/**
 * The moments of one bucket, in the order of its log, by arithmetic of its own: each lies behind everything before it (what was given, what the bucket
 * was told and what closed it), no promise changes its own, and none is ahead of its time.
 */
import type { Findings } from '@mas/auditor';
import type { Instruction, LegRow, Outcome } from '@mas/ledger';
import type { BucketId } from '@mas/values';
import { EPOCH_MS } from '../world/sim-process';
import { MAX_AHEAD_MS } from './limits';

export class MomentWalk {
  /** What is given next lies behind it. */
  lastUs = 0;
  private proposedMs: number | null = null;

  constructor(
    private readonly bucket: BucketId,
    /** account and txn → moment of its promise, which goes with the account to another bucket. */
    private readonly promises: Map<string, number | null>,
    private readonly findings: Findings,
  ) {}

  /** @param stampMs the bucket's time: the highest stamp so far */
  entry(stampMs: number, behindUs: number | null, proposedMs: number | null): void {
    // What is given at this time or later may be the time itself.
    this.lastUs = Math.max(this.lastUs, stampMs * 1_000 - 1, behindUs ?? 0);
    this.proposedMs = proposedMs;
  }

  /** It owns slots now to which something was done then. */
  liesBehind(us: number): void {
    this.lastUs = Math.max(this.lastUs, us);
  }

  step(instruction: Instruction, outcome: Outcome): void {
    switch (instruction.kind) {
      case 'prepare':
        if (outcome.kind === 'prepared') this.promised(outcome.leg);
        return;
      case 'decide-commit':
        if (outcome.kind === 'decided' && outcome.fresh && outcome.outcome.decision.kind === 'committed')
          this.decided(outcome.outcome.decision.commitUs, instruction.notBeforeUs);
        return;
      case 'commit':
        if (outcome.kind === 'leg-ended') this.told(instruction.commitUs, outcome.leg);
        return;
      case 'commit-many':
        for (const { commitUs } of instruction.legs) this.lastUs = Math.max(this.lastUs, commitUs ?? 0);
        return;
      default:
        return;
    }
  }

  private promised({ account, txn, preparedUs }: LegRow): void {
    const name = `${account} ${txn}`;
    const known = this.promises.get(name);
    if (known === undefined) this.given(preparedUs, `the promise of ${txn.slice(0, 8)} on ${account}`);
    else
      this.findings.expect(
        known === preparedUs,
        'a promise keeps its moment',
        () => `bucket ${this.bucket}: ${txn.slice(0, 8)} was promised on ${account} at ${known}, then at ${preparedUs}`,
      );
    this.promises.set(name, preparedUs);
  }

  private decided(commitUs: number | null, notBeforeUs: number | null): void {
    this.given(commitUs, 'a decision');
    this.findings.expect(
      (commitUs ?? 0) > (notBeforeUs ?? -1),
      'committed behind its promises',
      () => `bucket ${this.bucket}: a decision at ${commitUs} relies on a promise at ${notBeforeUs}`,
    );
  }

  private told(commitUs: number | null, leg: LegRow): void {
    this.findings.expect(
      leg.commitUs === commitUs,
      'one commit time everywhere',
      () => `bucket ${this.bucket}: ${leg.txn.slice(0, 8)} on ${leg.account} was told ${commitUs} and has ${leg.commitUs}`,
    );
    this.lastUs = Math.max(this.lastUs, commitUs ?? 0);
  }

  private given(us: number | null, what: string): void {
    this.findings.expect(us !== null && us > this.lastUs, 'moments rise strictly', () => `bucket ${this.bucket}: ${what} is at ${us}, behind ${this.lastUs}`);
    const aheadMs = (us ?? 0) / 1_000 - EPOCH_MS - (this.proposedMs ?? Infinity);
    this.findings.expect(
      aheadMs <= MAX_AHEAD_MS,
      'no bucket is ahead of its time',
      () => `bucket ${this.bucket}: ${what} is ${aheadMs.toFixed(0)} ms ahead of the time`,
    );
    this.lastUs = Math.max(this.lastUs, us ?? 0);
  }
}
