/** mas.v1.NodeService: what operators ask about the cluster. Every method needs an operator's token. */
import type { Caller, CoordinatorService, Reply } from '@mas/transaction-coordinator';
import type { NodeOrder } from '@mas/placement';
import { writeNode } from '../codec/placement-messages';
import type { ServiceMethods } from '../door/methods';
import { accepted, invalid } from '../errors/request-errors';
import * as proto from '../generated/mas/v1/node_service';
import { writeClusterStatus, writeOrderedNodes, writeUndecided } from '../public/node-messages';
import { writeOnePayment } from '../public/payment-messages';
import { validAccount, validTxn } from '../validate/validate-ids';
import { validAddition, validDrain, validMove, validRebalance, validRemoval } from '../validate/validate-nodes';
import { validNewBucket, validRetiring, validSlots } from '../validate/validate-slots';
import { auditStream } from './audit-stream';
import { backupStream } from './backup-stream';
import { requireOperator, type ClientEdge } from './client-edge';

export function nodeService(edge: ClientEdge, coordinator: CoordinatorService): ServiceMethods {
  return {
    getClusterStatus: edge.unary({
      decode: (bytes) => proto.GetClusterStatusRequest.decode(bytes),
      run: (caller) => asOperator(caller, () => coordinator.clusterStatus(caller)),
      write: writeClusterStatus,
    }),
    addNode: edge.unary({
      decode: (bytes) => proto.AddNodeRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validAddition(request)),
      write: writeOrderedNodes,
    }),
    drainNode: edge.unary({
      decode: (bytes) => proto.DrainNodeRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validDrain(request)),
      write: writeOrderedNodes,
    }),
    removeNode: edge.unary({
      decode: (bytes) => proto.RemoveNodeRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validRemoval(request)),
      write: writeOrderedNodes,
    }),
    moveReplica: edge.unary({
      decode: (bytes) => proto.MoveReplicaRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validMove(request)),
      write: writeOrderedNodes,
    }),
    rebalance: edge.unary({
      decode: (bytes) => proto.RebalanceRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validRebalance(request)),
      write: writeOrderedNodes,
    }),
    addBucket: edge.unary({
      decode: (bytes) => proto.AddBucketRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validNewBucket(request)),
      write: writeOrderedNodes,
    }),
    moveSlots: edge.unary({
      decode: (bytes) => proto.MoveSlotsRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validSlots(request)),
      write: writeOrderedNodes,
    }),
    retireBucket: edge.unary({
      decode: (bytes) => proto.RetireBucketRequest.decode(bytes),
      run: (caller, request) => ordered(coordinator, caller, validRetiring(request)),
      write: writeOrderedNodes,
    }),
    pauseMoves: edge.unary({
      decode: (bytes) => proto.PauseMovesRequest.decode(bytes),
      run: (caller) => ordered(coordinator, caller, accepted({ kind: 'pause-moves', isPaused: true })),
      write: writeOrderedNodes,
    }),
    resumeMoves: edge.unary({
      decode: (bytes) => proto.ResumeMovesRequest.decode(bytes),
      run: (caller) => ordered(coordinator, caller, accepted({ kind: 'pause-moves', isPaused: false })),
      write: writeOrderedNodes,
    }),
    cancelMoves: edge.unary({
      decode: (bytes) => proto.CancelMovesRequest.decode(bytes),
      run: (caller) => ordered(coordinator, caller, accepted({ kind: 'cancel-moves' })),
      write: writeOrderedNodes,
    }),
    replaceNode: edge.unary({
      decode: (bytes) => proto.ReplaceNodeRequest.decode(bytes),
      run: (caller, { rm, ordinal }) => asOperator(caller, () => coordinator.replaceNode(caller, rm, ordinal ?? null)),
      write: (writer, node) => writer.message(1, node, writeNode),
    }),
    audit: auditStream(edge, coordinator),
    backup: backupStream(edge, coordinator),
    listUndecided: edge.unary({
      decode: (bytes) => proto.ListUndecidedRequest.decode(bytes),
      run: (caller) => asOperator(caller, () => coordinator.undecided(caller)),
      write: writeUndecided,
    }),
    resolveTransaction: edge.unary({
      decode: (bytes) => proto.ResolveTransactionRequest.decode(bytes),
      run: (caller, request) => asOperator(caller, () => resolve(coordinator, caller, request)),
      write: writeOnePayment,
    }),
  };
}

/** Who may not is told so before what is wrong with it. */
async function ordered(coordinator: CoordinatorService, caller: Caller, order: Reply<NodeOrder>): ReturnType<CoordinatorService['orderNodes']> {
  return asOperator(caller, async () => (order.ok ? coordinator.orderNodes(caller, order.value) : order));
}

async function asOperator<Answer>(caller: Caller, run: () => Promise<Reply<Answer>>): Promise<Reply<Answer>> {
  const operator = requireOperator(caller.subject);
  return operator.ok ? run() : operator;
}

async function resolve(
  coordinator: CoordinatorService,
  caller: Caller,
  { transaction }: proto.ResolveTransactionRequest,
): ReturnType<CoordinatorService['resolve']> {
  if (transaction === undefined) return invalid('TXN_INVALID', 'transaction', 'Name the transaction by its id and an account that has a leg of it.');
  const txn = validTxn(transaction.txn, 'transaction.txn');
  if (!txn.ok) return txn;
  const account = validAccount(transaction.account, 'transaction.account');
  return account.ok ? coordinator.resolve(caller, txn.value, account.value) : account;
}
