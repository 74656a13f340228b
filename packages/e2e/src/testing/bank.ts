/** What every end-to-end test does with a cluster: open accounts, pay, look from outside. */
import { systemClock } from '@mas/bin';
import type { MasClient, PaymentInput } from '@mas/client';
import { RedisLink, RedisTxnCoordinatorDao } from '@mas/redis-store';
import type { PaymentResult, TransactionEntry } from '@mas/transaction-coordinator';
import { paymentKey, SeededRandom, silentLogger } from '@mas/values';
import { waitUntil } from '@mas/test-servers';
import { OPERATOR_SCOPE } from '../harness/access';
import type { Cluster } from '../harness/cluster';

export const OPENING_MINOR = 10_000n;
/** For tests that look into Redis: a payment waits for a Redis that a busy machine makes slow, rather than going on without it. */
export const PATIENT_WITH_REDIS = { MAS_REDIS_SILENCE_MS: '5000' };

export class Bank {
  private minted = 0;
  private readonly run = Math.random().toString(36).slice(2, 8);

  constructor(
    readonly cluster: Cluster,
    readonly client: MasClient = cluster.client(),
  ) {}

  async open(numbers: readonly string[], openingMinor = OPENING_MINOR): Promise<void> {
    await Promise.all(numbers.map((number) => this.client.createAccount({ id: `open-${number}`, number, openingBalance: { minor: openingMinor } })));
  }

  /** An id whose decisions live with the sender. */
  mint(sender: string): string {
    this.minted += 1;
    return `{${sender}}${this.run}-${this.minted}`;
  }

  pay(from: string, to: string, minor = 100n, more: Partial<PaymentInput> = {}, client = this.client): Promise<PaymentResult> {
    return client.createPayment({ id: this.mint(from), from, to, amount: { minor }, ...more });
  }

  /** At one instant. */
  async balances(numbers: readonly string[]): Promise<readonly bigint[]> {
    return (await this.client.getAccounts(numbers)).map((one) => one.balanceMinor);
  }

  async total(numbers: readonly string[]): Promise<bigint> {
    return (await this.balances(numbers)).reduce((sum, balance) => sum + balance, 0n);
  }

  /** No hold and no pending credit on any of them, and no lock. */
  async settled(numbers: readonly string[], timeoutMs = 180_000): Promise<void> {
    let seen: unknown;
    await waitUntil(
      `${numbers.join(', ')} have no hold, no pending credit and no lock`,
      async () => {
        const views = await Promise.all(numbers.map((number) => this.client.getAccount(number, 'uncommitted')));
        const locks = await Promise.all(numbers.map((number) => this.client.getLock(number)));
        seen = [views.map(({ number, holdsMinor, pendingCreditsMinor }) => `${number}: holds ${holdsMinor}, incoming ${pendingCreditsMinor}`), locks];
        return views.every((view) => view.holdsMinor === 0n && view.pendingCreditsMinor === 0n) && locks.every((lock) => lock.mode === null);
      },
      { timeoutMs, intervalMs: 50, diagnostics: () => JSON.stringify(seen) },
    );
  }

  /** Nothing is in doubt anywhere, and the audit agrees with itself. Returns the number of comparisons. */
  async audited(): Promise<number> {
    let report: Awaited<ReturnType<MasClient['audit']>> | null = null;
    await waitUntil(
      'the audit is consistent and nothing is in doubt',
      async () => {
        const { transactions, payments, silent } = await this.client.undecided();
        if (transactions.length + payments.length + silent.length > 0) return false;
        report = await this.client.audit({ isFull: true });
        return report.consistent;
      },
      {
        timeoutMs: 180_000,
        intervalMs: 200,
        diagnostics: () => JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      },
    );
    return (report as Awaited<ReturnType<MasClient['audit']>> | null)?.checks.reduce((sum, check) => sum + check.count, 0) ?? 0;
  }
}

/** A transaction's entry as Redis holds it, past every coordinator. */
export async function entryInRedis(cluster: Cluster, paymentId: string): Promise<TransactionEntry | null> {
  const port = cluster.redis?.port;
  if (port === undefined) throw new Error('this cluster has no Redis');
  const link = new RedisLink({ host: '127.0.0.1', port, clock: systemClock, logger: silentLogger, redis: {} });
  try {
    await link.connect(60_000);
    const [entry] = await new RedisTxnCoordinatorDao(link, new SeededRandom(1)).transactions([paymentKey(OPERATOR_SCOPE, paymentId)]);
    return entry ?? null;
  } finally {
    await link.close();
  }
}
