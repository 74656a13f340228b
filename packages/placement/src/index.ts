export { LeaderDirectory, META_REPLICAS } from './leader-directory';
export { genesisPlacement, membersOfMap, META_GROUP, PlacementIndex, type BucketPlacement, type ClusterNode, type ClusterRecord, type PlacementMap, type ResourceManagerAddress } from './placement-map';
export { homeSlotOf, homeSlotOfKey, slotOfAccount } from './slot-of';
