/** mas-client cluster add-bucket|move-slots|retire-bucket|pause-moves|resume-moves|cancel-moves: buckets come and go, slots move (docs/running.md, "Buckets and slots"). */
import { laterBucketsOf, wishesOf } from '@mas/placement';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../../usage-error';
import { readWhole } from '../arguments';
import { withSession } from '../session';
import { resourceManager } from './nodes';
import { NOT_WAITING, told, waiting, whole, type Waiting } from './ordered';

const MAX_BUCKET = 0xffff;
const MAX_SLOT = 4_095;
const DRY_RUN = 'only say what would be done';
const NOTHING_CHANGED = 'nothing was changed';

interface DryRun {
  readonly dryRun?: true;
}

export function addBucketCommands(cluster: Command, program: Command): void {
  waiting(cluster.command('add-bucket'))
    .description('add a bucket, a Raft group of its own without slots; "cluster rebalance" gives it its share')
    .addOption(new Option('--id <n>', 'the next id; named in a repetition, it adds no other bucket').argParser((text) => whole(text, 1, MAX_BUCKET)))
    .addOption(new Option('--replicas <rms>', 'on which resource managers, such as 1,2,3; the first one founds it; else those with the fewest').argParser(rms))
    .option('--dry-run', DRY_RUN)
    .action(
      withSession(program, async (session, options: Waiting & DryRun & { readonly id?: number; readonly replicas?: readonly number[] }) => {
        const { client } = session;
        const bucket = options.id ?? laterBucketsOf((await client.clusterStatus()).placement).lastId + 1;
        const ordered = await client.addBucket(bucket, options.replicas ?? [], options.dryRun === true);
        if (options.dryRun === true) return told(session, ordered, `${NOTHING_CHANGED}: the next bucket is ${bucket}`, NOT_WAITING);
        const on = ordered.placement.buckets.find((one) => one.bucket === bucket)?.replicas.map((rm) => `rm-${rm}`) ?? [];
        return told(session, ordered, `bucket ${bucket} is added, on ${on.join(', ')}`, options);
      }),
    );
  waiting(cluster.command('move-slots'))
    .description('move slots from one bucket to another, in as many moves as it takes, while both pay')
    .requiredOption('--from <bucket>', 'which has them')
    .requiredOption('--to <bucket>', 'which shall have them')
    .requiredOption('--slots <range>', 'such as 100-199, or 7')
    .option('--dry-run', 'only say what would move')
    .action(
      withSession(program, async (session, options: Waiting & DryRun & { readonly from: string; readonly to: string; readonly slots: string }) => {
        const slots = slotRange(options.slots);
        const ordered = await session.client.moveSlots(slots, bucketOf('--from', options.from), bucketOf('--to', options.to), options.dryRun === true);
        return answered(session, ordered, `slots ${options.slots} are to move to bucket ${options.to}`, options);
      }),
    );
  waiting(cluster.command('retire-bucket'))
    .description('take a bucket away: the others take its slots first, then its id is never used again')
    .argument('<bucket>', 'its number')
    .option('--dry-run', 'only say what would move')
    .action(
      withSession(program, async (session, text: string, options: Waiting & DryRun) => {
        const bucket = bucketOf('the bucket', text);
        const ordered = await session.client.retireBucket(bucket, options.dryRun === true);
        const isGone = ordered.placement.buckets.every((one) => one.bucket !== bucket);
        return answered(session, ordered, isGone ? `bucket ${bucket} is retired` : `bucket ${bucket} is retired once the others have its slots`, options);
      }),
    );
  cluster
    .command('pause-moves')
    .description('no move of slots begins; those whose slots were released end')
    .action(withSession(program, async (session) => told(session, await session.client.pauseMoves(), 'moves of slots are paused', NOT_WAITING)));
  cluster
    .command('resume-moves')
    .description('moves of slots go on')
    .action(withSession(program, async (session) => told(session, await session.client.resumeMoves(), 'moves of slots go on', NOT_WAITING)));
  waiting(cluster.command('cancel-moves'))
    .description('nothing more is wanted of slots, no balance and no retiring either, and moves under way are called off')
    .action(
      withSession(program, async (session, options: Waiting) => told(session, await session.client.cancelMoves(), 'moves of slots are called off', options)),
    );
}

async function answered(
  session: Parameters<typeof told>[0],
  ordered: Parameters<typeof told>[1],
  what: string,
  { dryRun, ...options }: Waiting & DryRun,
): Promise<void> {
  if (dryRun === true) return told(session, ordered, NOTHING_CHANGED, NOT_WAITING);
  const paused = wishesOf(ordered.placement).isPaused ? '; moves are paused, so not before "cluster resume-moves"' : '';
  return told(session, ordered, `${what}${paused}`, options);
}

function bucketOf(flag: string, text: string): number {
  return readWhole(flag, text, 1, MAX_BUCKET);
}

function slotRange(text: string): { readonly from: number; readonly to: number } {
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from > to || to > MAX_SLOT) throw new UsageError(`--slots is "${text}"; expected a range of 0 to ${MAX_SLOT}, such as 100-199`);
  return { from, to };
}

function rms(text: string): readonly number[] {
  const parts = text.split(',');
  if (new Set(parts).size !== parts.length) throw new InvalidArgumentError('each resource manager once');
  return parts.map(resourceManager);
}
