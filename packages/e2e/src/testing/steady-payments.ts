/** Payments between accounts of all buckets, one after the other on some lines, while something else is done to the cluster. Each is to be committed. */
import { waitUntil } from '@mas/test-servers';
import type { Bank } from './bank';

const LINES = 4;
const PAUSE_MS = 20;
const LONG_MS = 120_000;

export class SteadyPayments {
  private paid = 0;
  private stopped = false;
  private readonly lines: Promise<void>[] = [];
  /** What was answered instead of COMMITTED. */
  readonly failed: string[] = [];

  constructor(
    private readonly bank: Bank,
    private readonly accounts: readonly string[],
  ) {}

  start(): void {
    for (let line = 0; line < LINES; line += 1) this.lines.push(this.run(line));
  }

  /** @throws an error that names what was not committed */
  async haveBeenPaid(count: number): Promise<void> {
    const before = this.paid;
    await waitUntil(`${count} more payments are committed`, () => this.paid - before >= count || this.failed.length > 0, {
      timeoutMs: LONG_MS,
      diagnostics: () => this.bank.cluster.diagnostics(),
    });
    expect(this.failed).toEqual([]);
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
