/**
 * What Redis and its stand-in keep has an end, and nobody notices: old payments are found, used ids answered and money kept
 * when entries have expired, when a Redis that is full refuses them, and while it evicts whatever it likes.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PaymentInput } from '@mas/client';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { numbersIn } from './harness/names';
import { redisCommand } from './harness/redis-command';
import { Bank, OPENING_MINOR, PATIENT_WITH_REDIS } from './testing/bank';

const BATCH = 100;
/** However busy the machine is. */
const PATIENT_MS = 120_000;
/** Of each bucket. */
const ACCOUNTS = 4;
const TOO_MUCH_MINOR = 10n ** 9n;

class Payers {
  readonly paid: { readonly input: PaymentInput; readonly result: PaymentResult }[] = [];
  readonly accounts: readonly string[];

  private constructor(readonly bank: Bank) {
    this.accounts = [1, 2, 3].flatMap((bucket) => numbersIn(bank.cluster.placement, bucket, 'kept', ACCOUNTS));
  }

  static async open(cluster: Cluster): Promise<Payers> {
    const payers = new Payers(new Bank(cluster, cluster.client({ timeoutMs: PATIENT_MS })));
    await payers.bank.open(payers.accounts);
    return payers;
  }

  /** In batches; every tenth asks for too much. All of them are answered; on a busy machine some may be aborted. */
  async pay(count: number): Promise<void> {
    for (let left = count; left > 0; left -= BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, left) }, (_, at) => this.payment(this.paid.length + at));
      const replies = await this.bank.client.createPayments(batch);
      for (const [at, input] of batch.entries()) {
        const reply = replies[at];
        const result = reply?.ok === true && reply.value.kind !== 'unknown' ? reply.value : await this.ask(input);
        if (isTooMuch(input)) expect(result.kind).toBe('aborted');
        this.paid.push({ input, result });
      }
    }
    expect(this.paid.slice(-count).some(({ result }) => result.kind === 'committed')).toBe(true);
  }

  /** With the same id, until it is known. */
  private async ask(input: PaymentInput): Promise<PaymentResult> {
    let result: PaymentResult | null = null;
    await waitUntil(`payment ${input.id} is answered`, async () => {
      result = await this.bank.client.createPayment(input);
      return result.kind !== 'unknown';
    });
    if (result === null) throw new Error(`payment ${input.id} was not answered`);
    return result;
  }

  /** The oldest and the newest of them are found, and answered again as they were. */
  async remembered(): Promise<void> {
    for (const { input, result } of [...this.paid.slice(0, 12), ...this.paid.slice(-12)]) {
      const view = await this.bank.client.getPayment({ id: input.id });
      expect([view.state, view.reason?.name]).toEqual(result.kind === 'aborted' ? ['ABORTED', result.reason.name] : ['COMMITTED', undefined]);
      expect(view.timeline.map((step) => step.step)).toContain('decided');
      expect(await this.bank.client.createPayment(input)).toEqual(result);
    }
    expect(await this.bank.total(this.accounts)).toBe(OPENING_MINOR * BigInt(this.accounts.length));
  }

  private payment(number: number): PaymentInput {
    const [from = '', to = ''] = [
      this.accounts[number % this.accounts.length],
      this.accounts[(number + 1 + (number % (this.accounts.length - 1))) % this.accounts.length],
    ];
    return { id: this.bank.mint(from), from, to, amount: { minor: number % 10 === 0 ? TOO_MUCH_MINOR : 1n } };
  }
}

function isTooMuch(input: PaymentInput): boolean {
  return input.amount !== undefined && 'minor' in input.amount && input.amount.minor === TOO_MUCH_MINOR;
}

describe('the stand-in', () => {
  const KEPT = 100;
  const PAYMENTS = 4_000;
  /** What so many entries and the files' slack take; all payments would take more than 3 MB. */
  const MAX_FILE_BYTES = 600_000;
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start({ environment: { MAS_KEEP_ENDED: String(KEPT) } });
  });
  afterAll(() => cluster?.stop());

  test('thousands of payments: its files stay small, and a start answers for all of them', async () => {
    const payers = await Payers.open(cluster);
    const tm = cluster.process('tm1');
    const files = (): readonly string[] => readdirSync(cluster.dataOf('tm1')).filter((file) => file.startsWith('coordinator.journal'));
    // One that is listed may have been compacted away since.
    const sizeOf = (file: string): number => statSync(join(cluster.dataOf('tm1'), file), { throwIfNoEntry: false })?.size ?? 0;
    const bytes = (): number => files().reduce((sum, file) => sum + sizeOf(file), 0);
    let most = 0;
    while (payers.paid.length < PAYMENTS) {
      await payers.pay(4 * BATCH);
      most = Math.max(most, bytes());
    }
    expect(most).toBeLessThan(MAX_FILE_BYTES);
    await payers.remembered();
    for (const end of [() => tm.kill(), () => tm.stop()]) {
      await end();
      tm.start();
      await tm.ready();
      await payers.remembered();
    }
    await payers.pay(BATCH);
    expect(bytes()).toBeLessThan(MAX_FILE_BYTES);
    expect(await payers.bank.audited()).toBeGreaterThan(PAYMENTS);
    expect(cluster.failures()).toEqual([]);
  });
});

describe('a Redis whose memory is full', () => {
  const PAYMENTS = 2_000;
  const ROOM_BYTES = 400_000;
  let cluster: Cluster;
  let payers: Payers;
  beforeAll(async () => {
    cluster = await Cluster.start({ storage: 'servers', environment: PATIENT_WITH_REDIS });
    payers = await Payers.open(cluster);
  });
  afterAll(() => cluster?.stop());

  const redis = (command: string): Promise<string> => redisCommand(cluster.redis?.port ?? 0, command);
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis('INFO memory'))?.[1]);
  /** Once, and not with every payment, is the coordinator's own test. */
  const saidFull = (): boolean =>
    cluster
      .process('tm1')
      .lines()
      .some((line) => line.msg.startsWith('Redis is silent or takes nothing') && String(line['reason']).includes('OOM'));

  test.each(['noeviction', 'allkeys-lru', 'volatile-ttl'])(
    '%s: payments, repeated ids, old payments, cached reads and locks, and then there is room again',
    async (policy) => {
      const before = payers.paid.length;
      const [from = '', to = ''] = payers.accounts;
      const { handle } = await payers.bank.client.acquireLock({ lockIds: ['a-lock'], timeoutMs: 600_000 });
      await redis(`CONFIG SET maxmemory-policy ${policy}`);
      const maxBytes = (await used()) + ROOM_BYTES;
      await redis(`CONFIG SET maxmemory ${maxBytes}`);
      await payers.pay(PAYMENTS);
      expect(await used()).toBeLessThan(maxBytes + 4_000_000);
      await payers.remembered();
      const [cached] = await payers.bank.client.getAccounts([from], 'cached');
      const [committed] = await payers.bank.client.getAccounts([from]);
      expect(cached?.rev ?? Infinity).toBeLessThanOrEqual(committed?.rev ?? 0);
      const exclusive = await payers.bank.client.acquireLock({ lockIds: [from], timeoutMs: 600_000 });
      await payers.bank.client.releaseLock([from], exclusive.handle);
      await payers.bank.client.releaseLock(['a-lock'], handle);
      expect((await payers.bank.pay(from, to, 1n)).kind).toBe('committed');
      // Refused or evicted: most of these entries are not there.
      const size = Number((await redis('DBSIZE')).slice(1));
      expect(size).toBeLessThan(PAYMENTS);
      await redis('CONFIG SET maxmemory 0');
      await waitUntil('Redis takes entries again', async () => {
        await payers.pay(1);
        return Number((await redis('DBSIZE')).slice(1)) > size;
      });
      await payers.pay(BATCH);
      await payers.remembered();
      expect(payers.paid.length).toBeGreaterThan(before + PAYMENTS);
      await payers.bank.settled(payers.accounts);
      expect(await payers.bank.audited()).toBeGreaterThan(payers.paid.length);
      if (policy === 'noeviction') expect(saidFull()).toBe(true);
      expect(cluster.failures()).toEqual([]);
      await redis('FLUSHALL');
    },
  );
});
