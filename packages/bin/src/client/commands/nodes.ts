/** mas-client cluster add-node|drain|remove-node|move-replica|rebalance: nodes come and go, replicas move (docs/running.md, "Nodes join and leave"). */
import type { ClusterStatus, OrderedNodes } from '@mas/rpc';
import { nameOf, type PlanStep } from '@mas/placement';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../usage-error';
import { underWay } from '../under-way';
import { CommandFailed, EXIT } from '../exit-codes';
import { withSession, type Session } from '../session';

const LOOK_EVERY_MS = 500;
const MAX_RM = 0xffff;
const MAX_WAIT_S = 86_400;
const WAIT_S = 600;

interface Waiting {
  readonly wait?: true;
  readonly waitSeconds: number;
}

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
        await told(session, ordered, `rm-${resourceManager(rm)} is no member any more`, { waitSeconds: 0 });
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
    .description('spread replicas evenly over the resource managers, and give each bucket as many as are asked for')
    .addOption(new Option('--replicas <n>', 'per bucket; else as many as there should be already').argParser(count))
    .option('--dry-run', 'only say what would move')
    .option('--stop', 'nothing more moves for the balance')
    .action(
      withSession(program, async (session, options: Waiting & { readonly replicas?: number; readonly dryRun?: true; readonly stop?: true }) => {
        const ordered = await session.client.rebalance({ replicas: options.replicas, dryRun: options.dryRun === true, stop: options.stop === true });
        const what =
          options.dryRun === true ? 'nothing was changed' : options.stop === true ? 'nothing more moves for the balance' : 'replicas are being spread';
        await told(session, ordered, what, options.dryRun === true ? { waitSeconds: 0 } : options);
      }),
    );
}

function waiting(command: Command): Command {
  return command
    .option('--wait', 'until nothing is under way any more')
    .addOption(new Option('--wait-seconds <n>', 'how long at most').default(WAIT_S).argParser((text) => whole(text, 1, MAX_WAIT_S)));
}

async function told({ client, output }: Session, ordered: OrderedNodes, what: string, options: Waiting): Promise<void> {
  const left = options.wait === true ? await waited(() => client.clusterStatus(), options.waitSeconds) : null;
  output.print({ ...ordered, waited: options.wait === true, underWay: left ?? [] }, () => [what, ...ordered.steps.map(stepText), ...(left ?? [])].join('\n'));
  if (left !== null && left.length > 0)
    throw new CommandFailed(EXIT.unavailable, `after ${options.waitSeconds} s this is still under way, and goes on: ${left.join('; ')}`, {
      reason: 'STILL_UNDER_WAY',
    });
}

/** @returns what is still under way when the time is over. */
async function waited(status: () => Promise<ClusterStatus>, forSeconds: number): Promise<readonly string[]> {
  const endMs = Date.now() + forSeconds * 1000;
  for (;;) {
    const left = underWay(await status());
    if (left.length === 0 || Date.now() >= endMs) return left;
    await sleep(LOOK_EVERY_MS);
  }
}

export function stepText({ bucket, remove, add, why }: PlanStep): string {
  const name = nameOf({ bucket });
  if (add === null) return `${name}: rm-${remove ?? 0} goes (${why})`;
  return remove === null ? `${name}: rm-${add} comes (${why})` : `${name}: rm-${remove} → rm-${add} (${why})`;
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

function whole(text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  return number;
}
