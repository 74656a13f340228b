/**
 * Both ends of a Resource Manager's connections to other nodes (docs/adr/0011, rule 2): it introduces itself to whom it dials and to
 * who calls, and judges them before a stream takes the place of another one or a frame is kept. Nothing passes before the process is
 * a member.
 *
 * A position was true when it was said; by the time it is judged, others may have passed on a newer one. So a log that seems too short is
 * turned away, and the one that is turned away compares the mark with its log itself: only it can know, and only then it is final.
 */
import { status as Code, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { describeMember, judgeCluster, type LocalMember, type PeerName, type PeerRefusal } from '@mas/membership';
import { RefusalLog } from '@mas/resource-manager';
import type { Clock, Logger, RmId } from '@mas/values';
import { speaksFor, type PeerIdentity } from '../auth/peer-role';
import type { CallHead, CallStatus } from '../door/methods';
import { invalid, permissionDenied } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { admitNode } from '../server/node-identity';
import { NOT_SAID, type Judgement, type NodeCaller, type OnRefused } from './node-caller';
import { readCluster, readMember, readRm, sayMember } from './node-names';
import { isTurnedAway, refusalOf, refusalStatus } from './refusal-status';

export interface MemberDoorPorts {
  /** Null: this process is no member (yet). */
  readonly member: () => LocalMember | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRefused: OnRefused;
}

export type Entrance =
  /** `answer` is the initial metadata of the answer; `peer` is null for a Transaction Manager. */
  | { readonly ok: true; readonly role: 'rm'; readonly peer: PeerName; readonly answer: Metadata }
  | { readonly ok: true; readonly role: 'tm'; readonly peer: null; readonly answer: Metadata }
  | { readonly ok: false; readonly status: CallStatus };

export class MemberDoor implements NodeCaller {
  private readonly log: RefusalLog;

  constructor(private readonly ports: MemberDoorPorts) {
    this.log = new RefusalLog(ports.clock, ports.logger);
  }

  member(): LocalMember | null {
    return this.ports.member();
  }

  introduction(options?: { readonly waitForReady?: boolean }): Metadata | null {
    const member = this.ports.member();
    return member === null ? null : sayMember(member.name(), options);
  }

  judge(dialled: RmId, answered: Metadata): Judgement {
    const member = this.ports.member();
    const peer = readMember(answered);
    if (member === null) return { ok: false, reason: 'this process is no member', dialsLater: false };
    if (peer === null) {
      this.log.say('warn', { refused: `rm-${dialled}`, by: describeMember(member.self) }, NOT_SAID);
      return { ok: false, reason: NOT_SAID.message, dialsLater: true };
    }
    const refusal = member.judgeAs(dialled, peer);
    if (refusal === null) {
      member.letIn(dialled);
      return { ok: true, member: peer };
    }
    this.say(member, peer, refusal);
    return { ok: false, reason: refusal.message, dialsLater: true };
  }

  failed(dialled: RmId, error: ServiceError): boolean {
    const member = this.ports.member();
    const told = refusalOf(error);
    if (member !== null && told !== null) {
      const refusal = member.turnedAway(dialled, told);
      if (refusal === null) this.sayTold(member, dialled, told);
      else this.ports.onRefused(refusal, dialled);
    }
    return isTurnedAway(error);
  }

  /** Of who is let in already, when another table of members counts. */
  isWelcome(peer: PeerName): boolean {
    return this.ports.member()?.keeps(peer) === true;
  }

  /** Who calls, by certificate and metadata together. @param remembers false: it only asks whether it would be let in */
  admit(head: CallHead, allowed: readonly PeerIdentity['role'][], remembers = true): Entrance {
    const admission = admitNode(head, allowed);
    if (!admission.ok) return { ok: false, status: admission.status };
    const member = this.ports.member();
    if (member === null) return { ok: false, status: { code: Code.UNAVAILABLE, details: 'this process is not a member of a cluster yet' } };
    const said = head.metadata();
    return admission.identity.role === 'tm' ? this.admitCoordinator(member, said) : this.admitMember(member, admission.identity, said, remembers);
  }

  private admitMember(member: LocalMember, identity: PeerIdentity, said: Metadata, remembers: boolean): Entrance {
    const certified = identity.role === 'rm' && identity.rm !== null ? `rm-${identity.rm}` : 'a resource manager';
    const by = describeMember(member.self);
    const claimed = readRm(said);
    if (claimed === null || !speaksFor(identity, claimed)) {
      this.log.say('warn', { refused: `${certified} by its certificate${claimed === null ? '' : `, rm-${claimed} by its own word`}`, by }, NOT_ITS_CERTIFICATE);
      return { ok: false, status: toStatus(permissionDenied(NOT_ITS_CERTIFICATE.name, NOT_ITS_CERTIFICATE.message).error) };
    }
    const peer = readMember(said);
    if (peer === null) {
      this.log.say('warn', { refused: certified, by }, NOT_SAID);
      return NO_NAME;
    }
    const refusal = remembers ? member.judge(peer) : member.examine(peer);
    if (refusal === null) return { ok: true, role: 'rm', peer, answer: sayMember(member.name()) };
    this.say(member, peer, refusal);
    return { ok: false, status: refusalStatus(refusal) };
  }

  private admitCoordinator(member: LocalMember, said: Metadata): Entrance {
    const cluster = readCluster(said);
    if (cluster.kind === 'malformed') return NO_NAME;
    const refusal = cluster.kind === 'none' ? null : judgeCluster(member.clusterId, cluster.id, 'This transaction manager');
    if (refusal === null) return { ok: true, role: 'tm', peer: null, answer: sayMember(member.name()) };
    this.log.say('warn', { refused: 'a transaction manager', by: describeMember(member.self) }, refusal);
    return { ok: false, status: refusalStatus(refusal) };
  }

  private sayTold({ self }: LocalMember, dialled: RmId, told: PeerRefusal): void {
    const pair = { refused: describeMember(self), by: `rm-${dialled}` };
    if (told.mark !== null)
      this.log.say('info', pair, told, 'what this process has said of its log is older than what others have heard of it: it dials again');
    else this.log.say(told.isFinal ? 'warn' : 'info', pair, told);
  }

  private say(member: LocalMember, peer: PeerName, refusal: PeerRefusal): void {
    const pair = { refused: describeMember(peer), by: describeMember(member.self) };
    // Only the peer can know; if it is so, it ends and says what to do.
    if (refusal.mark !== null)
      this.log.say('info', pair, refusal, 'what a peer says of its log is older than what others have heard of it: it looks, and dials again');
    else this.log.say('warn', pair, refusal);
  }
}

const NOT_ITS_CERTIFICATE = { name: 'NODE_ROLE_REFUSED', message: 'The certificate is not that of the resource manager that the call names.' } as const;
const NO_NAME = {
  ok: false,
  status: toStatus(
    invalid(
      'NODE_NAME_INVALID',
      'metadata',
      'A node says which cluster, resource manager and incarnation it is, and how far its log goes (mas-cluster, mas-rm, mas-ordinal, mas-incarnation, mas-position, mas-runs).',
    ).error,
  ),
} as const;
