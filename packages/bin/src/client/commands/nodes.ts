/** mas-client cluster add-node|drain|remove-node|move-replica|rebalance: nodes come and go, replicas move (docs/running.md, "Nodes join and leave"). */
import { Option, type Command } from 'commander';
import { UsageError } from '../../usage-error';
import { withSession } from '../session';
import { NOT_WAITING, told, waiting, whole, type Waiting } from './ordered';

const MAX_RM = 0xffff;

export function addNodeCommands(cluster: Command, program: Command): void {
  waiting(cluster.command('add-node'))
    .description('take in a resource manager that is started with --join, before or after; replicas and leaders spread onto it')
    .argument('<rm>', 'its id, a number that was never used')
    .argument('<address>', 'host:port where the others and the transaction managers reach it')
    .action(
      withSession(program, async (session, rm: string, address: string, options: Waiting) => {
        const ordered = await session.client.addNode(resourceManager(rm), address);
        await told(session, ordered, `rm-${resourceManager(rm)} is expected at ${address}: start it with --join`, options);
      }),
    );
  waiting(cluster.command('drain'))
    .description('move all replicas off a resource manager, which goes on serving meanwhile')
    .argument('<rm>', 'its number, such as 2')
    .option('--undo', 'it may hold replicas again')
    .action(
      withSession(program, async (session, rm: string, options: Waiting & { readonly undo?: true }) => {
        const ordered = await session.client.drainNode(resourceManager(rm), options.undo === true);
        await told(
          session,
          ordered,
          options.undo === true ? `rm-${resourceManager(rm)} may hold replicas` : `rm-${resourceManager(rm)} is being drained`,
          options,
        );
      }),
    );
  cluster
    .command('remove-node')
    .description('take an empty resource manager out of the cluster, for good: its id is never used again')
    .argument('<rm>', 'its number, such as 2')
    .option('--dead', 'it does not answer and never will: its replicas are made anew on other nodes')
    .action(
      withSession(program, async (session, rm: string, options: { readonly dead?: true }) => {
        const ordered = await session.client.removeNode(resourceManager(rm), options.dead === true);
        await told(session, ordered, `rm-${resourceManager(rm)} is no member any more`, NOT_WAITING);
      }),
    );
  waiting(cluster.command('move-replica'))
    .description('move a replica to another resource manager: filled first, then swapped in one step')
    .argument('<bucket>', 'its number, or "meta"')
    .requiredOption('--from <rm>', 'where it is')
    .requiredOption('--to <rm>', 'where it shall be')
    .action(
      withSession(program, async (session, bucket: string, options: Waiting & { readonly from: string; readonly to: string }) => {
        const ordered = await session.client.moveReplica(group(bucket), resourceManager(options.from), resourceManager(options.to));
        await told(session, ordered, `bucket ${bucket} moves`, options);
      }),
    );
  waiting(cluster.command('rebalance'))
    .description('spread replicas evenly over the resource managers and slots over the buckets, and give each bucket as many replicas as are asked for')
    .addOption(new Option('--replicas <n>', 'per bucket; else as many as there should be already').argParser(count))
    .option('--replicas-only', 'slots stay where they are')
    .option('--dry-run', 'only say what would move')
    .option('--stop', 'nothing more moves for the balance')
    .action(
      withSession(program, async (session, options: Waiting & RebalanceOptions) => {
        const { replicas, dryRun = false, stop = false, replicasOnly = false } = options;
        const ordered = await session.client.rebalance({ replicas, dryRun, stop, slots: !replicasOnly && !stop });
        const spread = replicasOnly ? 'replicas are being spread' : 'replicas and slots are being spread';
        await told(session, ordered, dryRun ? 'nothing was changed' : stop ? 'nothing more moves for the balance' : spread, dryRun ? NOT_WAITING : options);
      }),
    );
}

interface RebalanceOptions {
  readonly replicas?: number;
  readonly replicasOnly?: true;
  readonly dryRun?: true;
  readonly stop?: true;
}

export function resourceManager(text: string): number {
  const number = Number(/^(?:rm-)?(\d{1,5})$/.exec(text)?.[1]);
  if (!(number >= 1 && number <= MAX_RM)) throw new UsageError(`"${text}" is not a resource manager: expected its number, such as 3`);
  return number;
}

function group(text: string): number {
  if (text === 'meta') return 0;
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`"${text}" is not a bucket: expected its number, or meta`);
  return Number(text);
}

function count(text: string): number {
  return whole(text, 1, 9);
}
