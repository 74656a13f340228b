/**
 * From a data folder to a member of a cluster (docs/adr/0011). A folder that is one already goes on at once; a new one takes
 * part in founding, or, told so by its operator, waits to be admitted in the place of a lost one. Every step is durable
 * before anybody hears of it.
 */
import {
  describeMember,
  FOUNDER,
  foundingProblem,
  membershipOf,
  MemberTable,
  nextFoundingState,
  type Admission,
  type ClusterSettings,
  type FoundingProblem,
  type FoundingState,
  type FoundingStatement,
  type IdentityRecord,
  type Incarnation,
  type Membership,
} from '@mas/membership';
import type { PlacementMap } from '@mas/placement';
import { delay, type Clock, type Logger, type RmId } from '@mas/values';
import type { Digest } from '../digest';
import type { FolderIdentity } from './folder-identity';
import type { Arrival, MembershipClient, RejoinAnswer } from './membership-ports';
import { RefusalLog } from './refusal-log';

const ASK_EVERY_MS = 100;
/** What was heard before is not counted: its RM may have become another one since. */
const STATEMENT_LASTS_MS = 2_000;
/** On an ordinary first start all are there within a moment. */
const SAY_AFTER_MS = 1_000;
const SAY_AGAIN_MS = 10_000;

/** This process can be no member with the folder and settings that it has: its operator must decide. */
export class MembershipRefused extends Error {
  readonly kind = 'membership-refused';

  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = 'MembershipRefused';
  }
}

export interface BecomingMemberPorts {
  readonly self: RmId;
  /** The first RMs by configuration, ascending; self among them. */
  readonly first: readonly RmId[];
  readonly settings: ClusterSettings;
  readonly identity: FolderIdentity;
  readonly client: MembershipClient;
  /** Durable when it resolves. */
  readonly keepMap: (map: PlacementMap) => Promise<void>;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class BecomingMember {
  private readonly heard = new Map<RmId, { readonly statement: FoundingStatement; readonly atMs: number }>();
  private readonly refusals: RefusalLog;
  /** What is wrong between this one and the last one that has only asked. */
  private asked: FoundingProblem | null = null;
  private stopped = false;

  constructor(private readonly ports: BecomingMemberPorts) {
    this.refusals = new RefusalLog(ports.clock, ports.logger);
  }

  /** Resolves once this process is a member; null after stop(). @throws MembershipRefused */
  async run(): Promise<Membership | null> {
    const { identity, clock, logger } = this.ports;
    let sayAtMs = clock.monotonicMs() + SAY_AFTER_MS;
    for (;;) {
      const waitingFor = await this.ask();
      const membership = membershipOf(identity.current());
      if (membership !== null || this.stopped) return membership;
      if (clock.monotonicMs() >= sayAtMs) {
        logger.info({ waitingFor }, 'not a member of a cluster yet');
        sayAtMs = clock.monotonicMs() + SAY_AGAIN_MS;
      }
      await delay(clock, ASK_EVERY_MS);
    }
  }

  /** Another one tells what it knows, or only asks, and hears what is durable here. Null: this one waits to be admitted. */
  found(statement: FoundingStatement, isQuestion: boolean): FoundingStatement | null {
    const own = this.statement();
    if (own === null) return null;
    const { self, first } = this.ports;
    const problem = own.state.kind === 'alone' ? null : foundingProblem(statement, new Map([[self, own]]));
    if (problem?.isFinal === true && own.state.kind !== 'alone') {
      const message = `rm-${statement.self.rm} comes with a folder that cluster ${own.state.founding.clusterId} does not know: it is turned away.`;
      this.refusals.say('warn', { refused: describeMember(statement.self), by: describeMember(own.self) }, { name: problem.name, message });
    }
    if (!first.includes(statement.self.rm)) return own;
    if (!isQuestion) this.hear(statement.self.rm, statement);
    // Who only asks ends with what it hears; its configuration counts here all the same.
    else if (own.state.kind === 'alone') this.asked = foundingProblem(own, new Map([[statement.self.rm, statement]]));
    return own;
  }

  stop(): void {
    this.stopped = true;
  }

  private ask(): Promise<string> {
    switch (this.ports.identity.current().state.kind) {
      case 'rejoining':
        return this.askToRejoin();
      case 'joining':
        return this.askToJoin();
      default:
        return this.askAround();
    }
  }

  /** @returns what is still missing. */
  private async askAround(): Promise<string> {
    const own = this.statement();
    if (own === null || own.state.kind === 'member') return '';
    const others = this.ports.first.filter((rm) => rm !== this.ports.self);
    await Promise.all(
      others.map(async (rm) => {
        const answer = await this.ports.client.found(rm, own, false);
        if (answer !== null && answer.self.rm === rm) this.hear(rm, answer);
      }),
    );
    return this.advance(others);
  }

  private hear(rm: RmId, statement: FoundingStatement): void {
    this.heard.set(rm, { statement, atMs: this.ports.clock.monotonicMs() });
  }

  private async advance(others: readonly RmId[]): Promise<string> {
    const own = this.statement();
    if (own === null) return '';
    const heard = this.fresh();
    const problem = this.asked?.isFinal === true ? this.asked : foundingProblem(own, heard);
    if (problem?.isFinal === true) throw new MembershipRefused(problem.name, problem.message);
    const next = nextFoundingState(own, heard, (text) => this.ports.digest.sha256Hex(text));
    if (next !== own.state && next.kind !== 'alone') await this.become(next);
    if (problem !== null) return problem.message;
    const silent = others.filter((rm) => !heard.has(rm)).map((rm) => `rm-${rm}`);
    return silent.length === 0 ? 'the agreement of the others' : silent.join(', ');
  }

  private async become(state: Exclude<FoundingState, { readonly kind: 'alone' }>): Promise<void> {
    const { identity, logger } = this.ports;
    await identity.change(state.kind === 'member' ? { state, members: MemberTable.ofFounders(state.founding.founders) } : { state });
    logger.info(
      { clusterId: state.founding.clusterId },
      state.kind === 'member' ? 'the cluster is founded' : 'all first resource managers are there: the cluster is being founded',
    );
  }

  private fresh(): ReadonlyMap<RmId, FoundingStatement> {
    const nowMs = this.ports.clock.monotonicMs();
    return new Map([...this.heard].filter(([, { atMs }]) => nowMs - atMs <= STATEMENT_LASTS_MS).map(([rm, { statement }]) => [rm, statement]));
  }

  private statement(): FoundingStatement | null {
    return statementOf(this.ports, this.ports.identity.current());
  }

  private async askToRejoin(): Promise<string> {
    const { self, first, client, identity } = this.ports;
    const others = first.filter((rm) => rm !== self);
    const { incarnation } = identity.current();
    const [answers, ofSeeds] = await Promise.all([Promise.all(others.map((rm) => client.rejoin(rm, incarnation))), client.join(incarnation)]);
    return this.admittedBy([...answers, ...ofSeeds]);
  }

  private async askToJoin(): Promise<string> {
    const { client, identity } = this.ports;
    const answers = await client.join(identity.current().incarnation);
    return answers.length === 0 ? 'an answer at the addresses of --join' : this.admittedBy(answers);
  }

  /** @returns what is still missing. */
  private async admittedBy(answers: readonly (RejoinAnswer | null)[]): Promise<string> {
    let waitingFor = 'an answer of the leader of the meta group';
    for (const answer of answers) {
      if (answer?.kind === 'admitted') {
        // Before the folder says that it is a member: it would not know where the others are.
        if (answer.map !== null) await this.ports.keepMap(answer.map);
        await this.admit(answer.admission);
        return '';
      }
      if (answer?.kind === 'pending' && answer.message !== '') waitingFor = answer.message;
    }
    for (const answer of answers) if (answer?.kind === 'refused') throw new MembershipRefused(answer.name, answer.message);
    return waitingFor;
  }

  private async admit({ clusterId, ordinal, settings, members }: Admission): Promise<void> {
    await this.ports.identity.change({ state: { kind: 'admitted', clusterId, ordinal, settings }, members, hasGroups: true });
    this.ports.logger.info({ clusterId, ordinal }, ordinal === FOUNDER ? 'taken in' : 'admitted in the place of the lost disk');
  }
}

/** What a folder with this record has to say. Null: it waits to be admitted. */
export function statementOf(
  { self, first, settings }: Pick<BecomingMemberPorts, 'self' | 'first' | 'settings'>,
  record: IdentityRecord,
): FoundingStatement | null {
  const state = foundingStateOf(record);
  return state === null ? null : { self: { rm: self, incarnation: record.incarnation, isExisting: record.isExisting }, first, settings, state };
}

/** Who was admitted later answers a stranger as the founders do: with the members that it knows. */
function foundingStateOf({ state, members }: IdentityRecord): FoundingState | null {
  if (state.kind !== 'admitted') return state.kind === 'rejoining' || state.kind === 'joining' ? null : state;
  const founders = (members?.members() ?? []).map(({ rm, incarnation }) => ({ rm, incarnation, isExisting: false }));
  return { kind: 'member', founding: { clusterId: state.clusterId, founders, settings: state.settings } };
}

/** What a folder is that nothing was written to. */
export function beginningOf(arrival: Arrival, hasLog: boolean): 'new' | 'existing' | 'rejoining' | 'joining' {
  if (arrival === 'founds') return hasLog ? 'existing' : 'new';
  return arrival === 'rejoins' ? 'rejoining' : 'joining';
}

/** The record of a folder that has none yet. */
export function newIdentity(incarnation: Incarnation, kind: 'new' | 'existing' | 'rejoining' | 'joining'): IdentityRecord {
  return {
    incarnation,
    isExisting: kind === 'existing',
    state: { kind: kind === 'rejoining' || kind === 'joining' ? kind : 'alone' },
    members: null,
    hasDatabase: false,
    hasGroups: false,
  };
}
