/** A log as it lies there, for whoever looks into it: nothing is mended, locked or written, and the process may run meanwhile. */
import type { RaftStorage } from '@mas/raft';
import type { BucketId } from '@mas/values';
import type { LogFileSystem } from './disk/log-file-system';
import { recoverLog } from './recovery/recover-log';

/** Every group's log; a torn tail is left out. Empty where there is no log. @throws LogDamaged */
export async function readLog(fileSystem: LogFileSystem, directory: string): Promise<ReadonlyMap<BucketId, RaftStorage>> {
  return (await recoverLog(fileSystem, directory)).groups;
}
