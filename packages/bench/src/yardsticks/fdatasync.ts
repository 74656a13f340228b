/** Yardstick: how many times a second this disk makes 4 KiB durable, one after the other. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '@mas/test-servers';

const BLOCK_BYTES = 4096;
const BLOCKS = 1024;

/** @param folder where to write; it must be on the disk that the log uses */
export async function fdatasyncPerSecond(durationMs: number): Promise<number> {
  const folder = await tempFolder('mas-fdatasync');
  const file = openSync(join(folder.path, 'blocks'), 'w');
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  for (let at = 0; at < BLOCKS; at += 1) writeSync(file, block, 0, BLOCK_BYTES, at * BLOCK_BYTES);
  fdatasyncSync(file);
  const startedAtMs = performance.now();
  let syncs = 0;
  while (performance.now() - startedAtMs < durationMs) {
    writeSync(file, block, 0, BLOCK_BYTES, (syncs % BLOCKS) * BLOCK_BYTES);
    fdatasyncSync(file);
    syncs += 1;
  }
  const perSecond = (syncs * 1000) / (performance.now() - startedAtMs);
  closeSync(file);
  await folder.remove();
  return perSecond;
}
