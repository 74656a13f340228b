/** What is known of the others' logs is written down in the data folder, at most so long after it was heard. */
import type { LocalMember } from '@mas/membership';
import { every, type Clock, type Logger } from '@mas/values';
import type { IdentityStore } from './membership-ports';

const KEEP_MARKS_EVERY_MS = 1_000;

/** @returns stops it, with a last writing. */
export function keepMarks(member: LocalMember, store: IdentityStore, clock: Clock, logger: Logger): () => Promise<void> {
  let kept = JSON.stringify(member.marks.all());
  const keep = async (): Promise<void> => {
    const now = JSON.stringify(member.marks.all());
    if (now === kept) return;
    await store.saveMarks(member.marks.all());
    kept = now;
  };
  const timer = every(clock, KEEP_MARKS_EVERY_MS, () =>
    keep().catch((error: unknown) => logger.warn({ err: error }, 'the marks of other resource managers could not be written')),
  );
  return async () => {
    timer.cancel();
    await keep();
  };
}
