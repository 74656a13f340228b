/** Refusals between nodes in the log, of either end: a pair and a reason at most once a minute, however often it is dialled. */
import type { Clock, Logger } from '@mas/values';

export const SAY_AGAIN_MS = 60_000;
/** Pairs and reasons; with more of them some are said again sooner. */
const MAX_REMEMBERED = 1_000;

/** Both with what tells them from others, such as `rm-1 (0f3a9c55)`. */
export interface RefusedPair {
  readonly refused: string;
  readonly by: string;
}

export class RefusalLog {
  private readonly saidAtMs = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** @param message when the refusal's own is not what this end has to say */
  say(level: 'info' | 'warn', pair: RefusedPair, refusal: { readonly name: string; readonly message: string }, message = refusal.message): void {
    const key = `${pair.refused} ${pair.by} ${refusal.name}`;
    const nowMs = this.clock.monotonicMs();
    const lastMs = this.saidAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < SAY_AGAIN_MS) return;
    if (lastMs === undefined && this.saidAtMs.size >= MAX_REMEMBERED) this.saidAtMs.clear();
    this.saidAtMs.set(key, nowMs);
    this.logger[level]({ ...pair, reason: refusal.name }, message);
  }
}
