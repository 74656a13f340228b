/**
 * Makes a recovered tail fit to be continued: zeros over what was torn, the file back at full size, and a seal where
 * the last batch lacks its end, so that batch numbers go on without a gap. Each step leaves a state that recovery
 * judges in the same way, so a crash in the middle repeats it.
 */
import type { LogFile } from '../disk/log-file-system';
import { finishRecord, markLastOfBatch, recordBytes, RECORD_TYPES } from '../format/record-format';
import type { RecoveredTail } from './recover-log';

const ZEROS = Buffer.alloc(1 << 20);

/** @returns the offset at which the log continues. */
export async function repairTail(file: LogFile, tail: RecoveredTail, segmentBytes: number): Promise<number> {
  const end = tail.fileBytes < segmentBytes ? segmentBytes : tail.contentEnd;
  if (end > tail.offset) {
    await writeZeros(file, tail.offset, end);
    await file.sync();
  }
  if (tail.openPosition === undefined) return tail.offset;
  const seal = Buffer.alloc(recordBytes(0));
  finishRecord(seal, 0, 0, tail.nextBatch - 1, tail.openPosition, RECORD_TYPES.seal, 0);
  markLastOfBatch(seal, 0);
  await file.write(seal, seal.length, tail.offset);
  await file.sync();
  return tail.offset + seal.length;
}

export async function writeZeros(file: LogFile, from: number, to: number, goOn: () => boolean = () => true): Promise<void> {
  for (let at = from; at < to && goOn(); at += ZEROS.length) {
    await file.write(ZEROS, Math.min(ZEROS.length, to - at), at);
  }
}
