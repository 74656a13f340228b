/** What operators want of nodes and replicas: the meta group's leader carries it out or refuses it by name (docs/adr/0022). Repeating it changes nothing. */
import { META_GROUP, PlacementIndex, type LeaderDirectory, type NodeOrder } from '@mas/placement';
import type { Caller, OrderedNodes, Reply, RequestError } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { failure, success, undone } from '../reply';
import type { BucketLink } from '../transport/bucket-link';

/** The leader asks every node how it is, and every group who holds it, before it says yes. */
const SLOW_MS = 6_000;
const ALREADY_THERE: readonly string[] = ['NODE_EXISTS', 'NODE_ID_USED', 'ADDRESS_IN_USE', 'BUCKET_ID_USED'];
const INVALID: readonly string[] = ['REPLICAS_INVALID', 'SLOTS_INVALID', 'SAME_BUCKET'];

export class NodeOrdering {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
  ) {}

  async order(caller: Caller, order: NodeOrder): Promise<Reply<OrderedNodes>> {
    const forbidden = operatorsOnly(caller.subject, 'A change of nodes and replicas');
    if (forbidden !== null) return forbidden;
    const answer = await this.link.read(META_GROUP, { kind: 'node-order', order, token: caller.token }, caller.deadlineMs, SLOW_MS);
    switch (answer.kind) {
      case 'ordered':
        this.directory.adopt(new PlacementIndex(answer.map));
        return success({ placement: answer.map, steps: answer.steps, slots: answer.slots, estimate: answer.estimate });
      case 'order-refused':
        return failure(kindOf(answer.name), answer.name, answer.message);
      default:
        return undone(answer);
    }
  }
}

function kindOf(name: string): RequestError['kind'] {
  if (name === 'UNKNOWN_NODE' || name === 'UNKNOWN_BUCKET') return 'not-found';
  if (ALREADY_THERE.includes(name)) return 'already-exists';
  return INVALID.includes(name) ? 'invalid' : 'failed-precondition';
}
