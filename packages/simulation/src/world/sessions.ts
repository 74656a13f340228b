/**
 * The participant exchange between simulated processes: requests and replies as the bytes of production's codec, which may be
 * lost, doubled, late and overtake each other. What was not answered in time is unknown; what could not be sent is unavailable.
 */
import { EncodedInstructions, SessionCodec } from '@mas/rpc';
import type { NotSent, ParticipantClient, ParticipantReply, ParticipantRequest, ParticipantServer } from '@mas/two-phase-commit';
import type { RmId } from '@mas/values';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

export interface SessionServer {
  readonly process: SimProcess;
  readonly codec: SessionCodec;
  readonly participant: ParticipantServer;
  isServing: boolean;
}

export class SessionFabric {
  /** The listeners, by Resource Manager; a new incarnation replaces the old one. */
  readonly servers = new Map<RmId, SessionServer>();

  constructor(readonly network: Network) {}

  client(process: SimProcess, role: 'tm' | 'rm'): ParticipantClient {
    return new SimSessionClient(this, process, role);
  }
}

const SESSION_LOST: ParticipantReply = { kind: 'unknown', reason: 'no answer in time' };
const REFUSED: NotSent = { kind: 'not-sent', reason: 'the connection was refused' };

class SimSessionClient implements ParticipantClient {
  private readonly codec = new SessionCodec(new EncodedInstructions());

  constructor(
    private readonly fabric: SessionFabric,
    private readonly process: SimProcess,
    private readonly role: 'tm' | 'rm',
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
    server.process.enter(() => {
      const request = server.codec.decodeRequest(bytes);
      void server.participant.handle(request, this.role).then((reply) => {
        if (!server.process.isAlive) return;
        const encoded = server.codec.encodeReply(reply);
        network.world.trace.record(`reply ${server.process.name}>${this.process.name} ${reply.kind}`, encoded);
        this.back(server.process.name, () => answer(this.codec.decodeReply(encoded)));
      });
    });
  }

  private back(from: string, hear: () => void): void {
    const { network } = this.fabric;
    const copies = network.copies(from, this.process.name);
    for (let copy = 0; copy < copies; copy += 1) network.world.time.at(network.delayMs(), () => this.process.enter(hear));
  }
}
