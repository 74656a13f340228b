/** What this Resource Manager's listener answers before there is a Resource Manager behind it, and who answers afterwards. */
import type { FoundingStatement, Incarnation } from '@mas/membership';
import type { ResourceManager } from '../resource-manager';
import type { BecomingMember } from './becoming-member';
import type { MembershipServer, RejoinAnswer } from './membership-ports';
import type { ParticipantReply, ParticipantRequest, ParticipantServer, Passage } from '@mas/two-phase-commit';
import type { RmId } from '@mas/values';

export class MemberDesk implements MembershipServer, ParticipantServer {
  becoming: BecomingMember | null = null;
  manager: ResourceManager | null = null;

  handle(request: ParticipantRequest, caller: 'tm' | 'rm', passage?: Passage): Promise<ParticipantReply> {
    return (
      this.manager?.handle(request, caller, passage) ??
      Promise.resolve({ kind: 'unavailable', reason: 'this resource manager is not a member of its cluster yet' })
    );
  }

  found(statement: FoundingStatement, isQuestion: boolean): FoundingStatement | null {
    return this.becoming?.found(statement, isQuestion) ?? null;
  }

  rejoin(from: RmId, incarnation: Incarnation): Promise<RejoinAnswer> {
    return this.manager?.rejoin(from, incarnation) ?? Promise.resolve({ kind: 'pending', message: '' });
  }

  join(from: RmId, incarnation: Incarnation): Promise<RejoinAnswer> {
    return this.manager?.join(from, incarnation) ?? Promise.resolve({ kind: 'pending', message: '' });
  }
}
