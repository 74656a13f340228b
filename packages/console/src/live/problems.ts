/** What is not as it should be, worst first, each with what to do about it. */
import type { ClusterStatus } from '@mas/rpc';
import type { DoubtCountView, ManagerView, ProblemView, Severity } from '../api/views';
import { bucketName, rmName } from './cluster-view';
import type { BucketVerdict, Judge } from './judge';

/** What is in doubt for less than this is under way, or about to be resolved by its bucket. */
const DOUBTFUL_AFTER_MS = 15_000;
const ORDER: readonly Severity[] = ['bad', 'warning', 'note'];

interface Seen {
  readonly status: ClusterStatus | null;
  readonly verdicts: readonly BucketVerdict[];
  readonly managers: readonly ManagerView[];
  readonly doubts: DoubtCountView | null;
  readonly judge: Judge;
}

export function problemsOf(seen: Seen): readonly ProblemView[] {
  const { status, managers } = seen;
  const up = managers.filter(({ isUp }) => isUp).length;
  if (status === null || up === 0)
    return [
      {
        id: 'managers',
        severity: 'bad',
        title: managers.length === 1 ? `The Transaction Manager at ${managers[0]?.address ?? '?'} does not answer` : 'No Transaction Manager answers',
        todo: 'Nobody can pay until one runs. Start it, and look at what it logged last. What was answered stays answered; what is open, its buckets finish.',
        runbook: null,
      },
    ];
  return [...ofManagers(managers), ...ofBuckets(seen.verdicts), ...ofNodes(status, seen.judge), ...ofStops(status, seen.judge), ...ofDoubts(seen.doubts)].sort(
    (a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity),
  );
}

function ofManagers(managers: readonly ManagerView[]): readonly ProblemView[] {
  return managers
    .filter(({ isUp }) => !isUp)
    .map(({ address }) => ({
      id: `manager ${address}`,
      severity: 'warning',
      title: `The Transaction Manager at ${address} does not answer`,
      todo: 'Clients go to the others by themselves. Start it again.',
      runbook: null,
    }));
}

function ofBuckets(verdicts: readonly BucketVerdict[]): readonly ProblemView[] {
  return verdicts.flatMap(({ bucket, verdict, up, replicas, needed, reasons }): readonly ProblemView[] => {
    const name = bucket === 0 ? 'The meta group' : `Bucket ${bucketName(bucket)}`;
    const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
    const id = `bucket ${bucketName(bucket)} ${verdict}`;
    if (verdict === 'NO QUORUM')
      return [
        {
          id,
          severity: 'bad',
          title: `${name} has no quorum${why}`,
          todo: `${up} of ${replicas} replicas are up, and ${needed} are needed: it answers neither payments nor reads. Start the Resource Managers that are down; nothing that was answered is lost.`,
          runbook: 'A bucket has no quorum',
        },
      ];
    if (verdict === 'NO LEADER')
      return [
        {
          id,
          severity: 'warning',
          title: `${name} has no leader${why}`,
          todo: 'An election takes a second or two. If this stays, its replicas do not hear each other: look at the network between the Resource Managers.',
          runbook: null,
        },
      ];
    // Who is merely away is said once, as a node.
    const more = reasons.filter((reason) => !/ (?:does|do) not answer$/.test(reason));
    if (verdict === 'OK' || more.length === 0) return [];
    return [
      {
        id,
        severity: 'warning',
        title: `${name} has fewer replicas than it should: ${more.join('; ')}`,
        todo: 'It serves; one more loss may end that.',
        runbook: null,
      },
    ];
  });
}

function ofNodes(status: ClusterStatus, judge: Judge): readonly ProblemView[] {
  const away = status.unreachable.map(
    (rm): ProblemView => ({
      id: `node ${rmName(rm)}`,
      severity: 'bad',
      title: `${rmName(rm)} does not answer`,
      todo: 'Start it again: it catches up by itself. Until then its buckets serve with the replicas that are left, as long as a majority is.',
      runbook: null,
    }),
  );
  const unwell = status.nodes
    .filter(({ condition }) => condition.kind !== 'well')
    .map(
      (node): ProblemView => ({
        id: `condition ${rmName(node.rm)} ${node.condition.kind}`,
        severity: node.condition.kind === 'ailing' ? 'warning' : 'note',
        title: `${rmName(node.rm)} is ${node.condition.kind}: ${judge.symptoms(node)}`,
        todo:
          node.condition.kind === 'ailing'
            ? 'Leaders have gone to those that are well. Look at its machine: disk, other programs, database, clock.'
            : 'Too little of it yet to act on.',
        runbook: null,
      }),
    );
  return [...away, ...unwell];
}

function ofStops(status: ClusterStatus, judge: Judge): readonly ProblemView[] {
  return judge.stops(status).map((line, at) => ({
    id: `stop ${at} ${line.slice(0, 80)}`,
    severity: 'bad',
    title: line,
    todo: 'The process serves its other buckets. "mas log show" prints the entry.',
    runbook: 'An entry that cannot be applied',
  }));
}

function ofDoubts(doubts: DoubtCountView | null): readonly ProblemView[] {
  if (doubts === null || doubts.count === 0 || doubts.oldestMs < DOUBTFUL_AFTER_MS) return [];
  return [
    {
      id: 'doubts',
      severity: 'warning',
      title: `${doubts.count === 1 ? 'A payment is' : `${doubts.count} payments are`} in doubt, the oldest for ${Math.round(doubts.oldestMs / 1000)} s`,
      todo: 'Buckets resolve what they can reach by themselves within seconds. See under "In doubt" what keeps it, and resolve it there.',
      runbook: null,
    },
  ];
}
