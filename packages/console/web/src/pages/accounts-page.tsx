/** All accounts, page by page. */
import { useState } from 'preact/hooks';
import type { AccountView, PageView } from '../../../src/api/views';
import { get, messageOf } from '../api';
import { amount, dateTime } from '../format';
import { Empty, Panel, Problem, Scrolling, State } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { accountHref } from '../router';

export function AccountsPage() {
  const { value: first, problem } = useLoaded(() => get<PageView<AccountView>>('/api/accounts'), []);
  const [more, setMore] = useState<PageView<AccountView> | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const page = more ?? first;
  const next = page?.next ?? null;
  const load = (): void => {
    if (next === null) return;
    setFailure(null);
    get<PageView<AccountView>>('/api/accounts', { cursor: next }).then(
      ({ items, next: following }) => setMore({ items: [...(page?.items ?? []), ...items], next: following }),
      (error: unknown) => setFailure(messageOf(error)),
    );
  };
  return (
    <>
      <h1>Accounts</h1>
      {problem !== null && <Problem>{problem}</Problem>}
      <Panel title="All accounts">
        {page !== null && page.items.length === 0 && <Empty>There are none yet.</Empty>}
        {page !== null && page.items.length > 0 && (
          <Scrolling label="Accounts">
            <table>
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">
                    Balance
                  </th>
                  <th scope="col" class="number">
                    Held
                  </th>
                  <th scope="col">Owner</th>
                  <th scope="col">Bucket</th>
                  <th scope="col">Opened</th>
                </tr>
              </thead>
              <tbody>
                {page.items.map((account) => (
                  <tr key={account.number}>
                    <th scope="row">
                      <a href={accountHref(account.number)}>{account.number}</a>
                    </th>
                    <td>
                      <State of={account.status} />
                    </td>
                    <td class="number">
                      {amount(account.balance)} {account.currency}
                    </td>
                    <td class="number">{account.holds === null ? '\u2013' : amount(account.holds)}</td>
                    <td>{account.owner}</td>
                    <td>{account.bucket}</td>
                    <td class="time">{dateTime(account.createdAtMs)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolling>
        )}
        {next !== null && (
          <button type="button" class="quiet" onClick={load}>
            Show more
          </button>
        )}
        {failure !== null && <Problem>{failure}</Problem>}
      </Panel>
    </>
  );
}
