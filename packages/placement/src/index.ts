export { LeaderDirectory, META_REPLICAS, type KnownLeader, type Leadership, type Witness } from './leader-directory';
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
