/**
 * The dialling end: how a process introduces itself to the Resource Managers that it dials, and what it makes of who answers and of
 * being refused. A Resource Manager does so as a member (member-door.ts), a Transaction Manager by its cluster alone.
 */
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { Elsewhere, judgeCluster, NamedByMost, type ClusterId, type MemberId, type PeerRefusal } from '@mas/membership';
import { RefusalLog } from '@mas/resource-manager';
import type { Clock, Logger, RmId } from '@mas/values';
import { readMember, sayCluster } from './node-names';
import { isTurnedAway, refusalOf } from './refusal-status';

export type Judgement =
  | { readonly ok: true; readonly member: MemberId }
  /** `dialsLater`: it is a refusal, for which the other end is dialled ever later; else it may be welcome the next time. */
  | { readonly ok: false; readonly reason: string; readonly dialsLater: boolean };

/** This process is refused for good: it ends. @param by the Resource Manager that has said so last */
export type OnRefused = (refusal: PeerRefusal, by: RmId) => void;

export interface NodeCaller {
  /** Null: it dials nobody now. */
  introduction(options?: { readonly waitForReady?: boolean }): Metadata | null;
  /** Judges who has answered at the address of `dialled`; a refusal is logged. */
  judge(dialled: RmId, answered: Metadata): Judgement;
  /** A call to it has failed: reports and logs when that was a refusal of this process. @returns whether it was turned away; else the call was lost */
  failed(dialled: RmId, error: ServiceError): boolean;
}

/** What a process without a data folder of the cluster knows of it. */
export interface ClusterKnowledge {
  clusterId(): ClusterId | null;
  /** Once it is certain. */
  learn(id: ClusterId): void;
}

export const NOT_SAID: PeerRefusal = {
  name: 'NO_NAME',
  message: 'The other end does not say who it is; it is of another version.',
  isFinal: false,
  mark: null,
};

export interface CoordinatorCallerPorts {
  /** Such as `tc-1`, for messages. */
  readonly name: string;
  /** How many Resource Managers it dials now. */
  readonly dialled: () => number;
  readonly knowledge: ClusterKnowledge;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRefused: OnRefused;
}

export class CoordinatorCaller implements NodeCaller {
  private readonly elsewhere = new Elsewhere();
  private readonly named: NamedByMost;
  private readonly log: RefusalLog;

  constructor(private readonly ports: CoordinatorCallerPorts) {
    this.log = new RefusalLog(ports.clock, ports.logger);
    this.named = new NamedByMost(ports.dialled);
  }

  introduction(options?: { readonly waitForReady?: boolean }): Metadata {
    return sayCluster(this.ports.knowledge.clusterId(), options);
  }

  judge(dialled: RmId, answered: Metadata): Judgement {
    const server = readMember(answered);
    if (server === null) return this.refuse(dialled, NOT_SAID);
    const { knowledge } = this.ports;
    const own = knowledge.clusterId() ?? this.named.heard(dialled, server.clusterId);
    if (own === null) return this.undecided(dialled, server.clusterId);
    const refusal = judgeCluster(own, server.clusterId, `rm-${server.rm}`);
    if (refusal !== null) {
      this.elsewhere.found(dialled);
      return this.refuse(dialled, refusal);
    }
    knowledge.learn(own);
    this.elsewhere.isNot(dialled);
    return { ok: true, member: server };
  }

  failed(dialled: RmId, error: ServiceError): boolean {
    const refusal = refusalOf(error);
    if (refusal?.isFinal === true) {
      const { name, dialled: count, onRefused } = this.ports;
      this.elsewhere.found(dialled);
      if (this.elsewhere.areMostOf(count())) onRefused(refusal, dialled);
      else this.log.say('warn', { refused: name, by: `rm-${dialled}` }, refusal);
    }
    return isTurnedAway(error);
  }

  private refuse(dialled: RmId, refusal: PeerRefusal): Judgement {
    this.log.say('warn', { refused: `rm-${dialled}`, by: this.ports.name }, refusal);
    return { ok: false, reason: refusal.message, dialsLater: true };
  }

  private undecided(dialled: RmId, id: ClusterId): Judgement {
    const { name, dialled: count } = this.ports;
    const message = `rm-${dialled} names cluster ${id}: it is believed once most of the ${count()} resource managers in --cluster name the same one.`;
    this.log.say('info', { refused: `rm-${dialled}`, by: name }, { name: 'NOT_KNOWN_YET', message });
    return { ok: false, reason: message, dialsLater: false };
  }
}
