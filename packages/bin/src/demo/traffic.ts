/** Payments at random between the show's accounts, a few a second, and what became of them: who watches a process die sees whether one fails. */
import { randomInt, randomUUID } from 'node:crypto';
import type { MasClient } from '@mas/client';
import type { ShowView } from '@mas/console';

const MAX_UNDER_WAY = 200;
const TICK_MS = 50;
const AMOUNT_MINOR = 1n;

export class Traffic {
  private perSecond = 0;
  private timer: NodeJS.Timeout | null = null;
  private lastMs = 0;
  private owed = 0;
  private underWay = 0;
  private counts = { sent: 0, committed: 0, aborted: 0, failed: 0 };
  private slowestMs: number | null = null;

  constructor(
    private readonly client: Pick<MasClient, 'createPayment'>,
    private readonly accounts: readonly string[],
  ) {}

  /** From zero: counts are those of the payments since. 0: none, and the counts stay. */
  set(perSecond: number): void {
    this.stop();
    if (perSecond === 0 || this.accounts.length < 2) return;
    this.counts = { sent: 0, committed: 0, aborted: 0, failed: 0 };
    this.slowestMs = null;
    this.perSecond = perSecond;
    this.owed = 0;
    this.lastMs = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.perSecond = 0;
  }

  view(): ShowView['traffic'] {
    return { perSecond: this.perSecond, ...this.counts, slowestMs: this.slowestMs };
  }

  private tick(): void {
    const nowMs = performance.now();
    // A pause of this process is not made up for.
    this.owed = Math.min(this.owed + ((nowMs - this.lastMs) * this.perSecond) / 1000, this.perSecond);
    this.lastMs = nowMs;
    for (; this.owed >= 1 && this.underWay < MAX_UNDER_WAY; this.owed -= 1) void this.pay();
  }

  private async pay(): Promise<void> {
    const { accounts, counts } = this;
    const at = randomInt(accounts.length);
    const from = accounts[at] ?? '';
    const to = accounts[(at + 1 + randomInt(accounts.length - 1)) % accounts.length] ?? '';
    const startedMs = performance.now();
    this.underWay += 1;
    counts.sent += 1;
    try {
      const { kind } = await this.client.createPayment({ id: `{${from}}traffic-${randomUUID()}`, from, to, amount: { minor: AMOUNT_MINOR }, memo: 'traffic' });
      if (kind === 'unknown') counts.failed += 1;
      else counts[kind] += 1;
    } catch {
      counts.failed += 1;
    } finally {
      this.underWay -= 1;
      if (counts === this.counts) this.slowestMs = Math.max(this.slowestMs ?? 0, performance.now() - startedMs);
    }
  }
}
