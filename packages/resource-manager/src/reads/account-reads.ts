/**
 * Reads of accounts. COMMITTED never shows undecided money and never misses what has been answered: at one moment the
 * balance and the prepared legs are taken together, then the homes of these legs are asked. Nothing decided: the
 * balance stands as of that moment. Something decided: it is applied first and the read takes a new moment, because a
 * balance with one decision and without another could contradict what a second reader sees. On a busy account new
 * instructions are held back from the third try on.
 */
import type { AccountRow, Instruction, LegRow } from '@mas/ledger';
import type { AccountReading, ParticipantFailure, ParticipantReply, ReadLevel } from '@mas/two-phase-commit';
import { present, type AccountNumber } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { HomeQuerier } from '../homes/home-querier';
import { endingOf } from '../homes/leg-ending';
import type { Proposer } from '../propose/proposer';
import type { DelayGate } from './delay-gate';
import { foreignAccount, readPoint, withRows } from './read-point';
import { holdAndSettle } from './settling';

const HOLD_FROM_ROUND = 2;

interface Moment {
  readonly rows: readonly (AccountRow | null)[];
  readonly prepared: readonly LegRow[];
}

export class AccountReads {
  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
    private readonly homes: HomeQuerier,
    private readonly gate: DelayGate,
    private readonly context: ReplicaContext,
  ) {}

  async read(level: ReadLevel, numbers: readonly AccountNumber[], delayMs: number): Promise<ParticipantReply> {
    const { host, config, clock } = this.context;
    await holdAndSettle(this.gate, clock, numbers, Math.min(delayMs, config.maxDelayMs), () => level === 'committed' && this.hasPrepared(numbers));
    const point = await readPoint(host, this.applier.bucket, config.readTimeoutMs);
    if (point.kind !== 'ready') return point;
    const foreign = foreignAccount(this.applier, numbers);
    if (foreign !== null) return foreign;
    return withRows(this.applier, { accounts: numbers }, async () => {
      const moment = level === 'committed' ? await this.settledMoment(numbers) : this.moment(numbers);
      if ('kind' in moment) return moment;
      return { kind: 'accounts', readings: moment.rows.map((row) => (row === null ? null : readingOf(row, moment.prepared))) };
    });
  }

  private hasPrepared(numbers: readonly AccountNumber[]): boolean {
    const { ledger } = this.applier.state();
    return numbers.some((number) => ledger.preparedOn(number).length > 0);
  }

  private async settledMoment(numbers: readonly AccountNumber[]): Promise<Moment | Extract<ParticipantReply, { readonly kind: 'home-without-quorum' }> | ParticipantFailure> {
    let release: (() => void) | null = null;
    try {
      for (let round = 0; round < this.context.config.maxReadRounds; round += 1) {
        if (round === HOLD_FROM_ROUND) release = this.gate.hold(numbers, this.context.config.settleHoldMs);
        const moment = this.moment(numbers);
        if (moment.prepared.length === 0) return moment;
        const verdicts = await this.homes.ask(moment.prepared);
        const silent = verdicts.filter((verdict) => verdict.kind === 'unreachable');
        const noQuorum = silent.find((verdict) => verdict.noQuorum !== null)?.noQuorum ?? null;
        if (noQuorum !== null) return { kind: 'home-without-quorum', ...noQuorum };
        if (silent[0] !== undefined) return { kind: 'unavailable', reason: silent[0].reason };
        const endings = moment.prepared.map((leg, at) => endingOf(leg, present(verdicts[at], 'verdict'))).filter((ending) => ending !== null);
        if (endings.length === 0) return moment;
        const failure = await this.apply(endings);
        if (failure !== null) return failure;
      }
    } finally {
      release?.();
    }
    return { kind: 'unavailable', reason: 'payments on the account kept being decided while it was read' };
  }

  private async apply(endings: readonly Instruction[]): Promise<ParticipantFailure | null> {
    const fates = await this.proposer.submit(endings);
    for (const fate of fates) if (fate.kind !== 'applied') return fate.kind === 'unknown' ? { kind: 'unavailable', reason: fate.reason } : fate;
    return null;
  }

  /** Rows and prepared legs of one instant: nothing is applied in between. */
  private moment(numbers: readonly AccountNumber[]): Moment {
    const { ledger, table } = this.applier.state();
    return {
      rows: numbers.map((number) => table.account(number) ?? null),
      prepared: numbers.flatMap((number) => ledger.preparedOn(number)),
    };
  }
}

export function readingOf(row: AccountRow, prepared: readonly LegRow[]): AccountReading {
  return {
    number: row.number,
    currency: row.currency,
    status: row.status,
    owner: row.owner,
    balanceMinor: row.balanceMinor,
    minimumMinor: row.minimumMinor,
    holdsMinor: row.holdsMinor,
    pendingCreditsMinor: row.pendingCreditsMinor,
    rev: row.rev,
    createdAtMs: row.createdAtMs,
    preparedTxns: prepared.filter((leg) => leg.account === row.number).map((leg) => leg.txn),
  };
}
