/** What clients were told against what is recorded: nothing acknowledged is lost, no answer contradicts another, no refusal lies. */
import type { LegSpec, OutcomeRow, PaymentBody } from '@mas/ledger';
import type { AccountNumber, PaymentKey, TxnId } from '@mas/values';
import { verdictOf, type Attempt, type History, type LookUp, type PaymentHistory } from './history';
import { rendered } from './rendered';
import { show, type DecisionSeen, type Decisions } from './decisions';
import type { FinalState } from './final-rows';
import type { Findings } from './findings';
import type { HoldsSeen } from './holds';

export function auditAnswers(state: FinalState, history: History, decisions: Decisions, holds: HoldsSeen, findings: Findings): void {
  const recorded = new Map(state.outcomes.map((outcome) => [outcome.key, outcome]));
  // An id may be bound to a request that is no payment: what was asked for as a payment under it was not decided.
  const outcomeOf = new Map(state.outcomes.filter((outcome) => outcome.body.legs.length > 0).map((outcome) => [outcome.key, outcome]));
  const moved = new CommittedMoves(history, outcomeOf);
  for (const payment of history.payments.values()) {
    const outcome = outcomeOf.get(payment.key);
    for (const attempt of payment.attempts) auditAttempt(payment, attempt, outcome, decisions.get(payment.key), findings);
    if (verdictOf(payment) === 'refused')
      findings.expect(outcome?.decision.kind !== 'committed', 'a refusal is the truth', () => `${show(payment.key)} was refused each time, and is committed`);
    if (outcome?.decision.kind === 'committed')
      findings.expect(
        payment.attempts.some((attempt) => asksFor(attempt, outcome.body)),
        'nothing out of nothing',
        () => `${show(payment.key)} was committed, but nobody asked for this body`,
      );
    if (outcome?.decision.kind === 'committed') auditToken(payment, outcome.body, findings);
    if (outcome?.decision.kind === 'aborted' && outcome.decision.reason.name === 'INSUFFICIENT_FUNDS')
      auditShortage(payment, outcome, moved, holds, history, findings);
  }
  auditReaders(history, findings);
  for (const lookUp of history.lookUps) auditLookUp(lookUp, history, outcomeOf.get(lookUp.key), decisions.get(lookUp.key), findings);
  for (const [key, { txn, kind }] of decisions) {
    const outcome = recorded.get(key);
    findings.expect(
      outcome?.txn === txn && outcome.decision.kind === kind,
      'a decision never flips',
      () =>
        `${show(key)} was decided ${kind} as ${txn.slice(0, 8)}, recorded at rest is ${outcome?.decision.kind ?? 'nothing'} as ${outcome?.txn.slice(0, 8) ?? 'nothing'}`,
    );
  }
}

/** An account's token takes money from that account only, and reads that account only. */
function auditToken({ key, subject }: PaymentHistory, body: PaymentBody, findings: Findings): void {
  if (subject.kind !== 'account') return;
  const taken = body.legs.find(({ account, effect }) => effect !== 'credit' && account !== subject.account);
  findings.expect(taken === undefined, 'a token takes only its own money', () => `${show(key)} took ${taken?.amountMinor} from ${taken?.account}`);
}

function auditReaders({ reads }: History, findings: Findings): void {
  for (const { subject, views } of reads) {
    const foreign = subject?.kind === 'account' ? views.find(({ number }) => number !== subject.account) : undefined;
    findings.expect(
      foreign === undefined,
      'a token reads only its own account',
      () => `${subject?.kind === 'account' ? subject.account : ''} was shown ${foreign?.number}`,
    );
  }
}

/** That it is PENDING, or that there is none, is true until somebody was told the end; an end is true from the decision on. */
function auditLookUp(
  { key, state: said, startMs, endMs }: LookUp,
  history: History,
  outcome: OutcomeRow | undefined,
  decision: DecisionSeen | undefined,
  findings: Findings,
): void {
  const toldMs = Math.min(
    Infinity,
    ...(history.payments.get(key)?.attempts ?? []).map(({ answer, endMs: heardMs }) =>
      answer?.ok === true && answer.value.kind !== 'unknown' ? (heardMs ?? Infinity) : Infinity,
    ),
  );
  const isTrue =
    said === 'PENDING' || said === null
      ? toldMs > startMs
      : outcome?.decision.kind.toUpperCase() === said && decision !== undefined && decision.firstMs <= endMs;
  findings.expect(
    isTrue,
    'no answer contradicts another',
    () =>
      `${show(key)} was said to be ${said ?? 'unheard of'} at ${endMs.toFixed(1)}, recorded is ${outcome?.decision.kind ?? 'nothing'} from ${decision?.firstMs.toFixed(1)}`,
  );
}

function auditAttempt(
  payment: PaymentHistory,
  attempt: Attempt,
  outcome: OutcomeRow | undefined,
  decision: DecisionSeen | undefined,
  findings: Findings,
): void {
  const { answer, endMs } = attempt;
  if (answer?.ok === false && answer.error.reason === 'ID_CONFLICT')
    findings.expect(
      outcome === undefined || !isSame(attempt, outcome.body),
      'a refusal is the truth',
      () => `${show(payment.key)}: the same request was called a conflict with itself`,
    );
  if (answer === null || endMs === null || !answer.ok || answer.value.kind === 'unknown') return;
  const { value } = answer;
  const name = show(payment.key);
  const recorded = outcome?.decision;
  findings.expect(
    outcome?.txn === value.txn && recorded?.kind === value.kind,
    'nothing acknowledged is lost',
    () => `${name} was answered ${value.kind}, recorded is ${recorded?.kind ?? 'nothing'}`,
  );
  findings.expect(
    decision !== undefined && decision.firstMs <= endMs,
    'the answer follows the decision',
    () => `${name} was answered at ${endMs}, decided at ${decision?.firstMs}`,
  );
  findings.expect(
    outcome === undefined || rendered(outcome.body) === rendered(value.body),
    'no answer contradicts another',
    () => `${name} was answered with another body`,
  );
  findings.expect(asksFor(attempt, value.body), 'no answer contradicts another', () => `${name}: the answer is about another body than was asked for`);
  if (value.kind === 'aborted')
    findings.expect(
      recorded?.kind !== 'aborted' || recorded.reason.name === value.reason.name,
      'no answer contradicts another',
      () => `${name}: ${value.reason.name} was answered, recorded is ${recorded?.kind === 'aborted' ? recorded.reason.name : ''}`,
    );
  if (value.kind !== 'committed') return;
  for (const { account, balanceMinor } of value.balances) {
    const known = outcome?.balances.find((one) => one.account === account);
    findings.expect(
      known?.balanceMinor === balanceMinor,
      'no answer contradicts another',
      () => `${name} was answered with ${balanceMinor} on ${account}, recorded is ${known?.balanceMinor}`,
    );
  }
}

/** Where the request names all its legs, the body has them and no others. */
function asksFor({ request }: Attempt, body: PaymentBody): boolean {
  if (request.kind !== body.kind) return false;
  if (request.kind !== 'payment') return true;
  return (
    request.legs.length === body.legs.length &&
    request.legs.every((leg) => body.legs.some((spec) => spec.account === leg.account && spec.effect === leg.direction && spec.amountMinor === leg.amountMinor))
  );
}

/** For payments, whose bodies are all that was asked for. */
function isSame(attempt: Attempt, body: PaymentBody): boolean {
  return attempt.request.kind === 'payment' && asksFor(attempt, body) && attempt.request.memo === body.memo;
}

/**
 * A bound from below of what was available all the time: if that was enough, the refusal was wrong. Counted are credits that
 * were acknowledged before; not counted is what others took by payments that began before the answer, or held meanwhile.
 */
function auditShortage(payment: PaymentHistory, outcome: OutcomeRow, moved: CommittedMoves, holds: HoldsSeen, history: History, findings: Findings): void {
  const reason = outcome.decision.kind === 'aborted' ? outcome.decision.reason : null;
  const taking = outcome.body.legs.find((leg) => leg.account === reason?.account);
  const account = history.accounts.get((reason?.account ?? '') as AccountNumber);
  const startMs = Math.min(...payment.attempts.map((attempt) => attempt.startMs));
  const endMs = Math.min(
    ...payment.attempts.map((attempt) =>
      attempt.answer?.ok === true && attempt.answer.value.kind === 'aborted' && attempt.endMs !== null ? attempt.endMs : Infinity,
    ),
  );
  if (taking === undefined || account === undefined || endMs === Infinity) return;
  let atLeast = account.openingMinor - (account.highestMinimumMinor ?? account.minimumMinor);
  for (const { leg, startMs: otherStartMs, ackedMs } of moved.on(account.number)) {
    // A client that heard of the one begins the other at that very moment.
    if (leg.effect === 'credit') atLeast += ackedMs <= startMs ? leg.amountMinor : 0n;
    // A capture takes what its authorization has reserved already; counting both is on the safe side.
    else if (otherStartMs < endMs) atLeast -= leg.amountMinor;
  }
  for (const { txn, spec, fromMs, toMs } of holds.on(account.number)) {
    if (spec.effect !== 'credit' && txn !== outcome.txn && !moved.has(txn) && fromMs <= endMs && toMs >= startMs) atLeast -= spec.amountMinor;
  }
  findings.expect(
    atLeast < taking.amountMinor,
    'a refusal is the truth',
    () => `${show(payment.key)}: INSUFFICIENT_FUNDS for ${taking.amountMinor} of ${account.number}, which had at least ${atLeast} all the time`,
  );
}

interface CommittedMove {
  readonly leg: LegSpec;
  readonly startMs: number;
  /** First answer COMMITTED; infinite without one. */
  readonly ackedMs: number;
}

/** What committed payments moved, by account, and when they were asked for and acknowledged. */
class CommittedMoves {
  private readonly byAccount = new Map<AccountNumber, CommittedMove[]>();
  private readonly txns = new Set<TxnId>();

  constructor(history: History, outcomeOf: ReadonlyMap<PaymentKey, OutcomeRow>) {
    for (const { key, attempts } of history.payments.values()) {
      const outcome = outcomeOf.get(key);
      if (outcome?.decision.kind !== 'committed') continue;
      this.txns.add(outcome.txn);
      const startMs = Math.min(...attempts.map((attempt) => attempt.startMs));
      const ackedMs = Math.min(
        ...attempts.map(({ answer, endMs }) => (answer?.ok === true && answer.value.kind === 'committed' ? (endMs ?? Infinity) : Infinity)),
      );
      for (const leg of outcome.body.legs) this.of(leg.account).push({ leg, startMs, ackedMs });
    }
  }

  on(account: AccountNumber): readonly CommittedMove[] {
    return this.byAccount.get(account) ?? [];
  }

  has(txn: TxnId): boolean {
    return this.txns.has(txn);
  }

  private of(account: AccountNumber): CommittedMove[] {
    const known = this.byAccount.get(account);
    if (known !== undefined) return known;
    const moves: CommittedMove[] = [];
    this.byAccount.set(account, moves);
    return moves;
  }
}
