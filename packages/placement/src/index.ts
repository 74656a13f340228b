export { LeaderDirectory, type KnownLeader, type Leadership, type Witness } from './leader-directory';
export {
  genesisPlacement,
  membersOfMap,
  META_GROUP,
  PlacementIndex,
  txnVersionOf,
  type BucketPlacement,
  type ClusterNode,
  type ClusterRecord,
  type PlacementMap,
  type ResourceManagerAddress,
} from './placement-map';
export { ASK_OTHERS_MS, QUESTION_MS, RouteSearch, type AttemptEnd, type Route, type RouteStep } from './route-search';
export { homeSlotOf, homeSlotOfKey, slotOfAccount } from './slot-of';
export { preferredLeaders } from './preferred-leaders';
export { changeNodes, MAX_NODES, MAX_REPLICAS, nameOf, type NodeChange, type NodeRefusal } from './node-changes';
export { planReplicas, replicasAfter, type PlanStep } from './replica-plan';
export { META_REPLICAS, nodesOf, placements, rosterOf, type NodeEntry, type NodeState, type Placed, type Roster } from './roster';
export type { NodeOrder } from './node-order';
export { changeMap, type MapChange, type MapRefusal } from './map-changes';
export { MAX_BUCKETS, MAX_MOVES, MAX_MOVES_PER_BUCKET, type SlotsChange, type SlotsRefusal } from './slots-changes';
export { planBucket } from './bucket-plan';
export { estimateMoves, type BucketSize, type MovesEstimate } from './moves-estimate';
export { EVENLY, nextSteps, planSlots, type SlotsTarget } from './slots-plan';
export { isBalanced, planWishes } from './wishes-plan';
export { MAX_WANTED, wishesOf, type SlotsWishes } from './slots-wishes';
export type { WishChange } from './wish-changes';
export {
  bucketsWithRows,
  countSlots,
  founderOf,
  isRetired,
  laterBucketsOf,
  movesOf,
  type FoundingBucket,
  type LaterBuckets,
  type SlotsMove,
  type SlotsStep,
} from './slots-move';
