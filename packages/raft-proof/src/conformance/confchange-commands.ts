/** The commands of configuration change traces: the changer alone, without a group. */
import { logIndex, NO_LIMIT, type ConfChangeStep, type NodeId, type ProgressStatus } from '@mas/raft';
import {
  changeSimply,
  enterJoint,
  leaveJointConfiguration,
  type ConfChangeRefusal,
  type Membership,
  type MembershipResult,
} from '@mas/raft/internals/confchange/changer';
import { progressStatus } from '@mas/raft/internals/node/status';
import { describeConfiguration, EMPTY_CONFIGURATION } from '@mas/raft/internals/tracker/configuration';
import { changesFromText } from './changes-from-text';
import { describeProgress } from './describe-state';
import { valuesOf, type TraceBlock } from './trace-file';

const REFUSALS: Readonly<Record<ConfChangeRefusal, string>> = {
  'already-joint': 'config is already joint',
  'not-joint': "can't leave a non-joint config",
  'zero-voters-joint': "can't make a zero-voter config joint",
  'simple-while-joint': "can't apply simple config change in joint config",
  'removed-all-voters': 'removed all voters',
  'several-voters-changed': 'more than one voter changed without entering joint config',
};
const LIMITS = { maxMessages: 10, maxBytes: NO_LIMIT };

export class ConfChangeEnvironment {
  private membership: Membership = { configuration: EMPTY_CONFIGURATION, progress: new Map() };
  /** Counts the commands, so that `next` of a member tells when it was added. */
  private lastIndex = 0;

  run(block: TraceBlock): string {
    try {
      const steps = changesFromText(block.input);
      if (block.command === 'leave-joint' && steps.length > 0) return 'this command takes no input';
      const changed = this.change(block, steps);
      if (changed === undefined) return 'unknown command';
      if (!changed.ok) return REFUSALS[changed.error];
      this.membership = changed.value;
      return this.describe();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.lastIndex += 1;
    }
  }

  private change(block: TraceBlock, steps: readonly ConfChangeStep[]): MembershipResult | undefined {
    const context = { lastIndex: logIndex(this.lastIndex), limits: LIMITS };
    switch (block.command) {
      case 'simple':
        return changeSimply(this.membership, steps, context);
      case 'enter-joint':
        return enterJoint(this.membership, steps, valuesOf(block, 'autoleave')?.[0] === 'true', context);
      case 'leave-joint':
        return leaveJointConfiguration(this.membership);
      default:
        return undefined;
    }
  }

  private describe(): string {
    const progress = new Map<NodeId, ProgressStatus>();
    for (const [id, one] of this.membership.progress) progress.set(id, progressStatus(one));
    return `${describeConfiguration(this.membership.configuration)}\n${describeProgress(progress)}`;
  }
}
