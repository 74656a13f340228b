/**
 * Money at rest, from the rows alone and by arithmetic of its own: journals add up from the opening balance, both sides of
 * every payment agree with the one decision at its home, nothing exists twice, nothing stays reserved for nobody.
 */
import type { LegEffect, LegRow, LegSpec, OutcomeRow } from '@mas/ledger';
import type { AccountNumber, AmountMinor, Currency, TxnId } from '@mas/values';
import type { History } from './history';
import { show } from './decisions';
import type { FinalState } from './final-rows';
import type { Findings } from './findings';

/** What an effect does to a balance when it is committed. */
export const SIGN: Readonly<Record<LegEffect, bigint>> = { debit: -1n, credit: 1n, authorize: 0n, capture: -1n, void: 0n, 'refund-debit': -1n };

export function auditMoney(state: FinalState, history: History, findings: Findings): void {
  for (const number of history.accounts.keys()) auditAccount(number, state, history, findings);
  for (const outcome of state.outcomes) auditOutcome(outcome, state, findings);
  const outcomeOf = new Map(state.outcomes.map((outcome) => [outcome.txn, outcome]));
  for (const legs of state.legsOf.values()) for (const leg of legs) auditLeg(leg, outcomeOf, findings);
  for (const [key, count] of timesEach(state.outcomes.map((outcome) => outcome.key)))
    findings.expect(count === 1, 'nothing twice', () => `${show(key)} is recorded ${count} times`);
  auditReferences(state, findings);
  auditTotals(state, history, findings);
}

function auditAccount(number: AccountNumber, state: FinalState, history: History, findings: Findings): void {
  const planned = history.accounts.get(number);
  const row = state.accounts.get(number);
  if (planned === undefined) return;
  if (row === undefined) {
    findings.expect(planned.createdMs === null, 'nothing acknowledged is lost', () => `account ${number} was opened and is not there`);
    return;
  }
  const legs = state.legsOf.get(number) ?? [];
  const journal = legs.filter((leg) => leg.journal !== null).sort((a, b) => (a.journal?.seq ?? 0) - (b.journal?.seq ?? 0));
  let balance = planned.openingMinor;
  journal.forEach((leg, at) => {
    balance += SIGN[leg.spec.effect] * leg.spec.amountMinor;
    findings.expect(leg.journal?.seq === at + 1, 'the journal has no gap', () => `${number}: position ${at + 1} holds ${leg.journal?.seq}`);
    findings.expect(
      leg.journal?.balanceAfterMinor === balance,
      'the journal adds up',
      () => `${number}: ${leg.txn.slice(0, 8)} leaves ${leg.journal?.balanceAfterMinor}, the sum is ${balance}`,
    );
    findings.expect(
      balance >= planned.minimumMinor,
      'never below the minimum',
      () => `${number}: ${balance} after ${leg.txn.slice(0, 8)}, minimum ${planned.minimumMinor}`,
    );
  });
  findings.expect(row.balanceMinor === balance, 'the journal adds up', () => `${number} holds ${row.balanceMinor}, its journal ends at ${balance}`);
  const reserved = legs.reduce((sum, leg) => sum + (leg.reservation?.reservedMinor ?? 0n), 0n);
  const open = legs.filter((leg) => leg.reservation?.status === 'capturing');
  findings.expect(open.length === 0, 'no leg stays prepared', () => `${number}: an authorization is still being captured`);
  findings.expect(row.holdsMinor === reserved, 'no hold stays', () => `${number} holds back ${row.holdsMinor}, open authorizations are ${reserved}`);
  findings.expect(row.pendingCreditsMinor === 0n, 'no hold stays', () => `${number} waits for ${row.pendingCreditsMinor}`);
  findings.expect(
    row.balanceMinor - row.holdsMinor >= planned.minimumMinor,
    'never below the minimum',
    () => `${number}: ${row.balanceMinor} less ${row.holdsMinor} held, minimum ${planned.minimumMinor}`,
  );
  const twice = legs.length - new Set(legs.map((leg) => leg.txn)).size;
  findings.expect(twice === 0, 'nothing twice', () => `${number} has ${twice} legs of a transaction that it has already`);
}

/** What the home says has happened everywhere. */
function auditOutcome(outcome: OutcomeRow, state: FinalState, findings: Findings): void {
  const legs = state.legsByTxn.get(outcome.txn) ?? [];
  const name = show(outcome.key);
  findings.expect(outcome.untold.length === 0, 'every leg is told', () => `${name}: ${outcome.untold.map((leg) => leg.account).join()} not told`);
  if (outcome.decision.kind === 'aborted') {
    const effective = legs.filter((leg) => leg.state !== 'aborted');
    findings.expect(effective.length === 0, 'both sides agree', () => `${name} was aborted, but its leg on ${effective[0]?.account} is ${effective[0]?.state}`);
    return;
  }
  for (const spec of outcome.body.legs) {
    const leg = legs.find((one) => one.account === spec.account);
    const agrees =
      leg?.state === 'committed' && leg.spec.amountMinor === spec.amountMinor && leg.spec.effect === spec.effect && leg.spec.currency === spec.currency;
    findings.expect(
      agrees,
      'both sides agree',
      () => `${name} was committed, but its leg on ${spec.account} is ${leg?.state ?? 'missing'} with ${leg?.spec.effect} ${leg?.spec.amountMinor}`,
    );
    const moves = SIGN[spec.effect] !== 0n;
    findings.expect(
      !agrees || (leg.journal !== null) === moves,
      'both sides agree',
      () => `${name}: the leg on ${spec.account} has ${leg?.journal === null ? 'no' : 'a'} journal line`,
    );
  }
  findings.expect(
    legs.length === outcome.body.legs.length,
    'nothing twice',
    () => `${name} has ${outcome.body.legs.length} legs, the buckets have ${legs.length}`,
  );
  for (const { account, balanceMinor } of outcome.balances) {
    const leg = legs.find((one) => one.account === account);
    const after = leg?.journal?.balanceAfterMinor;
    findings.expect(
      after === undefined || after === balanceMinor,
      'both sides agree',
      () => `${name} answers ${balanceMinor} for ${account}, the journal says ${after}`,
    );
  }
}

function auditLeg(leg: LegRow, outcomeOf: ReadonlyMap<TxnId, OutcomeRow>, findings: Findings): void {
  findings.expect(leg.state !== 'prepared', 'no leg stays prepared', () => `${show(leg.key)} on ${leg.account} is still prepared`);
  findings.expect(
    leg.refundReservedMinor === 0n,
    'no hold stays',
    () => `${show(leg.key)} on ${leg.account}: ${leg.refundReservedMinor} are still reserved for refunds`,
  );
  if (leg.state !== 'committed') {
    findings.expect(leg.journal === null, 'both sides agree', () => `${show(leg.key)} was ${leg.state} on ${leg.account}, which has a journal line`);
    findings.expect(
      leg.reservation === null,
      'no hold stays',
      () => `${show(leg.key)} was ${leg.state} on ${leg.account} and holds ${leg.reservation?.reservedMinor} back`,
    );
    return;
  }
  const outcome = outcomeOf.get(leg.txn);
  findings.expect(
    outcome?.decision.kind === 'committed',
    'both sides agree',
    () => `${show(leg.key)} is committed on ${leg.account}, its home says ${outcome?.decision.kind ?? 'nothing'}`,
  );
}

/** An authorization is consumed once, for no more than it had put aside, and is over then; refunds never give back more than was paid. */
function auditReferences(state: FinalState, findings: Findings): void {
  const consumed: TxnId[] = [];
  const refunded = new Map<string, bigint>();
  for (const { body, decision } of state.outcomes) {
    if (decision.kind !== 'committed' || body.reference === null) continue;
    const { txn } = body.reference;
    if (body.kind === 'capture' || body.kind === 'void') consumed.push(txn);
    for (const leg of body.legs) if (leg.effect === 'capture' || leg.effect === 'void') auditConsumed(txn, leg, state, findings);
    for (const leg of body.legs)
      if (leg.effect === 'refund-debit') refunded.set(`${txn} ${leg.account}`, (refunded.get(`${txn} ${leg.account}`) ?? 0n) + leg.amountMinor);
  }
  for (const [txn, count] of timesEach(consumed))
    findings.expect(count === 1, 'nothing twice', () => `authorization ${txn.slice(0, 8)} was consumed ${count} times`);
  for (const [name, amount] of refunded) {
    const [txn, account] = name.split(' ');
    const original = (state.legsByTxn.get(txn as TxnId) ?? []).find((leg) => leg.account === account);
    const paid = original?.state === 'committed' ? original.spec.amountMinor : 0n;
    findings.expect(amount <= paid, 'nothing twice', () => `${amount} of ${paid} that ${txn?.slice(0, 8)} paid to ${account} were refunded`);
  }
}

function auditConsumed(txn: TxnId, { account, amountMinor }: LegSpec, state: FinalState, findings: Findings): void {
  const authorized = (state.legsByTxn.get(txn) ?? []).find((leg) => leg.account === account && leg.state === 'committed');
  const [aside, held] = [authorized?.spec.amountMinor ?? 0n, authorized?.reservation?.reservedMinor ?? 0n];
  findings.expect(amountMinor <= aside, 'nothing twice', () => `${amountMinor} of ${aside} that ${txn.slice(0, 8)} put aside on ${account} were captured`);
  findings.expect(held === 0n, 'no hold stays', () => `authorization ${txn.slice(0, 8)} was consumed and still holds ${held} of ${account} back`);
}

function timesEach<Item>(items: readonly Item[]): ReadonlyMap<Item, number> {
  const counts = new Map<Item, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function auditTotals(state: FinalState, history: History, findings: Findings): void {
  const rows = [...state.accounts.values()];
  const opened = [...history.accounts.values()].filter((account) => state.accounts.has(account.number));
  const [balances, openings] = [sums(rows, (row) => row.balanceMinor), sums(opened, (account) => account.openingMinor)];
  for (const currency of new Set([...balances.keys(), ...openings.keys()])) {
    const [held, issued] = [balances.get(currency) ?? 0n, openings.get(currency) ?? 0n];
    findings.expect(held === issued, 'money is conserved', () => `accounts hold ${held} ${currency}, ${issued} were opened`);
  }
  for (const { bucket, meta, accounts } of state.buckets) {
    const [sum, kept] = [sums(accounts, (row) => row.balanceMinor), meta?.totals ?? new Map<Currency, AmountMinor>()];
    for (const currency of new Set([...sum.keys(), ...kept.keys()])) {
      const [held, said] = [sum.get(currency) ?? 0n, kept.get(currency) ?? 0n];
      findings.expect(held === said, 'money is conserved', () => `bucket ${bucket} holds ${held} ${currency} and says ${said}`);
    }
  }
  for (const { number } of rows) findings.expect(history.accounts.has(number), 'nothing out of nothing', () => `account ${number} is there, nobody opened it`);
}

function sums<Item extends { readonly currency: Currency }>(items: readonly Item[], amount: (item: Item) => AmountMinor): ReadonlyMap<Currency, AmountMinor> {
  const byCurrency = new Map<Currency, AmountMinor>();
  for (const item of items) byCurrency.set(item.currency, (byCurrency.get(item.currency) ?? 0n) + amount(item));
  return byCurrency;
}
