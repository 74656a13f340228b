/** The form of operators' orders of nodes and replicas; whether they are possible is for the meta group's leader to say. */
import { MAX_REPLICAS, META_GROUP, type NodeOrder } from '@mas/placement';
import type { Reply } from '@mas/transaction-coordinator';
import { bucketId, MAX_BUCKET_ID, rmId, type BucketId, type RmId } from '@mas/values';
import { accepted, invalid } from '../errors/request-errors';
import type * as proto from '../generated/mas/v1/node_service';

const MAX_RM = 0xffff;
const MAX_ADDRESS_LENGTH = 261;
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;
const MAX_PORT = 0xffff;

export function validAddition({ rm, address }: proto.AddNodeRequest): Reply<NodeOrder> {
  const node = validRm(rm, 'rm');
  if (!node.ok) return node;
  const port = Number(ADDRESS.exec(address)?.[2] ?? 0);
  if (address.length > MAX_ADDRESS_LENGTH || port < 1 || port > MAX_PORT)
    return invalid(
      'ADDRESS_INVALID',
      'address',
      'An address is host:port as the other nodes dial it, such as rm-4.example:50071; an IPv6 address stands in brackets.',
    );
  return accepted({ kind: 'add', rm: node.value, address });
}

export function validDrain({ rm, undo }: proto.DrainNodeRequest): Reply<NodeOrder> {
  const node = validRm(rm, 'rm');
  return node.ok ? accepted({ kind: 'drain', rm: node.value, isDraining: !undo }) : node;
}

export function validRemoval({ rm, dead }: proto.RemoveNodeRequest): Reply<NodeOrder> {
  const node = validRm(rm, 'rm');
  return node.ok ? accepted({ kind: 'remove', rm: node.value, isDead: dead }) : node;
}

export function validMove({ bucket, from, to }: proto.MoveReplicaRequest): Reply<NodeOrder> {
  const group = validGroup(bucket);
  if (!group.ok) return group;
  const source = validRm(from, 'from');
  if (!source.ok) return source;
  const target = validRm(to, 'to');
  if (!target.ok) return target;
  if (from === to) return invalid('NODES_EQUAL', 'to', 'A replica moves to another node than the one that it is on.');
  return accepted({ kind: 'move', bucket: group.value, from: source.value, to: target.value });
}

export function validRebalance({ replicas, dryRun, stop, slots }: proto.RebalanceRequest): Reply<NodeOrder> {
  if (stop)
    return dryRun || slots || replicas !== undefined ? invalid('STOP_ALONE', 'stop', 'Stopping takes no other wish.') : accepted({ kind: 'stop-rebalance' });
  if (replicas !== undefined && (replicas < 1 || replicas > MAX_REPLICAS))
    return invalid('REPLICAS_INVALID', 'replicas', `A bucket has 1 to ${MAX_REPLICAS} replicas.`);
  return accepted({ kind: 'rebalance', replicas: replicas ?? null, ofSlots: slots, isDryRun: dryRun });
}

export function validRm(rm: number, field: string): Reply<RmId> {
  return rm >= 1 && rm <= MAX_RM
    ? accepted(rmId(rm))
    : invalid('RESOURCE_MANAGER_INVALID', field, `A resource manager is named by its number, 1 to ${MAX_RM}.`);
}

function validGroup(bucket: number): Reply<BucketId> {
  if (bucket === META_GROUP) return accepted(META_GROUP);
  return bucket <= MAX_BUCKET_ID ? accepted(bucketId(bucket)) : invalid('BUCKET_INVALID', 'bucket', 'A bucket is named by its number; 0 is the meta group.');
}
