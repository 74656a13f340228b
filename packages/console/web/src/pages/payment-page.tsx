/** One payment: what it moves, how it ended, and its way through both phases. */
import type { PaymentView } from '../../../src/api/views';
import { get } from '../api';
import { amount, dateTime, moment } from '../format';
import { Fact, Panel, Problem, State } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { Steps } from '../payment/steps';
import { Timeline } from '../payment/timeline';
import { accountHref } from '../router';

const REFRESH_MS = 2_000;

export function PaymentPage({ query }: { readonly query: URLSearchParams }) {
  const { value: payment, problem } = useLoaded(() => get<PaymentView>('/api/payment', Object.fromEntries(query)), [query.toString()], REFRESH_MS);
  if (payment === null) return problem === null ? <p class="empty">Asking…</p> : <Problem>{problem}</Problem>;
  return (
    <>
      <h1>
        <span class="id">{payment.id}</span> <State of={payment.state} />
      </h1>
      {problem !== null && <Problem>{problem}</Problem>}
      {payment.reason !== null && <p class="reason">{payment.reason}</p>}
      <Panel title="What it moves">
        <ul class="plain legs">
          {payment.legs.map(({ account, effect, amount: of, currency }) => (
            <li key={`${account} ${effect}`}>
              {effect} <a href={accountHref(account)}>{account}</a>{' '}
              <strong>
                {amount(of)} {currency}
              </strong>
            </li>
          ))}
        </ul>
        <dl class="facts">
          <Fact name="Made by">{payment.scope}</Fact>
          <Fact name="Kind">{payment.kind ?? '\u2013'}</Fact>
          {payment.memo !== '' && <Fact name="Memo">{payment.memo}</Fact>}
          <Fact name="Begun">{payment.createdAtMs === null ? '\u2013' : dateTime(payment.createdAtMs)}</Fact>
          <Fact name="Ended">{payment.endedAtMs === null ? '\u2013' : dateTime(payment.endedAtMs)}</Fact>
          {payment.commitUs !== null && <Fact name="Commit time">{moment(payment.commitUs)}</Fact>}
          {payment.untold.length > 0 && <Fact name="Still to be told">{payment.untold.join(', ')}</Fact>}
          <Fact name="Transaction" className="wide">
            <code>{payment.txn}</code>
          </Fact>
        </dl>
      </Panel>
      <Panel title="Both phases">
        <Timeline steps={payment.steps} />
        <Steps steps={payment.steps} />
      </Panel>
    </>
  );
}
