/** Every bucket with its leader, its replicas, and how far behind they are. */
import { useState } from 'preact/hooks';
import type { BucketView, LiveView, ReplicaView } from '../../../src/api/views';
import { whole } from '../format';
import { Panel, Scrolling, State } from '../parts/basics';

const SHOWN = 50;

export function Buckets({ view }: { readonly view: LiveView }) {
  const [showsAll, showAll] = useState(false);
  const unwell = view.buckets.filter(({ verdict }) => verdict !== 'OK');
  const shown =
    showsAll || view.buckets.length <= SHOWN ? view.buckets : [...unwell, ...view.buckets.filter(({ verdict }) => verdict === 'OK')].slice(0, SHOWN);
  const hidden = view.buckets.length - shown.length;
  return (
    <Panel title="Buckets" aside={view.placementVersion === null ? undefined : <small>map version {view.placementVersion}</small>}>
      <Scrolling label="Buckets">
        <table>
          <thead>
            <tr>
              <th scope="col">Bucket</th>
              <th scope="col">State</th>
              <th scope="col">Leader</th>
              <th scope="col">Replicas</th>
              <th scope="col" class="number">
                Term
              </th>
              <th scope="col" class="number">
                Committed
              </th>
              <th scope="col" class="number">
                Slots
              </th>
              <th scope="col" class="number" title="Legs that are prepared, and proposals that wait, at its leader">
                Running
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((bucket) => (
              <BucketRow key={bucket.name} bucket={bucket} />
            ))}
          </tbody>
        </table>
      </Scrolling>
      {hidden > 0 && (
        <button type="button" class="quiet" onClick={() => showAll(true)}>
          Show {whole(hidden)} more
        </button>
      )}
    </Panel>
  );
}

function BucketRow({ bucket }: { readonly bucket: BucketView }) {
  return (
    <tr data-bucket={bucket.name}>
      <th scope="row">{bucket.name}</th>
      <td>
        <State of={bucket.verdict} />
      </td>
      <td data-leader>{bucket.leader ?? '\u2013'}</td>
      <td>
        <span class="replicas">
          {bucket.replicas.map(({ rm, replica }) => (
            <Replica key={rm} rm={rm} replica={replica} />
          ))}
        </span>
      </td>
      <td class="number">{bucket.term}</td>
      <td class="number">{whole(bucket.commit)}</td>
      <td class="number" title={bucket.slotRanges}>
        {bucket.slots === null ? '\u2013' : whole(bucket.slots)}
      </td>
      <td class="number">{whole(bucket.prepared + bucket.queued)}</td>
    </tr>
  );
}

function Replica({ rm, replica }: { readonly rm: string; readonly replica: ReplicaView | null }) {
  if (replica === null)
    return (
      <span class="replica is-down" title={`${rm} does not answer`}>
        {rm} down
      </span>
    );
  const { role, lag, applied, unsaved, fsyncMs } = replica;
  const more = [`applied ${applied}`, `${unsaved} not in SQL yet`, ...(fsyncMs === null ? [] : [`fsync ${fsyncMs.toFixed(2)} ms`])];
  return (
    <span class={`replica is-${role}`} title={more.join(', ')}>
      {rm} {role}
      {lag > 0 && <small> {whole(lag)} behind</small>}
    </span>
  );
}
