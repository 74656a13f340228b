/**
 * A steady load from outside: payments between the accounts of the books (some with three legs, some that ask too much),
 * authorizations with what follows them, refunds, holders of locks, repetitions under a used id, and a reader that adds up accounts at
 * one instant. Everything is written into the books.
 *
 * A few accounts, one per bucket, pay each other only: what they hold together never changes either, and so few can be read
 * at one instant however busy the cluster is.
 */
import { MasCallFailed, type Level, type MasClient, type PaymentInput } from '@mas/client';
import type { Random } from '@mas/values';
import type { Books, Entry } from './books';
import { doSequence } from './sequences';
import { isRefusal, type WitnessedClient } from './witnessed-client';

export interface LoadOptions {
  readonly ratePerSecond: number;
  /** Beyond it nothing new is begun: a cluster that does not answer is not buried. */
  readonly maxInFlight: number;
}

const TICK_MS = 20;
const READ_EVERY_MS = 250;
const THREE_LEGS_SHARE = 0.05;
const TOO_MUCH_SHARE = 0.03;
const REPEATED_SHARE = 0.04;
const MAX_AMOUNT_MINOR = 100;
const CIRCLE_SHARE = 0.05;
const CIRCLE_SIZE = 3;
/** So many reads of the circle to one of all accounts. */
const CIRCLE_READS = 3;
/** Of what is begun: what takes several steps (sequences.ts). */
const SEQUENCE_SHARE = 0.12;
const TOO_MUCH_MINOR = 10n ** 9n;
/** Of reads of a single account, in turn. */
const LEVELS: readonly Level[] = ['committed', 'uncommitted', 'committed', 'cached'];

export class Load {
  /** When payments were acknowledged as committed, when those had been begun, and what they moved. */
  readonly commits: { readonly startedAtMs: number; readonly endedAtMs: number; readonly moves: Entry['moves'] }[] = [];
  sumsRead = 0;
  repeated = 0;
  private readonly pending = new Set<Promise<void>>();
  private readonly ids: string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private reading: Promise<void> | null = null;
  private stopped = false;
  private due = 0;
  private minted = 0;

  constructor(
    private readonly client: Pick<WitnessedClient, 'createPayment' | 'getAccounts' | 'acquireLock' | 'releaseLock'>,
    private readonly books: Books,
    private readonly random: Random,
    /** Makes ids of this load differ from any other's. */
    private readonly name: string,
    private readonly options: LoadOptions,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.reading = this.read();
  }

  /** Begins nothing more and waits for what is in flight. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all([...this.pending, this.reading]);
  }

  /** Committed payments per second over the last `windowMs`. */
  rate(windowMs: number): number {
    const sinceMs = performance.now() - windowMs;
    let count = 0;
    for (let at = this.commits.length - 1; at >= 0 && (this.commits[at]?.endedAtMs ?? 0) >= sinceMs; at -= 1) count += 1;
    return (count * 1000) / windowMs;
  }

  /** Whether a payment that was begun after `sinceMs`, and touches such an account, has committed; when it was answered. */
  firstSuccessAfter(sinceMs: number, touches: (account: string) => boolean = () => true): number | null {
    return this.commits.find((commit) => commit.startedAtMs >= sinceMs && commit.moves.some(({ account }) => touches(account)))?.endedAtMs ?? null;
  }

  private tick(): void {
    this.due += (this.options.ratePerSecond * TICK_MS) / 1000;
    for (; this.due >= 1; this.due -= 1) {
      if (this.pending.size >= this.options.maxInFlight) continue;
      const sending = this.random.unit() < REPEATED_SHARE ? this.repeat() : this.random.unit() < SEQUENCE_SHARE ? this.sequence() : this.begin();
      this.pending.add(sending);
      void sending.finally(() => this.pending.delete(sending));
    }
  }

  private begin(): Promise<void> {
    return this.send(this.books.asked(this.newPayment())).then(() => undefined);
  }

  /** Whether it committed. */
  private async send(entry: Entry): Promise<boolean> {
    this.ids.push(entry.input.id);
    const committed = await ask(this.client, this.books, entry);
    if (committed && entry.moves.length > 0) this.commits.push({ startedAtMs: entry.startedAtMs, endedAtMs: performance.now(), moves: entry.moves });
    return committed;
  }

  private sequence(): Promise<void> {
    return doSequence({
      client: this.client,
      books: this.books,
      random: this.random,
      accounts: this.draw(this.groups().others, 2),
      used: this.ids,
      mint: (account) => this.mint(account),
      send: (entry) => this.send(entry),
      isOver: () => this.stopped,
    });
  }

  /** A used id with the same body: the books notice an answer that differs. */
  private repeat(): Promise<void> {
    const id = this.ids[Math.floor(this.random.unit() * this.ids.length)];
    const entry = id === undefined ? undefined : this.books.entry(id);
    if (entry === undefined) return Promise.resolve();
    this.repeated += 1;
    return ask(this.client, this.books, entry).then(() => undefined);
  }

  private newPayment(): PaymentInput {
    const { circle, others } = this.groups();
    const [from = '', to = '', third = ''] = this.draw(this.random.unit() < CIRCLE_SHARE ? circle : others, 3);
    const id = this.mint(from);
    const minor = BigInt(1 + Math.floor(this.random.unit() * MAX_AMOUNT_MINOR));
    const kind = this.random.unit();
    if (kind < TOO_MUCH_SHARE) return { id, from, to, amount: { minor: TOO_MUCH_MINOR } };
    if (kind >= TOO_MUCH_SHARE + THREE_LEGS_SHARE) return { id, from, to, amount: { minor } };
    return {
      id,
      legs: [
        { account: from, direction: 'debit', amount: { minor: 2n * minor } },
        { account: to, direction: 'credit', amount: { minor } },
        { account: third, direction: 'credit', amount: { minor } },
      ],
    };
  }

  private mint(home: string): string {
    this.minted += 1;
    return `{${home}}${this.name}-${this.minted}`;
  }

  private draw(accounts: readonly string[], count: number): readonly string[] {
    const drawn = new Set<string>();
    while (drawn.size < count) drawn.add(accounts[Math.floor(this.random.unit() * accounts.length)] ?? '');
    return [...drawn];
  }

  /** Evenly spaced, so that the circle touches every bucket. */
  private groups(): { readonly circle: readonly string[]; readonly others: readonly string[] } {
    const accounts = this.books.accounts();
    const step = Math.floor(accounts.length / CIRCLE_SIZE);
    return { circle: accounts.filter((_, at) => at % step === 0), others: accounts.filter((_, at) => at % step !== 0) };
  }

  /** Sums at one instant, while payments run. What cannot be read is not judged. */
  private async read(): Promise<void> {
    for (let turn = 0; !this.stopped; turn += 1) {
      const accounts = turn % (CIRCLE_READS + 1) === CIRCLE_READS ? this.books.accounts() : this.groups().circle;
      try {
        this.judge(accounts, await this.client.getAccounts(accounts));
        await this.client.getAccounts(this.draw(this.books.accounts(), 1), LEVELS[turn % LEVELS.length]);
      } catch {
        // Unavailable for now; availability is measured by the payments.
      }
      await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS));
    }
  }

  private judge(accounts: readonly string[], views: readonly { readonly balanceMinor: bigint }[]): void {
    const [sum, expected] = [views.reduce((total, view) => total + view.balanceMinor, 0n), this.books.totalMinor(accounts)];
    this.sumsRead += 1;
    if (sum !== expected) this.books.findings.push(`a read of ${accounts.length} accounts at one instant summed to ${sum} instead of ${expected}`);
    if (views.some((view) => view.balanceMinor < 0n)) this.books.findings.push('a balance below its minimum was read');
  }
}

/** Asks once and writes down what was answered. Returns whether it committed. */
export async function ask(client: Pick<MasClient, 'createPayment'>, books: Books, entry: Entry): Promise<boolean> {
  try {
    const result = await client.createPayment(entry.input);
    if (result.kind === 'unknown') return false;
    books.answered(entry, result.kind, result.kind === 'aborted' ? result.reason.name : null);
    return result.kind === 'committed';
  } catch (error) {
    if (!(error instanceof MasCallFailed)) throw error;
    // What builds on another payment, or on a lock, may be refused for what has become of that; any other payment of this load may not.
    if ((entry.input.referenceId !== undefined || entry.input.lockHandle !== undefined) && isRefusal(error))
      books.answered(entry, 'aborted', error.error.reason);
    return false;
  }
}
