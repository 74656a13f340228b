/**
 * Payments between accounts of all buckets, one after the other on some lines, while something else is done to the cluster. Each is to be committed; where a process
 * has found that it stood still, what was too slow is the machine's doing.
 */
import { waitUntil } from '@mas/test-servers';
import type { Bank } from './bank';
import { Stalls } from './stalls';

const LINES = 4;
const PAUSE_MS = 20;
const LONG_MS = 600_000;
const TOO_SLOW = /ABANDONED|PARTICIPANT_UNAVAILABLE|DEADLINE_EXCEEDED/;

export class SteadyPayments {
  private paid = 0;
  private stopped = false;
  private readonly lines: Promise<void>[] = [];
  private readonly stalls: Stalls;
  /** What was answered instead of COMMITTED. */
  private readonly failed: string[] = [];

  constructor(
    private readonly bank: Bank,
    private readonly accounts: readonly string[],
  ) {
    this.stalls = new Stalls(bank.cluster);
  }

  start(): void {
    for (let line = 0; line < LINES; line += 1) this.lines.push(this.run(line));
  }

  /** @throws an error that names what was not committed */
  async haveBeenPaid(count: number): Promise<void> {
    const before = this.paid;
    await waitUntil(`${count} more payments are committed`, () => this.paid - before >= count || this.failures().length > 0, {
      timeoutMs: LONG_MS,
      diagnostics: () => this.bank.cluster.diagnostics(),
    });
    expect(this.failures()).toEqual([]);
  }

  private failures(): readonly string[] {
    return this.stalls.any ? this.failed.filter((text) => !TOO_SLOW.test(text)) : this.failed;
  }

  /** What a process that was killed has cost does not count. */
  forgive(): void {
    this.failed.length = 0;
  }

  abandon(): void {
    this.stopped = true;
  }

  private async run(line: number): Promise<void> {
    for (let turn = line; !this.stopped; turn += LINES) {
      const from = this.accounts[turn % this.accounts.length] ?? '';
      const to = this.accounts[(turn * 7 + 3) % this.accounts.length] ?? '';
      if (from !== to) await this.pay(from, to);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private async pay(from: string, to: string): Promise<void> {
    try {
      const result = await this.bank.pay(from, to, 1n);
      if (result.kind === 'committed') this.paid += 1;
      else if (!this.stopped)
        this.failed.push(`${from} to ${to}: ${JSON.stringify(result, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`);
    } catch (error) {
      if (!this.stopped) this.failed.push(`${from} to ${to}: ${String(error)}`);
    }
  }
}
