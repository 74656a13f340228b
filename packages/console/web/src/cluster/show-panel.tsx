/** The show of `npm start`: payments that go on, and processes that are killed and started meanwhile. */
import { useState } from 'preact/hooks';
import type { ResultView, ShowView } from '../../../src/api/views';
import { get, messageOf, post } from '../api';
import { ms, whole } from '../format';
import { Panel, Problem, State } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { paymentHref } from '../router';

const REFRESH_MS = 500;
const RATE = 20;

type Paid = ResultView & { readonly txn: string };

export function ShowPanel() {
  const { value: show, problem, reload } = useLoaded(() => get<ShowView>('/api/show'), [], REFRESH_MS);
  const [paid, setPaid] = useState<(Paid & { readonly from: string }) | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const act = (path: string, body: object): void => {
    setFailure(null);
    post(`/api/show/${path}`, body).then(reload, (error: unknown) => setFailure(messageOf(error)));
  };
  const pay = (from: string, to: string): void => {
    setFailure(null);
    post<Paid>('/api/show/payments', { from, to, amount: '1.00' }).then(
      (answer) => setPaid({ ...answer, from }),
      (error: unknown) => setFailure(messageOf(error)),
    );
  };
  if (show === null) return problem === null ? null : <Problem>{problem}</Problem>;
  const { accounts, traffic, processes } = show;
  const [from = '', to = ''] = accounts;
  return (
    <Panel title="Try it" className="show">
      <p class="hint">Let payments go on, kill a Resource Manager, and watch: leaders move to the others, and no payment fails.</p>
      <div class="buttons">
        <button
          type="button"
          class={traffic.perSecond === 0 ? 'primary' : ''}
          onClick={() => act('traffic', { perSecond: traffic.perSecond === 0 ? RATE : 0 })}
        >
          {traffic.perSecond === 0 ? `Pay ${RATE} times a second` : 'Stop the payments'}
        </button>
        <button type="button" disabled={accounts.length < 2} onClick={() => pay(from, to)}>
          One payment
        </button>
        {processes.map(({ name, isRunning, canStop }) =>
          canStop ? (
            <button key={name} type="button" class={isRunning ? 'danger' : ''} onClick={() => act(isRunning ? 'kill' : 'start', { name })}>
              {isRunning ? `Kill ${name}` : `Start ${name}`}
            </button>
          ) : null,
        )}
      </div>
      <dl class="headline small" aria-label="Payments of the show">
        <Figure name="Sent" value={whole(traffic.sent)} />
        <Figure name="Committed" value={whole(traffic.committed)} />
        <Figure name="Aborted" value={whole(traffic.aborted)} />
        <Figure name="Failed" value={whole(traffic.failed)} />
        <Figure name="Slowest" value={ms(traffic.slowestMs)} />
      </dl>
      {paid !== null && (
        <p role="status">
          <State of={paid.state} /> {paid.reason} <a href={paymentHref(paid.txn, paid.from)}>See its way through both phases</a>
        </p>
      )}
      {failure !== null && <Problem>{failure}</Problem>}
    </Panel>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="fact" data-figure={name}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
