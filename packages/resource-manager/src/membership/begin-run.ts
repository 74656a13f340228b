/** Before a process says who it is, its folder remembers that it was started: a copy of the folder has another start (docs/adr/0011, rule 3). */
import { runsWithNext, type LocalMember } from '@mas/membership';
import type { Random } from '@mas/values';
import type { IdentityStore } from './membership-ports';

/** Call it once the log has been read back, and before anybody hears of this process. */
export async function beginRun(local: LocalMember, position: number, store: IdentityStore, random: Random): Promise<void> {
  const { incarnation } = local.self;
  const kept = store.loadRuns();
  const runs = runsWithNext(kept?.incarnation === incarnation ? kept.runs : [], position, random);
  await store.saveRuns({ incarnation, runs });
  local.begin(runs);
}
