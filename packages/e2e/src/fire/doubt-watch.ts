/**
 * Looks at what is in doubt, again and again, and remembers from when to when each transaction was. A look counts for the moment
 * when it began: while a bucket does not answer it takes seconds, and what it shows may be over long before it returns.
 */
import type { MasClient } from '@mas/client';

const POLL_MS = 100;

interface Seen {
  readonly firstMs: number;
  lastMs: number;
  /** What was last said of it. */
  said: string;
}

export class DoubtWatch {
  private readonly seen = new Map<string, Seen>();
  private stopped = false;
  private watching: Promise<void> = Promise.resolve();

  constructor(private readonly client: MasClient) {}

  start(): void {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.watching;
  }

  /**
   * How long each payment stayed in doubt that was so when, or after, the fault struck and longer than two looks; counted
   * from the fault where the cluster could go on, else from its end.
   */
  resolutionsMs(faultAtMs: number, liftedAtMs: number, servesMeanwhile: boolean): readonly number[] {
    const times: number[] = [];
    for (const { firstMs, lastMs } of this.seen.values()) {
      if (lastMs < faultAtMs || lastMs - firstMs < POLL_MS) continue;
      const fromMs = servesMeanwhile ? firstMs : Math.max(firstMs, liftedAtMs);
      times.push(Math.max(0, lastMs - fromMs));
    }
    return times;
  }

  /** The transaction that was in doubt for longest, in words. */
  longest(): string {
    const [txn, seen] = [...this.seen].sort(([, a], [, b]) => b.lastMs - b.firstMs - (a.lastMs - a.firstMs))[0] ?? [];
    return seen === undefined ? 'none was in doubt' : `${txn}: ${seen.said}`;
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      const nowMs = performance.now();
      try {
        const { transactions } = await this.client.undecided();
        for (const { transaction, bucket, home } of transactions) {
          const said = `the leg on ${transaction.leg.account} in bucket ${bucket}, prepared ${transaction.ageMs} ms ago: ${home}`;
          const known = this.seen.get(transaction.txn);
          if (known === undefined) this.seen.set(transaction.txn, { firstMs: nowMs, lastMs: nowMs, said });
          else Object.assign(known, { lastMs: nowMs, said });
        }
      } catch {
        // Nobody answers at the moment: nothing is seen, nothing is forgotten.
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
