/**
 * The participant exchange between simulated processes: requests and replies as the bytes of production's codec, which may be
 * lost, doubled, late and overtake each other. What was not answered in time is unknown; what could not be sent is unavailable.
 * A session opens with its first request, and both ends judge the other one then; it ends with a process, or when a message is lost.
 * What first and returning Resource Managers ask each other goes the same way, before anybody is a member.
 */
import { judgeCluster, type NamedByMost, type FoundingStatement, type Incarnation, type LocalMember, type PeerName, type PeerRefusal } from '@mas/membership';
import { EncodedInstructions, MembershipCodec, SessionCodec, type ClusterKnowledge } from '@mas/rpc';
import type { Introduction, MembershipClient, MembershipServer, RejoinAnswer } from '@mas/resource-manager';
import type { NotSent, ParticipantClient, ParticipantReply, ParticipantRequest, ParticipantServer, Passage } from '@mas/two-phase-commit';
import type { RmId } from '@mas/values';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

export interface SessionServer {
  readonly process: SimProcess;
  readonly codec: SessionCodec;
  readonly desk: ParticipantServer & MembershipServer;
  /** Null: not yet. */
  readonly member: () => LocalMember | null;
}

interface Asks {
  /** Why nobody should answer it, as only the simulator knows; null: it may ask. */
  readonly standing: () => string | null;
  /** It was turned away for good. */
  readonly onRefused: (refusal: PeerRefusal) => void;
}

/** Who asks: a Resource Manager as a member, a Transaction Manager by the cluster that most of them have told it of. */
export type Asking = Asks &
  ({ readonly role: 'rm'; readonly member: LocalMember } | { readonly role: 'tm'; readonly knowledge: ClusterKnowledge; readonly named: NamedByMost });

export class SessionFabric {
  /** The listeners, by Resource Manager; a new process replaces the old one. */
  readonly servers = new Map<RmId, SessionServer>();

  constructor(
    readonly network: Network,
    /** Somebody whom nobody should answer is answered. */
    readonly onAnswered: (process: string, by: string, why: string) => void,
  ) {}

  client(process: SimProcess, asking: Asking): ParticipantClient {
    return new SimSessionClient(this, process, asking);
  }

  /** @param seeds where it asks to be taken in, if it is to join */
  membershipClient(process: SimProcess, self: RmId, seeds: readonly RmId[] = []): MembershipClient {
    return new SimMembershipClient(this, process, self, seeds);
  }

  serverOf(rm: RmId): SessionServer | undefined {
    const server = this.servers.get(rm);
    return server?.process.isAlive === true ? server : undefined;
  }

  /** A message back to who has asked. */
  back(from: string, to: SimProcess, hear: () => void): void {
    const copies = this.network.copies(from, to.name);
    for (let copy = 0; copy < copies; copy += 1) this.network.world.time.at(this.network.delayMs(), () => to.enter(hear));
  }
}

const SESSION_LOST: ParticipantReply = { kind: 'unknown', reason: 'no answer in time' };
const REFUSED: NotSent = { kind: 'not-sent', reason: 'the connection was refused' };

class SimSessionClient implements ParticipantClient {
  private readonly codec = new SessionCodec(new EncodedInstructions());
  /** Whom both ends have found to be the right one. */
  private readonly open = new Map<RmId, SimProcess>();

  constructor(
    private readonly fabric: SessionFabric,
    private readonly process: SimProcess,
    private readonly asking: Asking,
  ) {}

  send(rm: RmId, request: ParticipantRequest, timeoutMs: number, passage?: Passage): Promise<ParticipantReply | NotSent> {
    if (!this.process.isAlive) return new Promise(() => undefined);
    const { network } = this.fabric;
    const target = `rm-${rm}`;
    const bytes = this.codec.encodeRequest({ request, passage: passage ?? null });
    const said = this.asking.role === 'rm' ? this.asking.member.name() : null;
    const copies = network.copies(this.process.name, target);
    if (copies === 0) this.open.delete(rm);
    network.world.trace.record(`ask ${this.process.name}>${target} ${request.kind} x${copies}`, bytes);
    return new Promise((resolve) => {
      const timer = this.process.clock.schedule(timeoutMs, () => resolve(SESSION_LOST));
      const answer = (reply: ParticipantReply | NotSent): void => {
        timer.cancel();
        resolve(reply);
      };
      for (let copy = 0; copy < copies; copy += 1)
        network.world.time.at(copy === 0 ? network.delayMs() : network.echoMs(), () => this.arrive(rm, bytes, said, answer));
    });
  }

  private arrive(rm: RmId, bytes: Buffer, said: PeerName | null, answer: (reply: ParticipantReply | NotSent) => void): void {
    const { fabric, asking, process } = this;
    const server = fabric.serverOf(rm);
    const member = server?.member() ?? null;
    if (server === undefined || member === null || !this.meets(rm, server, member, said)) {
      fabric.back(`rm-${rm}`, process, () => answer(REFUSED));
      return;
    }
    const why = asking.standing();
    if (why !== null) fabric.onAnswered(process.name, server.process.name, why);
    server.process.enter(() => {
      const { request, passage } = server.codec.decodeRequest(bytes);
      if (passage?.kind === 'relayed') fabric.network.world.counters.add('requests relayed');
      void server.desk.handle(request, asking.role, passage ?? undefined).then((reply) => {
        if (!server.process.isAlive) return;
        const encoded = server.codec.encodeReply(reply);
        fabric.network.world.trace.record(`reply ${server.process.name}>${process.name} ${reply.kind}`, encoded);
        fabric.back(server.process.name, process, () => answer(this.codec.decodeReply(encoded)));
      });
    });
  }

  /** Both ends judge, at the opening of a session. */
  private meets(rm: RmId, server: SessionServer, member: LocalMember, said: PeerName | null): boolean {
    if (this.open.get(rm) === server.process) return true;
    const { asking, fabric, process } = this;
    if (asking.role === 'tm' && !this.knowsCluster(asking, rm, member)) return false;
    const refusal = said === null ? this.judgeCluster(member) : member.judge(said);
    if (refusal !== null) {
      fabric.network.world.counters.add('sessions turned away');
      fabric.back(server.process.name, process, () => {
        const final = asking.role === 'rm' ? asking.member.turnedAway(rm, refusal) : refusal;
        if (final !== null) asking.onRefused(final);
      });
      return false;
    }
    if (asking.role === 'rm' && asking.member.judgeAs(rm, member.name()) !== null) return false;
    this.open.set(rm, server.process);
    return true;
  }

  private judgeCluster(server: LocalMember): PeerRefusal | null {
    const { asking, process } = this;
    if (asking.role !== 'tm') return null;
    const known = asking.knowledge.clusterId();
    return known === null ? null : judgeCluster(known, server.clusterId, process.name);
  }

  /** As production: a coordinator that knows none yet learns it from most of those that it asks. */
  private knowsCluster({ knowledge, named }: Extract<Asking, { readonly role: 'tm' }>, rm: RmId, server: LocalMember): boolean {
    if (knowledge.clusterId() === null) {
      const learnt = named.heard(rm, server.clusterId);
      if (learnt !== null) knowledge.learn(learnt);
    }
    return knowledge.clusterId() !== null;
  }
}

const MEMBERSHIP_TIMEOUT_MS = 1_000;

class SimMembershipClient implements MembershipClient {
  private readonly codec = new MembershipCodec();

  constructor(
    private readonly fabric: SessionFabric,
    private readonly process: SimProcess,
    private readonly self: RmId,
    private readonly seeds: readonly RmId[],
  ) {}

  async found(rm: RmId, statement: FoundingStatement, isQuestion: boolean): Promise<FoundingStatement | null> {
    const bytes = this.codec.encodeFound(statement, isQuestion);
    const answer = await this.ask(rm, 'found', bytes, ({ desk }) => {
      const said = this.codec.decodeFound(bytes);
      const own = desk.found(said.statement, said.isQuestion);
      return Promise.resolve(own === null ? null : this.codec.encodeFoundAnswer(own));
    });
    return answer === null ? null : this.codec.decodeFoundAnswer(answer);
  }

  async rejoin(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer | null> {
    const bytes = this.codec.encodeRejoin(this.self, incarnation);
    const answer = await this.ask(rm, 'rejoin', bytes, async ({ desk }) => {
      const asked = this.codec.decodeRejoin(bytes);
      return this.codec.encodeRejoinAnswer(await desk.rejoin(asked.rm, asked.incarnation));
    });
    return answer === null ? null : this.codec.decodeRejoinAnswer(answer);
  }

  async join(incarnation: Incarnation): Promise<readonly RejoinAnswer[]> {
    const bytes = this.codec.encodeJoin(this.self, incarnation);
    const answers = await Promise.all(
      this.seeds.map((rm) =>
        this.ask(rm, 'join', bytes, async ({ desk }) => {
          const asked = this.codec.decodeJoin(bytes);
          return this.codec.encodeRejoinAnswer(await desk.join(asked.rm, asked.incarnation));
        }),
      ),
    );
    return answers.flatMap((answer) => {
      const decoded = answer === null ? null : this.codec.decodeRejoinAnswer(answer);
      return decoded === null ? [] : [decoded];
    });
  }

  async introduce(rm: RmId, name: PeerName): Promise<Introduction | null> {
    const said = Buffer.from(JSON.stringify(name));
    const answer = await this.ask(rm, 'introduce', said, ({ member }) => {
      const judge = member();
      return Promise.resolve(judge === null ? null : Buffer.from(JSON.stringify(judge.examine(name))));
    });
    const refusal = answer === null ? null : (JSON.parse(answer.toString()) as PeerRefusal | null);
    if (answer === null) return null;
    return refusal === null ? { kind: 'welcome' } : { kind: 'turned-away', refusal };
  }

  private ask(rm: RmId, what: string, bytes: Buffer, handle: (server: SessionServer) => Promise<Buffer | null>): Promise<Buffer | null> {
    const { fabric, process } = this;
    const { network } = fabric;
    const copies = network.copies(process.name, `rm-${rm}`);
    network.world.trace.record(`ask ${process.name}>rm-${rm} ${what} x${copies}`, bytes);
    return new Promise((resolve) => {
      const timer = process.clock.schedule(MEMBERSHIP_TIMEOUT_MS, () => resolve(null));
      const answer = (reply: Buffer | null): void => {
        timer.cancel();
        resolve(reply);
      };
      const arrive = (): void => {
        const server = fabric.serverOf(rm);
        if (server === undefined) {
          fabric.back(`rm-${rm}`, process, () => answer(null));
          return;
        }
        server.process.enter(() => {
          void handle(server).then((reply) => {
            if (!server.process.isAlive) return;
            network.world.trace.record(`reply ${server.process.name}>${process.name} ${what}`, reply ?? Buffer.alloc(0));
            fabric.back(server.process.name, process, () => answer(reply));
          });
        });
      };
      for (let copy = 0; copy < copies; copy += 1) network.world.time.at(network.delayMs(), arrive);
    });
  }
}
