/** An account: what is on it, what is held, where it lives, and its history with the balance after each payment. */
import { useState } from 'preact/hooks';
import type { AccountView, LegView, PageView } from '../../../src/api/views';
import { get, messageOf } from '../api';
import { amount, dateTime, moment } from '../format';
import { Empty, Fact, Panel, Problem, Scrolling, State } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { accountHref, paymentHref } from '../router';

const REFRESH_MS = 2_000;

export function AccountPage({ number }: { readonly number: string }) {
  const path = `/api/accounts/${encodeURIComponent(number)}`;
  const { value: account, problem } = useLoaded(() => get<AccountView>(path), [number], REFRESH_MS);
  if (account === null) return problem === null ? <p class="empty">Asking…</p> : <Problem>{problem}</Problem>;
  const { currency } = account;
  return (
    <>
      <h1>
        Account {account.number} <State of={account.status} />
      </h1>
      {problem !== null && <Problem>{problem}</Problem>}
      <dl class="headline" aria-label="Account">
        <Fact name="Balance">
          <span data-balance>
            {amount(account.balance)} {currency}
          </span>
        </Fact>
        <Fact name="Available">{amount(account.available)}</Fact>
        <Fact name="Held">{account.holds === null ? '\u2013' : amount(account.holds)}</Fact>
        <Fact name="Credits under way">{account.pendingCredits === null ? '\u2013' : amount(account.pendingCredits)}</Fact>
        <Fact name="Must remain">{amount(account.minimum)}</Fact>
        <Fact name="Bucket">{`${account.bucket}${account.leader === null ? '' : `, led by ${account.leader}`}`}</Fact>
      </dl>
      <p class="hint">
        Opened {dateTime(account.createdAtMs)}
        {account.owner === '' ? '' : ` for ${account.owner}`}
        {account.momentUs === null ? '' : `; as of ${moment(account.momentUs)}`}.
      </p>
      <History path={path} number={number} />
    </>
  );
}

function History({ path, number }: { readonly path: string; readonly number: string }) {
  const { value: first, problem } = useLoaded(() => get<PageView<LegView>>(`${path}/payments`), [number], REFRESH_MS);
  const [older, setOlder] = useState<{ readonly items: readonly LegView[]; readonly next: string | null } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const next = older === null ? (first?.next ?? null) : older.next;
  const more = (): void => {
    if (next === null) return;
    setFailure(null);
    get<PageView<LegView>>(`${path}/payments`, { cursor: next }).then(
      (page) => setOlder((before) => ({ items: [...(before?.items ?? first?.items ?? []), ...page.items], next: page.next })),
      (error: unknown) => setFailure(messageOf(error)),
    );
  };
  // Once older ones are shown, the list stands still; new ones would push a gap between the pages.
  const legs = older?.items ?? first?.items ?? [];
  return (
    <Panel title="History" aside={older === null ? undefined : <small>stands still; open the account again for new payments</small>}>
      {first !== null && legs.length === 0 && <Empty>No payment has touched this account.</Empty>}
      {legs.length > 0 && (
        <Scrolling label="History">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Payment</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Amount
                </th>
                <th scope="col" class="number">
                  Balance after
                </th>
                <th scope="col">With</th>
                <th scope="col">Memo</th>
              </tr>
            </thead>
            <tbody>
              {legs.map((leg) => (
                <LegRow key={`${leg.txn} ${leg.account}`} leg={leg} />
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
      {next !== null && (
        <button type="button" class="quiet" onClick={more}>
          Show older ones
        </button>
      )}
      {(failure ?? problem) !== null && <Problem>{failure ?? problem}</Problem>}
    </Panel>
  );
}

function LegRow({ leg }: { readonly leg: LegView }) {
  return (
    <tr>
      <td class="time">{dateTime(leg.atMs)}</td>
      <td class="id">
        <a href={paymentHref(leg.txn, leg.account)}>{leg.id}</a>
      </td>
      <td>
        <State of={leg.state} />
        {leg.reason !== null && <small> {leg.reason}</small>}
      </td>
      <td class="number" title={leg.effect}>
        {amount(leg.amount)} {leg.currency}
      </td>
      <td class="number">{leg.balanceAfter === null ? '\u2013' : amount(leg.balanceAfter)}</td>
      <td>
        {leg.with.map((other, at) => (
          <>
            {at > 0 && ', '}
            <a key={other} href={accountHref(other)}>
              {other}
            </a>
          </>
        ))}
      </td>
      <td>{leg.memo}</td>
    </tr>
  );
}
