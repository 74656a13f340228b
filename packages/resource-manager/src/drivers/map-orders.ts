/** What the placement map orders, and who leads the meta group as the one who is told how it ended (docs/adr/0029). */
import { movesOf, wishesOf, type LeaderDirectory, type PlacementMap, type SlotsMove } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import type { BucketId, Logger } from '@mas/values';
import type { OrderedMoves } from './move-carrier';

export interface MapOrdersPorts {
  readonly directory: LeaderDirectory;
  /** To whoever leads the meta group. */
  readonly ask: (request: ParticipantRequest) => Promise<ParticipantReply>;
  readonly onMap: (map: PlacementMap) => void;
  readonly logger: Logger;
}

export class MapOrders implements OrderedMoves {
  constructor(private readonly ports: MapOrdersPorts) {}

  from(bucket: BucketId): readonly SlotsMove[] {
    return movesOf(this.ports.directory.placement().map).filter((move) => move.from === bucket);
  }

  isPaused(): boolean {
    return wishesOf(this.ports.directory.placement().map).isPaused;
  }

  /** Where it is not heard it is told again: the map still has the move then. */
  async ended(move: number, end: 'adopted' | 'declined'): Promise<void> {
    const reply = await this.ports.ask({ kind: 'end-move', move, isAdopted: end === 'adopted' });
    if (reply.kind !== 'placement') this.ports.logger.debug({ move, end, reply: reply.kind }, 'the meta group does not hear yet that a move of slots is over');
    else if (reply.map !== null) this.ports.onMap(reply.map);
  }
}
