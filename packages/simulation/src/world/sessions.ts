/**
 * The participant exchange between simulated processes: requests and replies as the bytes of production's codec, which may be
 * lost, doubled, late and overtake each other. What was not answered in time is unknown; what could not be sent is unavailable.
 */
import { judgeCluster, type ClusterId, type LocalMember, type PeerRefusal } from '@mas/membership';
import { EncodedInstructions, SessionCodec } from '@mas/rpc';
import type { NotSent, ParticipantClient, ParticipantReply, ParticipantRequest, ParticipantServer } from '@mas/two-phase-commit';
import type { RmId } from '@mas/values';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

export interface SessionServer {
  readonly process: SimProcess;
  readonly codec: SessionCodec;
  readonly participant: ParticipantServer;
  readonly member: LocalMember;
  isServing: boolean;
}

/** Who asks: a Resource Manager as a member, a Transaction Manager by the cluster that the first one has told it of. */
export type Asking = { readonly role: 'rm'; readonly member: LocalMember } | { readonly role: 'tm'; clusterId: ClusterId | null };

export class SessionFabric {
  /** The listeners, by Resource Manager; a new incarnation replaces the old one. */
  readonly servers = new Map<RmId, SessionServer>();

  constructor(readonly network: Network) {}

  client(process: SimProcess, asking: Asking): ParticipantClient {
    return new SimSessionClient(this, process, asking);
  }
}

const SESSION_LOST: ParticipantReply = { kind: 'unknown', reason: 'no answer in time' };
const REFUSED: NotSent = { kind: 'not-sent', reason: 'the connection was refused' };

class SimSessionClient implements ParticipantClient {
  private readonly codec = new SessionCodec(new EncodedInstructions());

  constructor(
    private readonly fabric: SessionFabric,
    private readonly process: SimProcess,
    private readonly asking: Asking,
  ) {}

  send(rm: RmId, request: ParticipantRequest, timeoutMs: number): Promise<ParticipantReply | NotSent> {
    if (!this.process.isAlive) return new Promise(() => undefined);
    const { network } = this.fabric;
    const target = `rm-${rm}`;
    const bytes = this.codec.encodeRequest(request);
    const copies = network.copies(this.process.name, target);
    network.world.trace.record(`ask ${this.process.name}>${target} ${request.kind} x${copies}`, bytes);
    return new Promise((resolve) => {
      const timer = this.process.clock.schedule(timeoutMs, () => resolve(SESSION_LOST));
      const answer = (reply: ParticipantReply | NotSent): void => {
        timer.cancel();
        resolve(reply);
      };
      for (let copy = 0; copy < copies; copy += 1) network.world.time.at(network.delayMs(), () => this.arrive(rm, bytes, answer));
    });
  }

  private arrive(rm: RmId, bytes: Buffer, answer: (reply: ParticipantReply | NotSent) => void): void {
    const { network } = this.fabric;
    const server = this.fabric.servers.get(rm);
    if (server === undefined || !server.process.isAlive || !server.isServing) {
      this.back(`rm-${rm}`, () => answer(REFUSED));
      return;
    }
    const refusal = this.meets(server.member);
    if (refusal !== null) {
      network.world.counters.add('sessions turned away');
      this.back(`rm-${rm}`, () => answer(REFUSED));
      return;
    }
    server.process.enter(() => {
      const request = server.codec.decodeRequest(bytes);
      void server.participant.handle(request, this.asking.role).then((reply) => {
        if (!server.process.isAlive) return;
        const encoded = server.codec.encodeReply(reply);
        network.world.trace.record(`reply ${server.process.name}>${this.process.name} ${reply.kind}`, encoded);
        this.back(server.process.name, () => answer(this.codec.decodeReply(encoded)));
      });
    });
  }

  /** Both ends judge, as at the opening of a session. */
  private meets(server: LocalMember): PeerRefusal | null {
    const { asking } = this;
    if (asking.role === 'rm') {
      const positioned = { ...asking.member.name(), position: Number.MAX_SAFE_INTEGER };
      return server.judge(positioned) ?? asking.member.judge({ ...server.name(), position: Number.MAX_SAFE_INTEGER });
    }
    asking.clusterId ??= server.clusterId;
    return judgeCluster(asking.clusterId, server.clusterId, this.process.name);
  }

  private back(from: string, hear: () => void): void {
    const { network } = this.fabric;
    const copies = network.copies(from, this.process.name);
    for (let copy = 0; copy < copies; copy += 1) network.world.time.at(network.delayMs(), () => this.process.enter(hear));
  }
}
