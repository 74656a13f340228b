/** Payments that are not decided, or whose decision has not reached every account: why, and an operator's way to end it. */
import { useState } from 'preact/hooks';
import type { DoubtsView, DoubtView, ResultView } from '../../../src/api/views';
import { get, messageOf, post } from '../api';
import { duration, shortTxn, silentBuckets, whole } from '../format';
import { Confirm, Empty, Panel, Problem, State } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { accountHref, paymentHref } from '../router';

const REFRESH_MS = 1_000;
const ORDINARY_MS = 5_000;

export function DoubtsPage({ operator }: { readonly operator: string }) {
  const { value, problem, reload } = useLoaded(() => get<DoubtsView>('/api/doubts'), [], REFRESH_MS);
  const [chosen, choose] = useState<DoubtView | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ readonly doubt: DoubtView; readonly result: ResultView } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const resolve = (doubt: DoubtView): void => {
    setBusy(true);
    setFailure(null);
    post<ResultView>('/api/doubts/resolve', { txn: doubt.txn, account: doubt.account })
      .then(
        (result) => setSaid({ doubt, result }),
        (error: unknown) => setFailure(messageOf(error)),
      )
      .finally(() => {
        setBusy(false);
        choose(null);
        reload();
      });
  };
  return (
    <>
      <h1>In doubt</h1>
      <p class="hint">
        What is prepared and not decided. A bucket asks the payment’s home after three seconds by itself; what stands here longer waits for a home that does not
        answer.
      </p>
      {said !== null && (
        <p role="status" class="said" data-resolved={said.result.state}>
          <State of={said.result.state} /> <a href={paymentHref(said.doubt.txn, said.doubt.account ?? '')}>{said.doubt.id}</a> {said.result.reason}
        </p>
      )}
      {(failure ?? problem) !== null && <Problem>{failure ?? problem}</Problem>}
      {value !== null && value.silentBuckets.length > 0 && <Problem>{silentBuckets(value.silentBuckets)}: what is in doubt there is not in this list.</Problem>}
      {value !== null && value.doubts.length === 0 && <Empty>Nothing is in doubt.</Empty>}
      {value?.doubts.map((doubt) => (
        <Doubt key={`${doubt.txn} ${doubt.account ?? ''}`} doubt={doubt} onResolve={() => choose(doubt)} />
      ))}
      {value !== null && value.more > 0 && <p class="hint">And {whole(value.more)} more, younger than these.</p>}
      {chosen !== null && (
        <Confirm title="Resolve this payment?" verb="Resolve" isBusy={isBusy} onConfirm={() => resolve(chosen)} onCancel={() => choose(null)}>
          <p>
            The home of <strong class="id">{chosen.id}</strong> is asked to decide. Where it has decided, that is carried out; otherwise it records ABORTED now,
            and the money stays where it was. The payment keeps a note that <strong>{operator}</strong> did so.
          </p>
        </Confirm>
      )}
    </>
  );
}

function Doubt({ doubt, onResolve }: { readonly doubt: DoubtView; readonly onResolve: () => void }) {
  const { account } = doubt;
  return (
    <Panel title={doubt.id} className="doubt" aside={<span class={`state ${doubt.ageMs > ORDINARY_MS ? 'bad' : 'wait'}`}>for {duration(doubt.ageMs)}</span>}>
      <p>
        {account === null ? (
          <>
            Begun by {doubt.coordinator ?? 'a Transaction Manager'}; no leg of it is seen. Its home is bucket {doubt.bucket}.
          </>
        ) : (
          <>
            <strong>{doubt.amount}</strong> are reserved on <a href={accountHref(account)}>{account}</a> in bucket {doubt.bucket}.
          </>
        )}
      </p>
      <p>
        Its home says: <strong>{doubt.home}</strong>
      </p>
      <div class="buttons">
        <button type="button" class="danger" disabled={account === null} onClick={onResolve}>
          Resolve…
        </button>
        <a href={paymentHref(doubt.txn, account ?? '')} class={account === null ? 'unseen' : ''}>
          Its way so far
        </a>
        <small>
          transaction {shortTxn(doubt.txn)}, made by {doubt.scope}
        </small>
      </div>
    </Panel>
  );
}
