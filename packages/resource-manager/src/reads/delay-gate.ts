/**
 * Holds new instructions on some accounts back for a moment, so that a read of several accounts at one instant gets
 * its chance on busy ones. Only what opens a new promise waits; whatever ends one passes, else a read would wait for
 * legs that it keeps from ending itself.
 */
import type { Instruction } from '@mas/ledger';
import { unreachable, type AccountNumber, type Clock } from '@mas/values';

interface Hold {
  /** Null: every account of the bucket. */
  readonly accounts: ReadonlySet<AccountNumber> | null;
  readonly untilMs: number;
}

export class DelayGate {
  private holds: Hold[] = [];
  private waiters: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly maxDelayMs: number,
  ) {}

  /** Ends by itself; the returned function ends it earlier. */
  hold(accounts: readonly AccountNumber[] | null, delayMs: number): () => void {
    const lengthMs = Math.min(delayMs, this.maxDelayMs);
    if (lengthMs <= 0) return () => undefined;
    const hold: Hold = { accounts: accounts === null ? null : new Set(accounts), untilMs: this.clock.monotonicMs() + lengthMs };
    this.holds.push(hold);
    const timer = this.clock.schedule(lengthMs, () => this.release(hold));
    return () => {
      timer.cancel();
      this.release(hold);
    };
  }

  /** Which of the instructions may not go on now; null: all may. */
  stopped(instructions: readonly Instruction[]): readonly boolean[] | null {
    if (this.holds.length === 0) return null;
    const stopped = instructions.map((instruction) => this.stops(instruction));
    return stopped.includes(true) ? stopped : null;
  }

  /** Resolves when none of them is held any more. The wait is bounded although holds may follow each other. */
  async pass(instructions: readonly Instruction[]): Promise<void> {
    const untilMs = this.clock.monotonicMs() + this.maxDelayMs;
    while (this.stopped(instructions) !== null && this.clock.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  private stops(instruction: Instruction): boolean {
    const opened = opensOn(instruction);
    return opened.length > 0 && this.holds.some((hold) => hold.accounts === null || opened.some((account) => hold.accounts?.has(account) === true));
  }

  private release(hold: Hold): void {
    this.holds = this.holds.filter((other) => other !== hold);
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}

/** Accounts on which an instruction starts something new. A decision about prepared legs ends something. */
function opensOn(instruction: Instruction): readonly AccountNumber[] {
  switch (instruction.kind) {
    case 'prepare':
      return [instruction.account];
    case 'decide-commit':
      return instruction.remotePrepared.length === 0 ? instruction.body.legs.map((leg) => leg.account) : [];
    case 'create-account':
    case 'change-account':
      return [instruction.number];
    case 'bind-id':
    case 'genesis':
    case 'set-policy':
    case 'decide-abort':
    case 'commit':
    case 'commit-many':
    case 'rollback':
    case 'resolve':
    case 'acknowledge':
    case 'acknowledge-many':
    case 'expire':
    case 'acquire-lock':
    case 'refresh-lock':
    case 'release-lock':
    case 'break-lock':
      return [];
    default:
      return unreachable(instruction, 'instruction');
  }
}
