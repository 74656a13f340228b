/**
 * Are all histories explained by one order in which every payment and every read happens at one instant between its call and
 * its answer? An account's payments are ordered by their commit times, and a read at a moment shows those up to it, exactly: what is in them came before the
 * read, what is not, after. Real time is a chain of answers in each bucket: what was decided in it, or read from it, comes before what touches it later. (Commit times of
 * payments that share no bucket follow real time as far as clocks agree, docs/adr/0021.) A cycle in these edges is a proof that no such order exists. What is read at no moment (from the
 * cache, or with undecided money beside it) shows a balance that the account's row has had.
 */
import { directionOf } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber, AmountMinor, PaymentKey } from '@mas/values';
import type { History, ReadHistory } from './history';
import { show, type Decisions } from './decisions';
import type { FinalState } from './final-rows';
import type { Findings } from './findings';
import { Graph, type Places } from './graph';
import type { SlotPlaces } from './slot-places';

interface Journal {
  readonly payments: readonly PaymentKey[];
  /** Of each payment, ascending in the order of commit times. */
  readonly commitUs: readonly number[];
  /** After the first n payments. */
  readonly balances: readonly AmountMinor[];
  /** Balance → after how many payments the account had it. */
  readonly prefixesOf: ReadonlyMap<AmountMinor, readonly number[]>;
  /** When the last decision among the first n was first known. */
  readonly decidedMs: readonly number[];
  /** The first acknowledgement among those from n on; infinite where there is none. */
  readonly ackedFromMs: readonly number[];
}

interface Times {
  readonly startMs: number;
  /** First answer COMMITTED; infinite without one. */
  readonly ackMs: number;
  readonly decidedMs: number;
}

export interface ReadFigures {
  readonly explained: number;
  readonly ambiguous: number;
}

export interface OrderEvidence {
  readonly state: FinalState;
  readonly history: History;
  readonly decisions: Decisions;
  readonly places: SlotPlaces;
}

export function auditSerializability({ state, history, decisions, places: slots }: OrderEvidence, findings: Findings): ReadFigures {
  const times = timesOf(history, decisions);
  const journals = journalsOf(state, history, times, byCommitTime);
  const stored = journalsOf(state, history, times, asStored);
  const journaled = new Set([...journals.values()].flatMap((journal) => journal.payments));
  const graph = new Graph();
  const figures = { explained: 0, ambiguous: 0 };
  const places = new PlacesOf(state, times, slots);
  const shown = firstShown(history.reads, journals);
  for (const [key, time] of times)
    if (time.ackMs < Infinity || journaled.has(key)) graph.operation(`payment ${show(key)}`, time.startMs, time.ackMs, places.ofPayment(key));
  for (const [account, journal] of journals) addPrefixes(graph, account, journal);
  history.reads.forEach((read, at) => addRead(graph, read, at, { journals, stored, places, shown }, findings, figures));
  graph.addRealTime();
  const cycle = graph.cycle();
  if (cycle !== null) findings.add('strictly serializable', `no order explains: ${cycle.join('  →  ')}`);
  auditWholeReads(history, findings);
  return figures;
}

interface Line {
  readonly key: PaymentKey;
  readonly seq: number;
  readonly commitUs: number;
  readonly amountMinor: AmountMinor;
}

const byCommitTime = (a: Line, b: Line): number => a.commitUs - b.commitUs || a.seq - b.seq;
/** The order in which the account's bucket has applied them. */
const asStored = (a: Line, b: Line): number => a.seq - b.seq;

function journalsOf(
  state: FinalState,
  history: History,
  times: ReadonlyMap<PaymentKey, Times>,
  order: (a: Line, b: Line) => number,
): ReadonlyMap<AccountNumber, Journal> {
  const journals = new Map<AccountNumber, Journal>();
  for (const { number, openingMinor } of history.accounts.values()) {
    const legs = (state.legsOf.get(number) ?? []).filter(({ journal }) => journal !== null);
    const lines = legs
      .map(
        ({ key, journal, commitUs, spec }): Line => ({
          key,
          seq: journal?.seq ?? 0,
          commitUs: commitUs ?? 0,
          amountMinor: BigInt(directionOf(spec.effect)) * spec.amountMinor,
        }),
      )
      .sort(order);
    const balances = [openingMinor];
    for (const { amountMinor } of lines) balances.push((balances.at(-1) ?? 0n) + amountMinor);
    const prefixesOf = new Map<AmountMinor, number[]>();
    balances.forEach((balance, prefix) => {
      const known = prefixesOf.get(balance);
      if (known === undefined) prefixesOf.set(balance, [prefix]);
      else known.push(prefix);
    });
    const decidedMs = [-Infinity];
    for (const { key } of lines) decidedMs.push(Math.max(decidedMs.at(-1) ?? -Infinity, times.get(key)?.decidedMs ?? Infinity));
    const ackedFromMs = new Array<number>(lines.length + 1).fill(Infinity);
    for (let at = lines.length - 1; at >= 0; at -= 1)
      ackedFromMs[at] = Math.min(ackedFromMs[at + 1] ?? Infinity, times.get(lines[at]?.key as PaymentKey)?.ackMs ?? Infinity);
    journals.set(number, {
      payments: lines.map((line) => line.key),
      commitUs: lines.map((line) => line.commitUs),
      balances,
      prefixesOf,
      decidedMs,
      ackedFromMs,
    });
  }
  return journals;
}

function timesOf(history: History, decisions: Decisions): ReadonlyMap<PaymentKey, Times> {
  const times = new Map<PaymentKey, Times>();
  for (const [key, { attempts }] of history.payments) {
    const acks = attempts.map(({ answer, endMs }) => (answer?.ok === true && answer.value.kind === 'committed' ? (endMs ?? Infinity) : Infinity));
    times.set(key, {
      startMs: Math.min(...attempts.map((attempt) => attempt.startMs)),
      ackMs: Math.min(Infinity, ...acks),
      decidedMs: decisions.get(key)?.firstMs ?? Infinity,
    });
  }
  return times;
}

/** `before n`: the first n payments happened; `after n`: those from n on have not. */
function addPrefixes(graph: Graph, account: AccountNumber, { payments }: Journal): void {
  payments.forEach((key, at) => {
    const payment = `payment ${show(key)}`;
    graph.edge(payment, `before ${account} ${at + 1}`);
    graph.edge(`before ${account} ${at}`, `before ${account} ${at + 1}`);
    graph.edge(`after ${account} ${at}`, payment);
    graph.edge(`after ${account} ${at}`, `after ${account} ${at + 1}`);
  });
}

interface Journals {
  readonly places: PlacesOf;
  readonly shown: ReadonlyMap<PaymentKey, number>;
  readonly journals: ReadonlyMap<AccountNumber, Journal>;
  readonly stored: ReadonlyMap<AccountNumber, Journal>;
}

function addRead(
  graph: Graph,
  read: ReadHistory,
  at: number,
  { journals, stored, places, shown: shownMs }: Journals,
  findings: Findings,
  figures: { explained: number; ambiguous: number },
): void {
  const name = `read ${at} at ${read.startMs.toFixed(1)}–${read.endMs.toFixed(1)} of ${read.views.map((view) => `${view.number}=${view.balanceMinor}`).join(' ')}`;
  if (read.level === 'committed' && read.atUs === undefined) graph.operation(name, read.startMs, read.endMs, places.ofRead(read));
  for (const view of read.views) {
    const journal = (view.momentUs === null && read.level !== 'committed' ? stored : journals).get(view.number);
    if (journal === undefined) continue;
    const { momentUs } = view;
    const all = momentUs === null ? (journal.prefixesOf.get(view.balanceMinor) ?? []) : [upTo(journal, momentUs)];
    const shown = momentUs === null || journal.balances[all[0] ?? 0] === view.balanceMinor;
    findings.expect(
      shown,
      'a read shows its moment',
      () => `${name} (${read.level}) at ${momentUs ?? 0}: ${view.number} had ${journal.balances[all[0] ?? 0] ?? 0n} then`,
    );
    const possible = all.filter((prefix) => (journal.decidedMs[prefix] ?? Infinity) <= read.endMs);
    findings.expect(
      possible.length > 0,
      'no undecided money is shown',
      () => `${name} (${read.level}): ${view.number} ${all.length === 0 ? 'never had this balance' : 'had it only later'}`,
    );
    if (read.level !== 'committed' || read.atUs !== undefined || possible.length === 0) continue;
    const candidates =
      possible.length === 1 && momentUs === null ? possible : possible.filter((prefix) => (journal.ackedFromMs[prefix] ?? Infinity) > read.startMs);
    const [prefix] = candidates;
    findings.expect(prefix !== undefined, 'no stale read', () => `${name}: ${view.number} shows a balance from before a payment that was acknowledged`);
    if (prefix === undefined) continue;
    const missed = journal.payments.slice(Math.max(...candidates)).find((key) => (shownMs.get(key) ?? Infinity) <= read.startMs);
    findings.expect(
      missed === undefined,
      'no stale read',
      () => `${name}: ${view.number} shows a balance from before payment ${show(missed as PaymentKey)}, which an earlier read had shown`,
    );
    if (candidates.length > 1) {
      figures.ambiguous += 1;
      continue;
    }
    figures.explained += 1;
    graph.edge(`before ${view.number} ${prefix}`, name);
    graph.edge(name, `after ${view.number} ${prefix}`);
  }
}

/** When a read that surely shows a payment had ended: from then on every read of its accounts has to. */
function firstShown(reads: readonly ReadHistory[], journals: ReadonlyMap<AccountNumber, Journal>): ReadonlyMap<PaymentKey, number> {
  const shown = new Map<PaymentKey, number>();
  for (const { level, views, endMs } of reads) {
    if (level !== 'committed') continue;
    for (const { number, balanceMinor, momentUs } of views) {
      const journal = journals.get(number);
      if (journal === undefined) continue;
      const prefixes = momentUs === null ? (journal.prefixesOf.get(balanceMinor) ?? []) : [upTo(journal, momentUs)];
      for (const key of journal.payments.slice(0, Math.min(...prefixes, journal.payments.length))) shown.set(key, Math.min(endMs, shown.get(key) ?? Infinity));
    }
  }
  return shown;
}

/** Where operations meet. */
class PlacesOf {
  private readonly accounts: ReadonlySet<AccountNumber>;
  private readonly payments = new Map<PaymentKey, Places>();

  constructor(
    { accounts, outcomes }: FinalState,
    times: ReadonlyMap<PaymentKey, Times>,
    private readonly slots: SlotPlaces,
  ) {
    this.accounts = new Set(accounts.keys());
    for (const { key, slot, body } of outcomes) {
      const { startMs, decidedMs } = times.get(key) ?? { startMs: Infinity, decidedMs: Infinity };
      const home = slots.of(slot, decidedMs, decidedMs);
      const legs = this.of(
        body.legs.map(({ account }) => account),
        Math.min(startMs, decidedMs),
        decidedMs,
      );
      // Its commit time is known to all where it was decided; where it has a leg, a later payment may get an earlier one until the leg is told.
      this.payments.set(key, { before: home, behind: [...new Set([...home, ...legs])] });
    }
  }

  ofPayment(key: PaymentKey): Places {
    return this.payments.get(key) ?? { before: [], behind: [] };
  }

  ofRead({ numbers, startMs, endMs }: ReadHistory): Places {
    const places = this.of(numbers, startMs, endMs);
    return { before: places, behind: places };
  }

  private of(numbers: readonly AccountNumber[], fromMs: number, toMs: number): readonly string[] {
    const known = numbers.filter((number) => this.accounts.has(number));
    return [...new Set(known.flatMap((number) => this.slots.of(slotOfAccount(number), fromMs, toMs)))];
  }
}

/** How many of the payments have a commit time up to this moment. */
function upTo({ commitUs }: Journal, us: number): number {
  const next = commitUs.findIndex((each) => each > us);
  return next < 0 ? commitUs.length : next;
}

/** A read of the whole circle shows all its money. */
function auditWholeReads(history: History, findings: Findings): void {
  const circle = [...history.accounts.values()].filter((account) => account.isApart !== true);
  const openings = circle.reduce((sum, account) => sum + account.openingMinor, 0n);
  for (const read of history.reads) {
    if (read.level !== 'committed' || read.views.length !== circle.length || read.views.some((view) => history.accounts.get(view.number)?.isApart === true))
      continue;
    const sum = read.views.reduce((total, view) => total + view.balanceMinor, 0n);
    findings.expect(
      sum === openings,
      'money is conserved',
      () => `a read at ${read.startMs.toFixed(1)}–${read.endMs.toFixed(1)} of all accounts shows ${sum} of ${openings}`,
    );
  }
}
