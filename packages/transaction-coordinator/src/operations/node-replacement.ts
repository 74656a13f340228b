/** An operator says that the disk of a Resource Manager is lost; the meta group's leader records it (docs/adr/0011). */
import { META_GROUP, type ClusterNode } from '@mas/placement';
import type { Clock, RmId } from '@mas/values';
import type { Caller, Reply } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { failure, success, undone } from '../reply';
import type { BucketLink } from '../transport/bucket-link';

/** How long it is waited for a word of one that is said to be lost. */
const SIGN_OF_LIFE_MS = 1_000;

export class NodeReplacement {
  constructor(
    private readonly link: BucketLink,
    private readonly clock: Clock,
  ) {}

  async replace(caller: Caller, rm: number, meant: number | null): Promise<Reply<ClusterNode>> {
    const forbidden = operatorsOnly(caller.subject, 'The replacement of a Resource Manager');
    if (forbidden !== null) return forbidden;
    const { map } = this.link.placement();
    const known = map.resourceManagers.find((entry) => entry.rm === rm);
    if (known === undefined)
      return failure(
        'not-found',
        'UNKNOWN_RESOURCE_MANAGER',
        `The cluster has no rm-${rm}: its resource managers are ${map.resourceManagers.map((entry) => `rm-${entry.rm}`).join(', ')}.`,
      );
    const untilMs = Math.max(this.clock.monotonicMs() + 1, caller.deadlineMs);
    const counting = await this.counting(known.rm, untilMs);
    // Asked more than once where an answer is lost; a new disk may have been admitted in between, and is not meant.
    const lost = meant ?? counting;
    // The word typed again after an answer that was lost would otherwise hit that new disk. Who names one that does not count any more changes nothing.
    if (lost === counting && (await this.answers(known.rm, untilMs)))
      return failure(
        'failed-precondition',
        'RESOURCE_MANAGER_ANSWERS',
        `rm-${rm} answers, so its disk is not lost (or has been replaced already): nothing was changed. To replace it all the same, stop its process first.`,
      );
    const answer = await this.link.read(META_GROUP, { kind: 'replace-node', rm: known.rm, ordinal: lost, token: caller.token }, untilMs);
    switch (answer.kind) {
      case 'placement': {
        const node = answer.map?.cluster?.nodes.find((each) => each.rm === known.rm);
        return node === undefined
          ? failure('failed-precondition', 'CLUSTER_NOT_RECORDED', 'The meta group has no record of its nodes yet. Ask again in a moment.')
          : success(node);
      }
      default:
        return undone(answer);
    }
  }

  private async answers(rm: RmId, untilMs: number): Promise<boolean> {
    const timeoutMs = Math.min(SIGN_OF_LIFE_MS, Math.max(1, untilMs - this.clock.monotonicMs()));
    return (await this.link.follower.send(rm, { kind: 'status' }, timeoutMs)).kind === 'status';
  }

  /** Null: nobody knows of one yet. */
  private async counting(rm: RmId, untilMs: number): Promise<number | null> {
    const answer = await this.link.read(META_GROUP, { kind: 'placement' }, untilMs);
    return (answer.kind === 'placement' ? answer.map?.cluster?.nodes.find((each) => each.rm === rm)?.ordinal : undefined) ?? null;
  }
}
