/**
 * What the test's own clients asked for and were told: the only truth that the auditor judges the cluster by. An answer,
 * once given, never changes: a second one that differs is a finding by itself.
 */
import type { PaymentInput } from '@mas/client';

export type Answer = 'committed' | 'aborted' | 'open';

export interface Entry {
  readonly input: PaymentInput;
  /** What it moves, by account, if it commits. */
  readonly moves: readonly { readonly account: string; readonly deltaMinor: bigint }[];
  /** Accounts that list it, whether it moves anything on them or not. */
  readonly listedBy: readonly string[];
  readonly startedAtMs: number;
  answeredAtMs: number | null;
  /** Open: no answer yet, or none that says how it ended. */
  answer: Answer;
  reason: string | null;
  /** Was it once open and asked again? */
  resolvedLater: boolean;
}

export class Books {
  readonly findings: string[] = [];
  private readonly entriesById = new Map<string, Entry>();
  private readonly openingByAccount = new Map<string, bigint>();

  opened(account: string, openingMinor: bigint): void {
    this.openingByAccount.set(account, openingMinor);
  }

  accounts(): readonly string[] {
    return [...this.openingByAccount.keys()];
  }

  totalMinor(accounts: readonly string[] = this.accounts()): bigint {
    return accounts.reduce((sum, account) => sum + (this.openingByAccount.get(account) ?? 0n), 0n);
  }

  /** @param moves and `listedBy` for what builds on another payment, and does not name all accounts itself */
  asked(input: PaymentInput, moves: Entry['moves'] = movesOf(input), listedBy: readonly string[] = moves.map(({ account }) => account)): Entry {
    const entry: Entry = {
      input,
      moves,
      listedBy,
      startedAtMs: performance.now(),
      answeredAtMs: null,
      answer: 'open',
      reason: null,
      resolvedLater: false,
    };
    this.entriesById.set(input.id, entry);
    return entry;
  }

  answered(entry: Entry, answer: Exclude<Answer, 'open'>, reason: string | null): void {
    if (entry.answer !== 'open' && (entry.answer !== answer || entry.reason !== reason)) {
      this.findings.push(`payment ${entry.input.id} was answered ${text(entry.answer, entry.reason)} and later ${text(answer, reason)}`);
      return;
    }
    entry.answer = answer;
    entry.reason = reason;
    entry.answeredAtMs ??= performance.now();
  }

  entry(id: string): Entry | undefined {
    return this.entriesById.get(id);
  }

  entries(): Iterable<Entry> {
    return this.entriesById.values();
  }

  open(): readonly Entry[] {
    return [...this.entriesById.values()].filter((entry) => entry.answer === 'open');
  }

  count(answer: Answer): number {
    let count = 0;
    for (const entry of this.entriesById.values()) if (entry.answer === answer) count += 1;
    return count;
  }

  /** What every account must hold now; only meaningful when nothing is open. */
  expectedBalances(): ReadonlyMap<string, bigint> {
    const balances = new Map(this.openingByAccount);
    for (const entry of this.entriesById.values()) {
      if (entry.answer !== 'committed') continue;
      for (const { account, deltaMinor } of entry.moves) balances.set(account, (balances.get(account) ?? 0n) + deltaMinor);
    }
    return balances;
  }

  /** After an audit that found nothing: what was verified becomes the opening of the next period. */
  carryForward(): void {
    for (const [account, balance] of this.expectedBalances()) this.openingByAccount.set(account, balance);
    this.entriesById.clear();
  }
}

function text(answer: Answer, reason: string | null): string {
  return reason === null ? answer : `${answer} (${reason})`;
}

function movesOf(input: PaymentInput): Entry['moves'] {
  if (input.legs !== undefined)
    return input.legs.map((leg) => ({ account: leg.account, deltaMinor: leg.direction === 'debit' ? -minorOf(leg.amount) : minorOf(leg.amount) }));
  const minor = minorOf(input.amount);
  return [
    { account: input.from ?? '', deltaMinor: -minor },
    { account: input.to ?? '', deltaMinor: minor },
  ];
}

function minorOf(amount: PaymentInput['amount']): bigint {
  return amount !== undefined && 'minor' in amount ? amount.minor : 0n;
}
