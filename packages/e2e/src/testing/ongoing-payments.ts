/** Payments one after the other between some pairs, as an application makes them: under one id until there is an answer. What is not committed is kept. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MasClient } from '@mas/client';
import { waitUntil } from '@mas/test-servers';
import type { Cluster } from '../harness/cluster';

/** How many more are committed before something counts as working. */
const PROCEED = 20;
const LONG_MS = 240_000;
const SLOW: ReadonlySet<string> = new Set(['ABANDONED', 'PARTICIPANT_UNAVAILABLE', 'DEADLINE_EXCEEDED']);

export class OngoingPayments {
  readonly client: MasClient;
  readonly failures: string[] = [];
  /** Beside these, those that their homes gave up because a coordinator or a bucket was too slow: asked for again under new ids. */
  readonly givenUp: string[] = [];
  committed = 0;
  private running: Promise<unknown> | null = null;
  private isStopping = false;

  constructor(
    cluster: Cluster,
    private readonly pairs: readonly (readonly [string, string])[],
    /** May be exchanged for another one. */
    public token: string,
    /** A machine that stands still for seconds costs a payment; who allows for it looks whether it did. */
    private readonly mayBeSlow = false,
  ) {
    this.client = new MasClient({
      addresses: cluster.addresses(),
      ca: readFileSync(join(cluster.certs(), 'ca.crt')),
      token: () => this.token,
      timeoutMs: 60_000,
      connectPatienceMs: 60_000,
    });
  }

  start(): void {
    this.running = Promise.all(this.pairs.map((pair, at) => this.pay(pair, at)));
  }

  /** Payments that began after this call have been committed. */
  async proceed(): Promise<void> {
    const before = this.committed;
    await waitUntil('payments go on', () => this.committed >= before + PROCEED || this.failures.length > 0, {
      timeoutMs: LONG_MS,
      diagnostics: () => `${this.committed - before} since; ${this.failures.slice(-3).join('; ')}`,
    });
    if (this.failures.length > 0) throw new Error(`payments failed: ${this.failures.slice(0, 3).join('; ')}`);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.running;
    this.running = null;
  }

  close(): void {
    this.client.close();
  }

  private async pay([from, to]: readonly [string, string], worker: number): Promise<void> {
    for (let at = 0; !this.isStopping; at += 1) {
      const [payer, payee] = at % 2 === 0 ? [from, to] : [to, from];
      try {
        const paid = await this.client.createPayment({ id: `{${payer}}ongoing-${worker}-${at}`, from: payer, to: payee, amount: { minor: 1n } });
        if (paid.kind === 'committed') this.committed += 1;
        else if (paid.kind === 'aborted' && this.mayBeSlow && SLOW.has(paid.reason.name)) this.givenUp.push(paid.reason.name);
        else this.failures.push(paid.kind === 'aborted' ? `aborted: ${paid.reason.name}` : paid.kind);
      } catch (error) {
        this.failures.push(String(error));
      }
      if (this.failures.length > 20) return;
    }
  }
}
