/** The cluster live: what is wrong first, then how it fares, then who does what. */
import { Buckets } from '../cluster/buckets';
import { Charts } from '../cluster/charts';
import { Events } from '../cluster/events';
import { Headline } from '../cluster/headline';
import { Nodes } from '../cluster/nodes';
import { Problems } from '../cluster/problems';
import { ShowPanel } from '../cluster/show-panel';
import type { Live } from '../live';

export function ClusterPage({ live, hasShow }: { readonly live: Live; readonly hasShow: boolean }) {
  const { view, points } = live;
  if (view === null)
    return (
      <p class="empty" role="status">
        Asking the cluster…
      </p>
    );
  return (
    <>
      <h1 class="unseen">Cluster</h1>
      <Problems view={view} />
      <Headline view={view} />
      {hasShow && <ShowPanel />}
      <Charts points={points} />
      <Buckets view={view} />
      <div class="columns">
        <Nodes view={view} />
        <Events view={view} />
      </div>
    </>
  );
}
