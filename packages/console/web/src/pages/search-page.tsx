/** What goes by that name: an account, a payment of the viewer's own, or both; what is the only one is opened at once. */
import { useEffect } from 'preact/hooks';
import type { SearchView } from '../../../src/api/views';
import { get } from '../api';
import { amount } from '../format';
import { Empty, Panel, Problem, State } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { accountHref, href } from '../router';

export function SearchPage({ text }: { readonly text: string }) {
  const { value: found, problem } = useLoaded(() => get<SearchView>('/api/search', { q: text }), [text]);
  const account = found?.account ?? null;
  const payment = found?.payment ?? null;
  const accountAt = account === null ? null : accountHref(account.number);
  const paymentAt = payment === null ? null : href(['payment'], { id: payment.id });
  const only = accountAt !== null && paymentAt !== null ? null : (accountAt ?? paymentAt);
  useEffect(() => {
    if (only !== null) location.replace(only);
  }, [only]);
  if (problem !== null) return <Problem>{problem}</Problem>;
  if (found === null) return <p class="empty">Looking…</p>;
  return (
    <>
      <h1>“{text}”</h1>
      {account === null && payment === null && (
        <Empty>
          No account has this number, and you have made no payment under this id. Ids belong to who made the payment: others’ are found in an account’s history.
        </Empty>
      )}
      {account !== null && accountAt !== null && (
        <Panel title="Account">
          <a href={accountAt}>{account.number}</a> {amount(account.balance)} {account.currency} <State of={account.status} />
        </Panel>
      )}
      {payment !== null && paymentAt !== null && (
        <Panel title="Payment">
          <a href={paymentAt}>{payment.id}</a> <State of={payment.state} />
        </Panel>
      )}
    </>
  );
}
