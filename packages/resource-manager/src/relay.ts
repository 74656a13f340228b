/**
 * Passes requests on to a bucket's leader for those that cannot reach it themselves (docs/adr/0013, point 5), and says nothing of its own
 * but that it could not: what this replica has applied may be older than what the leader has answered.
 */
import { META_GROUP } from '@mas/placement';
import type { ParticipantClient, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { unreachable, type BucketId, type RmId } from '@mas/values';

/** Longer than any attempt of a coordinator. */
const MAX_FOR_MS = 60_000;

export interface RelayPorts {
  readonly rm: RmId;
  readonly participants: ParticipantClient;
  /** As this process knows it. */
  readonly leader: (group: BucketId) => RmId | null;
  readonly maxRelayed: number;
}

export class Relay {
  private inFlight = 0;

  constructor(private readonly ports: RelayPorts) {}

  /** Null: this process leads the group itself, or any replica answers the request. */
  pass(request: ParticipantRequest, caller: 'tm' | 'rm', forMs: number): Promise<ParticipantReply> | null {
    const group = groupOf(request);
    if (group === null) return null;
    const leader = this.ports.leader(group);
    if (leader === this.ports.rm) return null;
    return leader === null ? Promise.resolve(NOT_SENT) : this.passTo(leader, request, caller, Math.min(forMs, MAX_FOR_MS));
  }

  private async passTo(leader: RmId, request: ParticipantRequest, caller: 'tm' | 'rm', forMs: number): Promise<ParticipantReply> {
    const { participants, maxRelayed, rm } = this.ports;
    if (this.inFlight >= maxRelayed) return { kind: 'unavailable', reason: `rm-${rm} passes on ${maxRelayed} requests already (maxRelayed): try again` };
    this.inFlight += 1;
    try {
      const reply = await participants.send(leader, request, forMs, { kind: 'relayed', caller });
      return reply.kind === 'not-sent' ? NOT_SENT : reply;
    } finally {
      this.inFlight -= 1;
    }
  }
}

const NOT_SENT: ParticipantReply = { kind: 'not-leader', leader: null };

/** Whose leader alone answers it; null: any replica does. */
function groupOf(request: ParticipantRequest): BucketId | null {
  switch (request.kind) {
    case 'instructions':
    case 'query':
    case 'read-accounts':
    case 'list-legs':
    case 'leg':
    case 'list-accounts':
    case 'totals':
    case 'undecided':
    case 'locks':
    case 'members':
      return request.bucket;
    case 'backup':
      return request.step === 'announce' ? request.bucket : null;
    case 'replace-node':
    case 'node-order':
    case 'take-in':
    case 'end-move':
      return META_GROUP;
    case 'who-leads':
    case 'checksum':
    case 'audit':
    case 'placement':
    case 'status':
      return null;
    default:
      return unreachable(request, 'request');
  }
}
