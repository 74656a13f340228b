/** How this process is, by its own signals; one line in the log whenever that changes, and what it says to peers. */
import { describeVerdict, sameVerdict, SelfJudge, type Beat, type Condition } from '@mas/health';
import type { Clock, Logger } from '@mas/values';
import type { LogStore } from '../log-store';

export class OwnHealth {
  private readonly judge = new SelfJudge();
  /** As the owner of the applied states says. */
  storeFails = false;

  constructor(
    private readonly log: LogStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  get condition(): Condition {
    return this.judge.condition;
  }

  tick(beat: Beat): void {
    const before = this.judge.condition;
    const now = this.judge.tick({ ...beat, oldestWriteMs: this.log.oldestWriteMs(), storeFails: this.storeFails }, this.clock.monotonicMs());
    if (sameVerdict(before, now) || (before.kind !== 'ailing' && now.kind !== 'ailing')) return;
    if (now.kind === 'ailing') this.logger.warn({ ails: now.of }, `this process is ${describeVerdict(now)}: others go before it`);
    else this.logger.info({}, 'this process is well again');
  }
}
