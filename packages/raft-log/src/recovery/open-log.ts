/** Start-up in order: remove what was never finished, read everything, mend the tail, hand the files over. */
import type { LogRecovery } from '@mas/multi-raft';
import { present, type BucketId } from '@mas/values';
import type { LogFile, LogFileSystem } from '../disk/log-file-system';
import { SEGMENT_HEADER_BYTES } from '../format/record-format';
import type { GroupLog } from '../group/group-log';
import type { SegmentFiles } from '../writer/segment-files';
import { recoverLog, type RecoveredTail } from './recover-log';
import { repairTail } from './repair-tail';
import { isUnfinished, segmentName } from './segment-names';

export interface OpenedLog {
  readonly groups: Map<BucketId, GroupLog>;
  readonly torn: LogRecovery['torn'];
  readonly start: { readonly segment: number; readonly offset: number; readonly batch: number };
}

export async function openLog(fileSystem: LogFileSystem, directory: string, files: SegmentFiles): Promise<OpenedLog> {
  await fileSystem.makeDirectory(directory);
  for (const name of await fileSystem.list(directory)) if (isUnfinished(name)) await fileSystem.remove(`${directory}/${name}`);
  const { groups, segments, tail } = await recoverLog(fileSystem, directory);
  if (tail === undefined) {
    await files.createFirst();
    return { groups, torn: null, start: { segment: 1, offset: SEGMENT_HEADER_BYTES, batch: 1 } };
  }
  const path = `${directory}/${segmentName(tail.sequence)}`;
  const file = await fileSystem.open(path);
  const offset = await repairTail(file, tail, files.segmentBytes);
  files.adopt(segments, tail.sequence, file, await readyFile(fileSystem, directory, segments, tail, files.segmentBytes));
  const torn = tail.contentEnd > tail.offset || tail.openPosition !== undefined;
  return {
    groups,
    torn: torn ? { file: path, offset: tail.offset, bytes: tail.contentEnd - tail.offset } : null,
    start: { segment: tail.sequence, offset, batch: tail.nextBatch },
  };
}

/**
 * The empty segment behind the tail, if it has the size wanted now. A crash right after moving on leaves two empty ones:
 * those that cannot be the next are removed, newest first, so that no gap arises.
 */
async function readyFile(
  fileSystem: LogFileSystem,
  directory: string,
  segments: readonly { readonly sequence: number; readonly bytes: number }[],
  tail: RecoveredTail,
  segmentBytes: number,
): Promise<LogFile | undefined> {
  const empty = segments.filter((segment) => segment.sequence > tail.sequence);
  const ready = empty.find((segment) => segment.sequence === tail.sequence + 1 && segment.bytes === segmentBytes);
  const superfluous = empty
    .filter((segment) => segment !== ready)
    .map((segment) => segment.sequence)
    .sort((a, b) => b - a);
  for (const sequence of superfluous) {
    await fileSystem.remove(`${directory}/${segmentName(sequence)}`);
    await fileSystem.syncDirectory(directory);
  }
  return ready === undefined ? undefined : fileSystem.open(`${directory}/${segmentName(present(ready, 'ready segment').sequence)}`);
}
