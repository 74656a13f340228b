/** `mas log show`: entries of a Resource Manager's log, decoded, straight from its data folder. Changes nothing there. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Entry, RaftStorage } from '@mas/raft';
import { bucketId, type BucketId } from '@mas/values';
import { UsageError } from '../usage-error';
import { shownEntry } from './shown-entry';

const MAX_BUCKET = 65_535;
const DEFAULT_COUNT = 1;
const MAX_COUNT = 1_000;
/** No bound: what is shown is read as a whole anyway. */
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

export const LOG_EXIT = { shown: 0, noSuchEntry: 4, unreadableEntry: 5, damaged: 70 } as const;

const EXIT_HELP = `
Exit codes:
  0  shown
  2  wrong input, or no log in the folder
  4  the log does not hold the entry; the line says which it holds
  5  an entry cannot be decoded: its bytes are shown
 70  the log is damaged, or its process is writing it right now: try again`;

interface LogOptions {
  readonly data: string;
  readonly bucket: string;
  readonly index?: string;
  readonly count: string;
}

export function addLogCommand(program: Command): void {
  const log = program.command('log').description("a Resource Manager's log");
  log
    .command('show')
    .description('entries of one bucket (0: the meta group), one JSON document each')
    .requiredOption('--data <dir>', 'the data folder of the Resource Manager (MAS_DATA)', process.env['MAS_DATA'])
    .requiredOption('--bucket <number>', 'the bucket')
    .option('--index <number>', 'the first entry; default: the last one in the log')
    .option('--count <number>', `how many, up to ${MAX_COUNT}`, String(DEFAULT_COUNT))
    .addHelpText('after', EXIT_HELP)
    .action(async (options: LogOptions) => {
      process.exitCode = await show(options);
    });
}

async function show(options: LogOptions): Promise<number> {
  const bucket = bucketId(whole(options.bucket, '--bucket', 0, MAX_BUCKET));
  const count = whole(options.count, '--count', 1, MAX_COUNT);
  const { LogDamaged } = await import('@mas/multi-raft');
  try {
    const storage = await storageOf(options.data, bucket);
    const [first, last] = [storage.firstIndex(), storage.lastIndex()];
    const from = options.index === undefined ? last : whole(options.index, '--index', 0, Number.MAX_SAFE_INTEGER);
    if (from < first || from > last)
      return failed(
        LOG_EXIT.noSuchEntry,
        last < first
          ? `the log of bucket ${bucket} holds no entry: all up to ${last} are in the database`
          : `the log of bucket ${bucket} does not hold entry ${from}: it holds ${first} to ${last}; earlier ones are in the database`,
      );
    const entries = entriesOf(storage, from, Math.min(last, from + count - 1));
    return await print(bucket, entries);
  } catch (error) {
    if (error instanceof LogDamaged) return failed(LOG_EXIT.damaged, error.message);
    throw error;
  }
}

async function storageOf(data: string, bucket: BucketId): Promise<RaftStorage> {
  const { NodeFileSystem, readLog } = await import('@mas/raft-log');
  const directory = join(data, 'log');
  const groups = await readLog(new NodeFileSystem(), directory).catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EACCES'))
      throw new UsageError(`${directory} cannot be read (${String(error.code)}): give the data folder of a Resource Manager with --data`);
    throw error;
  });
  const storage = groups.get(bucket);
  if (storage === undefined)
    throw new UsageError(`the log in ${directory} has no bucket ${bucket}; it has ${[...groups.keys()].sort((a, b) => a - b).join(', ') || 'none'}`);
  return storage;
}

function entriesOf(storage: RaftStorage, from: number, to: number): readonly Entry[] {
  return storage.entries(from as Entry['index'], (to + 1) as Entry['index'], MAX_BYTES) ?? [];
}

async function print(bucket: BucketId, entries: readonly Entry[]): Promise<number> {
  const { EncodedInstructions, ProtoLedgerCodec } = await import('@mas/rpc');
  const codec = new ProtoLedgerCodec(new EncodedInstructions());
  let exitCode: number = LOG_EXIT.shown;
  for (const entry of entries) {
    const { text, isReadable } = shownEntry(bucket, entry, codec);
    process.stdout.write(`${text}\n`);
    if (!isReadable)
      exitCode = failed(LOG_EXIT.unreadableEntry, `entry ${entry.index} of bucket ${bucket} cannot be decoded by this program; its bytes are shown`);
  }
  return exitCode;
}

function failed(exitCode: number, line: string): number {
  process.stderr.write(`mas: ${line}\n`);
  return exitCode;
}

function whole(text: string, flag: string, least: number, most: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`${flag} is a whole number from ${least} to ${most}, not "${text}"`);
}
