/**
 * The dialling end: how a process introduces itself to the Resource Managers that it dials, and what it makes of who answers and of
 * being refused. A Resource Manager does so as a member (member-door.ts), a Transaction Manager by its cluster alone.
 */
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { Elsewhere, judgeCluster, type ClusterId, type MemberId, type PeerRefusal } from '@mas/membership';
import type { Clock, Logger, RmId } from '@mas/values';
import { readMember, sayCluster } from './node-names';
import { RefusalLog } from './refusal-log';
import { isTurnedAway, refusalOf } from './refusal-status';

export type Judgement = { readonly ok: true; readonly member: MemberId } | { readonly ok: false; readonly refusal: PeerRefusal };

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
  /** The first Resource Manager that answers tells. */
  learn(id: ClusterId): void;
}

export const NOT_SAID: PeerRefusal = { name: 'NO_NAME', message: 'The other end does not say who it is; it is of another version.', isFinal: false, mark: null };

export interface CoordinatorCallerPorts {
  /** Such as `tc-1`, for messages. */
  readonly name: string;
  /** How many Resource Managers it dials. */
  readonly dialled: number;
  readonly knowledge: ClusterKnowledge;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRefused: OnRefused;
}

export class CoordinatorCaller implements NodeCaller {
  private readonly elsewhere = new Elsewhere();
  private readonly log: RefusalLog;

  constructor(private readonly ports: CoordinatorCallerPorts) {
    this.log = new RefusalLog(ports.clock, ports.logger);
  }

  introduction(options?: { readonly waitForReady?: boolean }): Metadata {
    return sayCluster(this.ports.knowledge.clusterId(), options);
  }

  judge(dialled: RmId, answered: Metadata): Judgement {
    const server = readMember(answered);
    if (server === null) return this.refuse(dialled, NOT_SAID);
    const { knowledge } = this.ports;
    const own = knowledge.clusterId();
    const refusal = own === null ? null : judgeCluster(own, server.clusterId, `rm-${server.rm}`);
    if (refusal !== null) {
      this.elsewhere.found(dialled);
      return this.refuse(dialled, refusal);
    }
    if (own === null) knowledge.learn(server.clusterId);
    this.elsewhere.isNot(dialled);
    return { ok: true, member: server };
  }

  failed(dialled: RmId, error: ServiceError): boolean {
    const refusal = refusalOf(error);
    if (refusal?.isFinal === true) {
      const { name, dialled: count, onRefused } = this.ports;
      this.elsewhere.found(dialled);
      if (this.elsewhere.areMostOf(count)) onRefused(refusal, dialled);
      else this.log.say('error', { refused: name, by: `rm-${dialled}` }, refusal);
    }
    return isTurnedAway(error);
  }

  private refuse(dialled: RmId, refusal: PeerRefusal): Judgement {
    this.log.say('warn', { refused: `rm-${dialled}`, by: this.ports.name }, refusal);
    return { ok: false, refusal };
  }
}
