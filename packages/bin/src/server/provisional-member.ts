/** Who this process is, until founding says so (docs/adr/0006): made up from what --cluster lists, the same in every process of the cluster. */
import { createHash } from 'node:crypto';
import { clusterId, FOUNDER, incarnation, LocalMember, MemberTable, PositionMarks, type ClusterId, type Incarnation } from '@mas/membership';
import type { RmId } from '@mas/values';

export function provisionalMember(rm: RmId, rms: readonly RmId[], position: () => number): LocalMember {
  const members = MemberTable.ofFounders(rms.map((each) => ({ rm: each, incarnation: incarnationOf(each) })));
  return new LocalMember({ clusterId: provisionalClusterId(rms), self: { rm, incarnation: incarnationOf(rm), ordinal: FOUNDER }, members, marks: new PositionMarks(), position });
}

function provisionalClusterId(rms: readonly RmId[]): ClusterId {
  return clusterId(digits(`cluster of ${[...rms].sort((a, b) => a - b).join(' ')}`));
}

function incarnationOf(rm: RmId): Incarnation {
  return incarnation(digits(`folder of rm-${rm}`));
}

function digits(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
