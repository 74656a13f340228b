/** Leaders that changed while somebody looked, and why payments were aborted in the last minute. */
import type { LiveView } from '../../../src/api/views';
import { clock, whole } from '../format';
import { Empty, Panel } from '../parts/basics';

const SHOWN = 12;

export function Events({ view }: { readonly view: LiveView }) {
  const { leaderChanges, figures } = view;
  const { aborted, unknown, refused } = figures.minute;
  const reasons = [
    ...aborted,
    ...(unknown > 0 ? [{ reason: 'unknown to the caller, to be asked again', count: unknown }] : []),
    ...(refused > 0 ? [{ reason: 'refused as requests', count: refused }] : []),
  ];
  return (
    <Panel title="What happened">
      <h3>Not committed in the last minute</h3>
      {reasons.length === 0 ? (
        <Empty>Nothing.</Empty>
      ) : (
        <ul class="plain">
          {reasons.map(({ reason, count }) => (
            <li key={reason}>
              <strong>{whole(count)}</strong> {reason}
            </li>
          ))}
        </ul>
      )}
      <h3>Leaders that changed since you look</h3>
      {leaderChanges.length === 0 ? (
        <Empty>None.</Empty>
      ) : (
        <ol class="plain" data-leader-changes>
          {leaderChanges.slice(0, SHOWN).map(({ atMs, bucket, from, to }) => (
            <li key={`${atMs} ${bucket}`}>
              <time>{clock(atMs)}</time> {bucket === 'meta' ? 'meta' : `bucket ${bucket}`}: {from} → {to}
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
