/**
 * How a cluster comes to be, once (docs/adr/0011, "Founding"): alone → agreed → member, each durable before it is said. Nobody
 * chooses the id: it is the digest of who they all are. Pure; the host asks the other first RMs for their statements, hands
 * them in, makes the new state durable, and only then answers with it.
 */
import { invariant, type RmId } from '@mas/values';
import { clusterId, type ClusterId, type Incarnation } from './identity';

export interface Founder {
  readonly rm: RmId;
  readonly incarnation: Incarnation;
  /** Its folder holds data of a version without cluster ids. Existing and new ones are never mixed. */
  readonly isExisting: boolean;
}

/** What must be equal everywhere. The policy is here as text: it is compared, not read. */
export interface ClusterSettings {
  readonly buckets: number;
  readonly replicas: number;
  readonly policy: string;
  readonly semanticsVersion: number;
  /** Of the backup that all of them were restored from (docs/adr/0028); left out: they begin with nothing. */
  readonly restoredFrom?: string;
}

export interface Founding {
  readonly clusterId: ClusterId;
  /** Ascending by RM. */
  readonly founders: readonly Founder[];
  readonly settings: ClusterSettings;
}

export type FoundingState =
  | { readonly kind: 'alone' }
  | { readonly kind: 'agreed'; readonly founding: Founding }
  | { readonly kind: 'member'; readonly founding: Founding };

/** What a first RM says when it is asked. */
export interface FoundingStatement {
  readonly self: Founder;
  /** The first RMs as its configuration lists them, ascending. */
  readonly first: readonly RmId[];
  readonly settings: ClusterSettings;
  readonly state: FoundingState;
}

export interface FoundingProblem {
  readonly name: 'SETTINGS_DIFFER' | 'FIRST_DIFFER' | 'DISK_LOST' | 'FOUNDED_WITH_ANOTHER' | 'FOUNDING_CUT_SHORT';
  readonly message: string;
  /** False: it may mend itself when others go on. */
  readonly isFinal: boolean;
}

/** Of text, as hexadecimal digits; at least 32. */
export type TextDigest = (text: string) => string;

/** @returns the state to make durable now, or the same one. */
export function nextFoundingState(own: FoundingStatement, heard: ReadonlyMap<RmId, FoundingStatement>, digest: TextDigest): FoundingState {
  const { state } = own;
  switch (state.kind) {
    case 'member':
      return state;
    case 'agreed':
      return isMember(state.founding, own, heard) ? { kind: 'member', founding: state.founding } : state;
    case 'alone':
      return agree(own, heard, digest);
    default:
      return state satisfies never;
  }
}

/** Why this RM cannot be founded with what it has heard; null: it goes on, or waits. */
export function foundingProblem(own: FoundingStatement, heard: ReadonlyMap<RmId, FoundingStatement>): FoundingProblem | null {
  if (own.state.kind === 'member') return null;
  for (const [rm, statement] of heard) {
    const problem = problemWith(own, rm, statement);
    if (problem !== null) return problem;
  }
  return null;
}

function agree(own: FoundingStatement, heard: ReadonlyMap<RmId, FoundingStatement>, digest: TextDigest): FoundingState {
  if (foundingProblem(own, heard) !== null) return own.state;
  // Somebody has agreed before, to a list that this incarnation is in: there is no other list.
  for (const { state } of heard.values()) if (state.kind !== 'alone') return { kind: 'agreed', founding: state.founding };
  const statements = own.first.map((rm) => (rm === own.self.rm ? own : heard.get(rm)));
  const founders: Founder[] = [];
  for (const statement of statements) {
    if (statement === undefined) return own.state;
    founders.push(statement.self);
  }
  return { kind: 'agreed', founding: foundingOf(founders, own.settings, digest) };
}

/** All were heard as agreed on the very same; one who is a member has heard all of them. */
function isMember(founding: Founding, own: FoundingStatement, heard: ReadonlyMap<RmId, FoundingStatement>): boolean {
  const same = ({ state }: FoundingStatement): boolean => state.kind !== 'alone' && state.founding.clusterId === founding.clusterId;
  for (const statement of heard.values()) if (statement.state.kind === 'member' && same(statement)) return true;
  return founding.founders.every(({ rm, incarnation }) => {
    if (rm === own.self.rm) return true;
    const statement = heard.get(rm);
    return statement !== undefined && same(statement) && statement.self.incarnation === incarnation;
  });
}

/** @throws InvariantViolation when the digest is too short. */
export function foundingOf(founders: readonly Founder[], settings: ClusterSettings, digest: TextDigest): Founding {
  const sorted = [...founders].sort((a, b) => a.rm - b.rm);
  const text = [
    'mas-cluster-1',
    ...sorted.map(({ rm, incarnation, isExisting }) => `${rm} ${incarnation} ${isExisting ? 'existing' : 'new'}`),
    settings.buckets,
    settings.replicas,
    settings.policy,
    settings.semanticsVersion,
    ...(settings.restoredFrom === undefined ? [] : [`restored from ${settings.restoredFrom}`]),
  ].join('\n');
  const hex = digest(text);
  invariant(hex.length >= 32, 'a digest has at least 128 bits', { length: hex.length });
  return { clusterId: clusterId(hex.slice(0, 32)), founders: sorted, settings };
}

function problemWith(own: FoundingStatement, rm: RmId, { self, first, settings, state }: FoundingStatement): FoundingProblem | null {
  if (state.kind !== 'alone') {
    if (own.state.kind !== 'alone' && own.state.founding.clusterId !== state.founding.clusterId) {
      return final(
        'FOUNDED_WITH_ANOTHER',
        `rm-${rm} belongs to cluster ${state.founding.clusterId}, this folder to ${own.state.founding.clusterId}. Check the addresses in --cluster.`,
      );
    }
    const recorded = state.founding.founders.find((founder) => founder.rm === own.self.rm);
    if (recorded === undefined)
      return final(
        'FOUNDED_WITH_ANOTHER',
        `rm-${rm} belongs to cluster ${state.founding.clusterId}, which has no rm-${own.self.rm}. Check --id and --cluster.`,
      );
    if (recorded.incarnation !== own.self.incarnation) {
      const advice =
        state.kind === 'member'
          ? `If the disk of rm-${own.self.rm} is lost for good: start it with an empty folder and --rejoin, and allow it with "mas-client cluster replace-node ${own.self.rm}".`
          : `If the founding was cut short, nothing was ever stored: delete the data folders of all of them and start again.`;
      return final(
        'DISK_LOST',
        `rm-${rm} knows rm-${own.self.rm} as another incarnation (${recorded.incarnation.slice(0, 8)}) than this folder's (${own.self.incarnation.slice(0, 8)}): it has lost its data, or has been given the wrong folder. ${advice}`,
      );
    }
    return null;
  }
  if (own.state.kind !== 'alone') {
    // The other one will hear from us that we know it as somebody else; only it can do something about that.
    const recorded = own.state.founding.founders.find((founder) => founder.rm === rm);
    if (recorded !== undefined && recorded.incarnation !== self.incarnation) {
      return {
        name: 'FOUNDING_CUT_SHORT',
        message: `rm-${rm} has another folder than the one that this cluster (${own.state.founding.clusterId}) was being founded with; unless another RM is a member already, delete the data folders of all of them and start again.`,
        isFinal: false,
      };
    }
    return null;
  }
  return differences(own, rm, { self, first, settings });
}

const NO_BACKUP = 'none';

function differences(own: FoundingStatement, rm: RmId, their: Omit<FoundingStatement, 'state'>): FoundingProblem | null {
  if (own.first.join() !== their.first.join())
    return final(
      'FIRST_DIFFER',
      `--cluster lists ${names(own.first)} here, and ${names(their.first)} at rm-${rm}. The first resource managers of a cluster are the same everywhere.`,
    );
  const fields = [
    ['--buckets', own.settings.buckets, their.settings.buckets],
    ['--replicas', own.settings.replicas, their.settings.replicas],
    ['the policy', own.settings.policy, their.settings.policy],
    ['the version of the ledger\u2019s rules', own.settings.semanticsVersion, their.settings.semanticsVersion],
    ['the backup that was restored', own.settings.restoredFrom ?? NO_BACKUP, their.settings.restoredFrom ?? NO_BACKUP],
  ] as const;
  for (const [field, ours, theirs] of fields) {
    if (ours !== theirs)
      return final('SETTINGS_DIFFER', `${field} is ${ours} here, and ${theirs} at rm-${rm}. A cluster is founded with the same settings everywhere.`);
  }
  if (own.self.isExisting !== their.self.isExisting) {
    // The one that has lost something ends; the others can go on once it is back.
    if (own.self.isExisting)
      return {
        name: 'DISK_LOST',
        message: `rm-${rm} has no data, and this one has some of an earlier version: rm-${rm} has lost its data, or has been given the wrong folder.`,
        isFinal: false,
      };
    return final('DISK_LOST', `rm-${rm} has data of an earlier version, this folder has none. Give rm-${own.self.rm} its own folder back.`);
  }
  return null;
}

function names(first: readonly RmId[]): string {
  return first.map((rm) => `rm-${rm}`).join(', ');
}

function final(name: FoundingProblem['name'], message: string): FoundingProblem {
  return { name, message, isFinal: true };
}
