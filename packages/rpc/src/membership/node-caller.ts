/**
 * The dialling end: how a process introduces itself to the Resource Managers that it dials, and what it makes of who answers and of
 * being refused. A Resource Manager does so as a member (member-door.ts), a Transaction Manager by its cluster alone.
 */
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { Elsewhere, judgeCluster, type ClusterId, type MemberId, type PeerRefusal } from '@mas/membership';
import type { RmId } from '@mas/values';
import { readMember, sayCluster } from './node-names';
import { refusalOf } from './refusal-status';

export type Judgement = { readonly ok: true; readonly member: MemberId } | { readonly ok: false; readonly refusal: PeerRefusal };

/** Whom a refusal hits: this process, or the one that was dialled. */
export interface RefusedParty {
  readonly refused: 'self' | 'peer';
  /** The Resource Manager at the other end. */
  readonly rm: RmId;
}

export type OnRefused = (refusal: PeerRefusal, who: RefusedParty) => void;

export interface NodeCaller {
  /** Null: it dials nobody now. */
  introduction(options?: { readonly waitForReady?: boolean }): Metadata | null;
  /** Judges who has answered at the address of `dialled`; a final refusal is reported as well. */
  judge(dialled: RmId, answered: Metadata): Judgement;
  /** A call to it has failed: reports when that was a final refusal of this process. */
  failed(dialled: RmId, error: ServiceError): void;
}

/** What a process without a data folder of the cluster knows of it. */
export interface ClusterKnowledge {
  clusterId(): ClusterId | null;
  /** The first Resource Manager that answers tells. */
  learn(id: ClusterId): void;
}

export const NOT_SAID: PeerRefusal = { name: 'NO_NAME', message: 'The other end does not say who it is; it is of another version.', isFinal: false, mark: null };

export class CoordinatorCaller implements NodeCaller {
  private readonly elsewhere = new Elsewhere();

  /**
   * @param name such as `tm-1`, for messages
   * @param dialled how many Resource Managers it dials
   */
  constructor(
    private readonly name: string,
    private readonly dialled: number,
    private readonly knowledge: ClusterKnowledge,
    private readonly onRefused: OnRefused,
  ) {}

  introduction(options?: { readonly waitForReady?: boolean }): Metadata {
    return sayCluster(this.knowledge.clusterId(), options);
  }

  judge(dialled: RmId, answered: Metadata): Judgement {
    const server = readMember(answered);
    if (server === null) return { ok: false, refusal: NOT_SAID };
    const own = this.knowledge.clusterId();
    const refusal = own === null ? null : judgeCluster(own, server.clusterId, `rm-${server.rm}`);
    if (refusal !== null) {
      if (this.elsewhere.found(dialled)) this.onRefused({ ...refusal, message: `${this.name}: ${refusal.message}` }, { refused: 'peer', rm: dialled });
      return { ok: false, refusal };
    }
    if (own === null) this.knowledge.learn(server.clusterId);
    this.elsewhere.isNot(dialled);
    return { ok: true, member: server };
  }

  failed(dialled: RmId, error: ServiceError): void {
    const refusal = refusalOf(error);
    if (refusal?.isFinal !== true) return;
    const isNews = this.elsewhere.found(dialled);
    if (this.elsewhere.areMostOf(this.dialled)) this.onRefused(refusal, { refused: 'self', rm: dialled });
    else if (isNews) this.onRefused(refusal, { refused: 'peer', rm: dialled });
  }
}
