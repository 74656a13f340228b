/** mas-client cluster status, admin transactions|resolve */
import type { UndecidedReport } from '@mas/transaction-coordinator';
import { countSlots, META_GROUP, nodesOf, wishesOf, type ClusterNode } from '@mas/placement';
import type { ClusterStatus } from '@mas/rpc';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import type { Command } from 'commander';
import { CommandFailed, EXIT } from '../exit-codes';
import { coloured, table, time } from '../output';
import { withSession, type Session } from '../session';
import { rangeText, underWay } from '../under-way';
import { addAuditCommand } from './audit';
import { certificateLines } from '../certificate-lines';
import { addBucketCommands } from './buckets';
import { addNodeCommands, resourceManager } from './nodes';
import { failUnlessHealthy, verdictLines, verdictsOf } from '../verdicts';
import { watchable, watched, type WatchOption } from '../watch';

export function addClusterCommands(program: Command): void {
  const cluster = program.command('cluster').description('the cluster: replicas, nodes, buckets, slots');
  watchable(cluster.command('status').description('every bucket and replica: leader, term, applied, lag; and how each bucket fares, as health says')).action(
    withSession(program, async (session, options: WatchOption) => watched(session, options, () => showStatus(session))),
  );
  watchable(
    cluster.command('health').description('how each bucket fares: exit code 0 when all is well, 11 with replicas missing, 7 when a bucket does not serve'),
  ).action(withSession(program, async (session, options: WatchOption) => watched(session, options, () => showHealth(session))));
  addNodeCommands(cluster, program);
  addBucketCommands(cluster, program);
  cluster
    .command('replace-node')
    .description('the disk of a resource manager is lost for good: admit the next one that is started with --rejoin under its id')
    .argument('<rm>', 'its number, such as 3')
    .action(
      withSession(program, async ({ client, output }, rm: string) => {
        const node = await client.replaceNode(resourceManager(rm));
        output.print(node, () => replacement(node));
      }),
    );
  addAuditCommand(program);
  const admin = program.command('admin').description('transactions in doubt');
  watchable(admin.command('transactions').description('undecided transactions: age, legs, what their home says, and why they wait')).action(
    withSession(program, async (session, options: WatchOption) =>
      watched(session, options, async () => {
        const undecided = await session.client.undecided();
        session.output.print(undecided, () => doubts(undecided));
      }),
    ),
  );
  admin
    .command('resolve')
    .description('propose a resolution at the home bucket and obey what it records; payment trace shows who did so')
    .argument('<txn>', 'the transaction, as "admin transactions" lists it')
    .requiredOption('--account <number>', 'an account with a leg of it')
    .action(
      withSession(program, async ({ client, output }, txn: string, options: { readonly account: string }) => {
        const result = await client.resolve(txn, options.account);
        output.print(result, () => `${coloured(result.kind.toUpperCase())} ${txn}`);
        if (result.kind === 'unknown') throw new CommandFailed(EXIT.unknownOutcome, result.message);
      }),
    );
}

async function showStatus({ client, output }: Session): Promise<void> {
  const status = await client.clusterStatus();
  const { conditionLines, stopLines } = await import('../conditions.js');
  const verdicts = verdictsOf(status);
  const moves = underWay(status);
  output.print({ ...status, verdicts, underWay: moves }, () =>
    [
      nodeTable(status),
      slotTable(status),
      replicaTable(status.replicas),
      ...stopLines(status.replicas),
      ...conditionLines(status.nodes),
      ...certificateLines(status, Date.now()),
      ...moves.map((text) => `under way: ${text}`),
      ...(wishesOf(status.placement).isPaused ? ['moves of slots are paused: "cluster resume-moves"'] : []),
      verdictLines(verdicts),
    ].join('\n'),
  );
  failUnlessHealthy(verdicts);
}

async function showHealth({ client, output }: Session): Promise<void> {
  const status = await client.clusterStatus();
  const { conditionLines } = await import('../conditions.js');
  const { nodes } = status;
  const verdicts = verdictsOf(status);
  const expiring = certificateLines(status, Date.now());
  output.print({ verdicts, nodes, expiring }, () => [...conditionLines(nodes), ...expiring, verdictLines(verdicts)].join('\n'));
  failUnlessHealthy(verdicts);
}

function replacement({ rm, incarnation, ordinal, isLost }: ClusterNode): string {
  const name = `rm-${rm} (incarnation ${incarnation.slice(0, 8)}${ordinal === 0 ? '' : `, ${ordinal} replaced before`})`;
  if (isLost) return `${name} may be replaced: start it with an empty data folder and --rejoin`;
  return `${name} is the one that counts: it has been admitted already`;
}

function nodeTable({ placement, replicas, unreachable }: ClusterStatus): string {
  return table(
    ['node', 'address', 'state', 'replicas', 'leads'],
    nodesOf(placement).map(({ rm, address, state, isLost }) => {
      const here = replicas.filter((one) => one.rm === rm && one.bucket !== META_GROUP);
      const shown = unreachable.includes(rm) ? `${state}, does not answer` : isLost ? `${state}, its disk is lost` : state;
      return [`rm-${rm}`, address, coloured(shown), String(here.length), String(here.filter(({ role }) => role === 'leader').length)];
    }),
    [3, 4],
  );
}

/** Where there are more ranges, how many are left out. */
const RANGES_SHOWN = 8;

function slotTable({ placement }: ClusterStatus): string {
  return table(
    ['bucket', 'slots', 'which'],
    placement.buckets.map(({ bucket, slots }) => {
      const more = slots.length > RANGES_SHOWN ? `, and ${slots.length - RANGES_SHOWN} ranges more` : '';
      return [String(bucket), String(countSlots(slots)), `${slots.slice(0, RANGES_SHOWN).map(rangeText).join(', ')}${more}`];
    }),
    [1],
  );
}

function replicaTable(replicas: readonly ReplicaStatus[]): string {
  const commits = new Map<number, number>();
  for (const one of replicas) commits.set(one.bucket, Math.max(commits.get(one.bucket) ?? 0, one.commitIndex));
  const sorted = [...replicas].sort((a, b) => a.bucket - b.bucket || a.rm - b.rm);
  return table(
    ['bucket', 'replica', 'role', 'term', 'commit', 'applied', 'lag', 'in SQL', 'fsync p50', 'apply p50', 'prepared', ''],
    sorted.map((one) => [
      one.bucket === 0 ? 'meta' : String(one.bucket),
      `rm-${one.rm}`,
      coloured(one.role),
      String(one.term),
      String(one.commitIndex),
      String(one.appliedIndex),
      String((commits.get(one.bucket) ?? one.commitIndex) - one.appliedIndex),
      String(one.durableIndex),
      one.fsyncP50Ms === null ? '' : `${one.fsyncP50Ms.toFixed(2)} ms`,
      one.applyP50Ms === null ? '' : `${one.applyP50Ms.toFixed(2)} ms`,
      String(one.preparedLegs),
      one.quiescent ? 'quiet' : '',
    ]),
    [3, 4, 5, 6, 7, 8, 9, 10],
    ['fsync p50', 'apply p50', 'in SQL', 'commit', 'prepared', 'term', ''],
  );
}

function doubts({ transactions, payments, silent }: UndecidedReport): string {
  const age = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const parts: string[] = [];
  if (transactions.length > 0)
    parts.push(
      table(
        ['txn', 'bucket', 'account', 'prepared', 'age', 'home says'],
        transactions.map(({ bucket, transaction, home }) => [
          transaction.txn,
          String(bucket),
          transaction.leg.account,
          time(transaction.leg.preparedAtMs),
          age(transaction.ageMs),
          home,
        ]),
      ),
    );
  if (payments.length > 0)
    parts.push(
      `payments without a decision and without a prepared leg that can be seen:\n${table(
        ['id', 'txn', 'coordinator', 'age', 'home says'],
        payments.map((payment) => [payment.id, payment.txn, payment.coordinator, age(payment.ageMs), payment.home]),
      )}`,
    );
  if (silent.length > 0) parts.push(`not answering: bucket ${silent.join(', ')}; legs that are in doubt there are not in the list`);
  return parts.length === 0 ? 'no transaction is in doubt' : parts.join('\n');
}
