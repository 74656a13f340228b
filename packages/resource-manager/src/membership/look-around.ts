/**
 * Before a folder that belongs to no cluster is written to, and before a database is opened for it, the others are asked what they know:
 * what is a mistake of whoever started this process (a stranger, a lost folder, another configuration) is found out without a trace.
 */
import { foundingProblem, membershipOf, type FoundingStatement, type IdentityRecord } from '@mas/membership';
import type { RmId } from '@mas/values';
import { MembershipRefused, statementOf, type BecomingMemberPorts } from './becoming-member';

export interface LookingAround extends Pick<BecomingMemberPorts, 'self' | 'first' | 'settings' | 'client'> {
  /** What the folder says, or would. */
  readonly record: IdentityRecord;
}

/** Each is asked once, all at a time; on the first start of all of them nobody answers yet. @throws MembershipRefused */
export async function lookAround(ports: LookingAround): Promise<void> {
  const { self, first, client, record } = ports;
  const own = membershipOf(record) === null ? statementOf(ports, record) : null;
  if (own === null) return;
  const heard = new Map<RmId, FoundingStatement>();
  await Promise.all(
    first.map(async (rm) => {
      const answer = rm === self ? null : await client.found(rm, own, true);
      if (answer?.self.rm === rm) heard.set(rm, answer);
    }),
  );
  const problem = foundingProblem(own, heard);
  if (problem?.isFinal === true) throw new MembershipRefused(problem.name, problem.message);
}
