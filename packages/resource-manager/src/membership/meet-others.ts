/**
 * A member says who it is to all others before it opens a bucket: opening fences off whoever writes to the same database, and of two
 * processes with one folder's data, or of a copy and its original, only the others can tell which one counts (docs/adr/0011, rule 3).
 */
import type { LocalMember } from '@mas/membership';
import type { Clock, Logger, RmId } from '@mas/values';
import { MembershipRefused } from './becoming-member';
import type { Introduction, MembershipClient } from './membership-ports';

/** Once somebody has let it in, the rest have so long: whoever is cut off or hangs keeps nobody from starting. */
const ENOUGH_MS = 1_000;
/** What a process has sent before it was killed may still arrive. One that is heard for longer than this runs. */
export const STILL_HEARD_LIMIT_MS = 5_000;
const ASK_AGAIN_MS = 500;

export interface MeetingOthers {
  readonly local: LocalMember;
  readonly others: readonly RmId[];
  readonly client: MembershipClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Each is asked once, all at a time; again where an earlier process on this data is still heard. Who is not there has no say: after a power cut nobody is, and what nobody remembers nobody can refuse.
 * @throws MembershipRefused when this process is no member any more
 */
export function meetOthers({ local, others, client, clock, logger }: MeetingOthers): Promise<void> {
  const name = local.name();
  return new Promise((resolve, reject) => {
    let silent = others.length;
    let isLetIn = false;
    let isLate = false;
    const beganMs = clock.monotonicMs();
    const hearing = new Set<RmId>();
    const timer = clock.schedule(ENOUGH_MS, () => {
      isLate = true;
      look();
    });
    const look = (): void => {
      if (hearing.size > 0 || (silent > 0 && !(isLetIn && isLate))) return;
      timer.cancel();
      resolve();
    };
    const heard = (rm: RmId, answer: Introduction | null): void => {
      hearing.delete(rm);
      if (answer?.kind === 'turned-away' && answer.refusal.name === 'STILL_HEARD') {
        if (clock.monotonicMs() - beganMs >= STILL_HEARD_LIMIT_MS) return reject(new MembershipRefused(answer.refusal.name, answer.refusal.message));
        hearing.add(rm);
        clock.schedule(ASK_AGAIN_MS, () => ask(rm));
        return;
      }
      silent -= 1;
      if (answer?.kind === 'welcome') {
        isLetIn = true;
        local.letIn(rm);
      } else if (answer?.kind === 'turned-away') {
        const refusal = local.turnedAway(rm, answer.refusal);
        if (refusal !== null) return reject(new MembershipRefused(refusal.name, refusal.message));
        logger.debug({ by: rm, reason: answer.refusal.name }, 'turned away, which does not count against this process');
      }
      look();
    };
    const ask = (rm: RmId): void => void client.introduce(rm, name).then((answer) => heard(rm, answer), reject);
    for (const rm of others) ask(rm);
    look();
  });
}
