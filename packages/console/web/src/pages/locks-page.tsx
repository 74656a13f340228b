/** Locks that are held, who holds them, and an operator's way to end that. */
import { useState } from 'preact/hooks';
import type { LocksView, LockView } from '../../../src/api/views';
import { get, messageOf, post } from '../api';
import { dateTime, duration, silentBuckets, whole } from '../format';
import { Confirm, Empty, Panel, Problem, Scrolling } from '../parts/basics';
import { useLoaded } from '../parts/use-loaded';
import { accountHref } from '../router';

const REFRESH_MS = 1_000;

export function LocksPage({ operator }: { readonly operator: string }) {
  const { value, problem, reload } = useLoaded(() => get<LocksView>('/api/locks'), [], REFRESH_MS);
  const [chosen, choose] = useState<LockView | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [broken, setBroken] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const breakLock = ({ id }: LockView): void => {
    setBusy(true);
    setFailure(null);
    post<LockView>('/api/locks/break', { id })
      .then(
        () => setBroken(id),
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
      <h1>Locks</h1>
      {broken !== null && (
        <p role="status" class="said" data-broken={broken}>
          The lock on {broken} is broken; who held it is refused from now on.
        </p>
      )}
      {(failure ?? problem) !== null && <Problem>{failure ?? problem}</Problem>}
      {value !== null && value.silentBuckets.length > 0 && (
        <Problem>{silentBuckets(value.silentBuckets)}: locks on accounts there are not in this list.</Problem>
      )}
      <Panel title="Held now">
        {value !== null && value.locks.length === 0 && <Empty>No lock is held.</Empty>}
        {value !== null && value.locks.length > 0 && (
          <Scrolling label="Locks">
            <table>
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">Mode</th>
                  <th scope="col">Held by</th>
                  <th scope="col">Waiting</th>
                  <th scope="col">Broken before</th>
                  <th scope="col">
                    <span class="unseen">Break</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {value.locks.map((lock) => (
                  <LockRow key={lock.id} lock={lock} onBreak={() => choose(lock)} />
                ))}
              </tbody>
            </table>
          </Scrolling>
        )}
        {value !== null && value.more > 0 && <p class="hint">And {whole(value.more)} more, which are not shown.</p>}
      </Panel>
      {chosen !== null && (
        <Confirm title={`Break the lock on ${chosen.id}?`} verb="Break it" isBusy={isBusy} onConfirm={() => breakLock(chosen)} onCancel={() => choose(null)}>
          <p>
            Whoever holds it ({chosen.holders.map(({ heldBy }) => heldBy).join(', ')}) is not asked, and what he does under it is refused from then on. A note
            that <strong>{operator}</strong> did so stands at the account for 30 days.
          </p>
        </Confirm>
      )}
    </>
  );
}

function LockRow({ lock, onBreak }: { readonly lock: LockView; readonly onBreak: () => void }) {
  return (
    <tr data-lock={lock.id}>
      <th scope="row">
        <a href={accountHref(lock.id)}>{lock.id}</a>
      </th>
      <td>{lock.mode ?? '\u2013'}</td>
      <td>
        <ul class="plain">
          {lock.holders.map(({ heldBy, token, remainingMs }) => (
            <li key={`${heldBy} ${token ?? ''}`}>
              {heldBy}{' '}
              <small>
                for {duration(remainingMs)} more{token === null ? '' : `, token ${token}`}
              </small>
            </li>
          ))}
        </ul>
      </td>
      <td>{lock.waiting ?? '\u2013'}</td>
      <td>{lock.lastBreak === null ? '\u2013' : `by ${lock.lastBreak.by}, ${dateTime(lock.lastBreak.atMs)}`}</td>
      <td>
        <button type="button" class="danger" onClick={onBreak}>
          Break…
        </button>
      </td>
    </tr>
  );
}
