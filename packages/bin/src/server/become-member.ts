/** How this process becomes a member of its cluster, and what it keeps of the others (docs/adr/0011). */
import { SEMANTICS_VERSION, type Policy } from '@mas/ledger';
import type { LocalMember, Membership } from '@mas/membership';
import type { ResourceManagerAddress } from '@mas/placement';
import { BecomingMember, platformDigest, type FolderIdentity, type IdentityStore } from '@mas/resource-manager';
import { GrpcMembershipClient, type TlsIdentity } from '@mas/rpc';
import type { Clock, RmId, Timer } from '@mas/values';
import type { Lifecycle } from '../platform/lifecycle';
import type { ProcessLogger } from '../platform/pino-logger';
import type { MemberDesk } from './member-desk';

const MEMBERSHIP_TIMEOUT_MS = 1_000;
const KEEP_MARKS_EVERY_MS = 1_000;

interface MembershipSettings {
  readonly cluster: readonly ResourceManagerAddress[];
  readonly buckets: number;
  readonly replicas: number;
}

interface Becoming {
  readonly desk: MemberDesk;
  readonly identity: FolderIdentity;
  readonly tls: TlsIdentity;
  readonly policy: Policy;
  readonly logger: ProcessLogger;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
}

/** Null: this process was stopped before it was a member. @throws MembershipRefused */
export async function becomeMember(settings: MembershipSettings, self: RmId, { desk, identity, tls, policy, logger, clock, lifecycle }: Becoming): Promise<Membership | null> {
  const peers = new Map(settings.cluster.map((member) => [member.rm, member.address]));
  const client = new GrpcMembershipClient({ self, peers, tls, clock, logger, timeoutMs: MEMBERSHIP_TIMEOUT_MS });
  const { buckets, replicas } = settings;
  const becoming = new BecomingMember({
    self,
    first: [...peers.keys()].sort((a, b) => a - b),
    settings: { buckets, replicas, policy: policyText(policy), semanticsVersion: SEMANTICS_VERSION },
    identity,
    client,
    digest: platformDigest,
    clock,
    logger,
  });
  desk.becoming = becoming;
  lifecycle.onStop('membership', () => Promise.resolve(becoming.stop()));
  try {
    return await becoming.run();
  } finally {
    client.close();
  }
}

/** The first RMs compare it when they found the cluster; afterwards the policy of the highest version counts. */
function policyText({ version, numberPattern, minimumBalanceMinor, maximumAmountMinor }: Policy): string {
  return `version ${version}, numbers ${numberPattern}, minimum ${minimumBalanceMinor}, maximum ${maximumAmountMinor}`;
}

/** A cluster keeps the shape that it was founded with. */
export function sayWhatIsRecorded({ buckets, replicas }: MembershipSettings, { settings }: Membership, logger: ProcessLogger): void {
  if (buckets === settings.buckets && replicas === settings.replicas) return;
  logger.warn({ buckets, replicas, founded: { buckets: settings.buckets, replicas: settings.replicas } }, 'the cluster was founded with other --buckets or --replicas than this process is told: what it was founded with counts');
}

/** @returns the last writing. */
export function keepMarks(member: LocalMember, store: IdentityStore, clock: Clock, logger: ProcessLogger): () => Promise<void> {
  let kept = JSON.stringify(member.marks.all());
  const keep = async (): Promise<void> => {
    const now = JSON.stringify(member.marks.all());
    if (now === kept) return;
    await store.saveMarks(member.marks.all());
    kept = now;
  };
  let timer: Timer | null = null;
  const again = (): void => {
    timer = clock.schedule(KEEP_MARKS_EVERY_MS, () => {
      keep().then(again, (error: unknown) => {
        logger.warn({ err: error }, 'the marks of other resource managers could not be written');
        again();
      });
    });
  };
  again();
  return async () => {
    timer?.cancel();
    await keep();
  };
}
