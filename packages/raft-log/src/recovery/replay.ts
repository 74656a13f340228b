/** Records in order → groups. Knows what each type of record does; leaves where they lie and whether they are intact to recover-log.ts. */
import { bucketId, type BucketId } from '@mas/values';
import { BodyMalformed, decodeCompact, decodeState, decodeWrite } from '../format/bodies';
import { RECORD_TYPES } from '../format/record-format';
import type { GroupLog } from '../group/group-log';
import { ReplayedGroup } from './replayed-group';

export class Replay {
  private readonly groups = new Map<BucketId, ReplayedGroup>();

  /** @throws BodyMalformed when the record makes no sense after those before it. */
  record(type: number, groupNumber: number, body: Buffer, segment: number): void {
    if (type === RECORD_TYPES.seal) return;
    const group = bucketId(groupNumber);
    switch (type) {
      case RECORD_TYPES.write:
        // A copy, because the entries keep these bytes and would otherwise keep the whole segment in memory.
        return this.known(group).write(decodeWrite(Buffer.from(body)), segment);
      case RECORD_TYPES.start:
        return this.start(group, body);
      case RECORD_TYPES.state:
        return this.restate(group, body);
      case RECORD_TYPES.compact:
        return this.known(group).compact(decodeCompact(body));
      case RECORD_TYPES.remove:
        this.known(group);
        this.groups.delete(group);
        return;
      default:
        throw new BodyMalformed(`record type ${type} is unknown; it may come from a newer version`);
    }
  }

  finish(): Map<BucketId, GroupLog> {
    const logs = new Map<BucketId, GroupLog>();
    for (const [group, replayed] of this.groups) {
      try {
        logs.set(group, replayed.finish());
      } catch (error) {
        if (error instanceof BodyMalformed) throw new BodyMalformed(`group ${group}: ${error.message}`);
        throw error;
      }
    }
    return logs;
  }

  private start(group: BucketId, body: Buffer): void {
    const state = decodeState(body);
    const known = this.groups.get(group);
    if (known === undefined) this.groups.set(group, new ReplayedGroup(state));
    else known.start(state);
  }

  private restate(group: BucketId, body: Buffer): void {
    const state = decodeState(body);
    const known = this.groups.get(group);
    if (known === undefined) this.groups.set(group, new ReplayedGroup(state));
    else known.expect(state);
  }

  private known(group: BucketId): ReplayedGroup {
    const known = this.groups.get(group);
    if (known === undefined) throw new BodyMalformed(`a record of group ${group}, which the log has not introduced`);
    return known;
  }
}
