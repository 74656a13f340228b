/** How this process is, by its own signals; one line in the log whenever that changes, and what it says to peers. */
import { describeVerdict, sameVerdict, SelfJudge, type Beat, type Condition } from '@mas/health';
import type { Clock, Logger } from '@mas/values';
import type { LogStore } from '../log-store';

export class OwnHealth {
  private readonly judge = new SelfJudge();
  /** As the owner of the applied states says. */
  storeFails = false;
  private clockIsOff = false;

  constructor(
    private readonly log: LogStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** By how much the own wall clock is off; null: it is not. */
    private readonly clockOffMs: () => number | null,
  ) {}

  get condition(): Condition {
    return this.judge.condition;
  }

  tick(beat: Beat): void {
    this.lookAtClock();
    const before = this.judge.condition;
    const now = this.judge.tick(
      { ...beat, oldestWriteMs: this.log.oldestWriteMs(), storeFails: this.storeFails, clockIsOff: this.clockIsOff },
      this.clock.monotonicMs(),
    );
    if (sameVerdict(before, now) || (before.kind !== 'ailing' && now.kind !== 'ailing')) return;
    if (now.kind === 'ailing') this.logger.warn({ ails: now.of }, `this process is ${describeVerdict(now)}: others go before it`);
    else this.logger.info({}, 'this process is well again');
  }
  private lookAtClock(): void {
    const offMs = this.clockOffMs();
    const isOff = offMs !== null;
    if (isOff === this.clockIsOff) return;
    this.clockIsOff = isOff;
    if (isOff)
      this.logger.warn(
        { byMs: Math.round(offMs) },
        `the clock of this machine is ${(Math.abs(offMs) / 1000).toFixed(1)} s ${offMs > 0 ? 'ahead of' : 'behind'} the time on which most agree, which counts: set it right (NTP)`,
      );
    else this.logger.info({}, 'the clock of this machine is right again');
  }
}
