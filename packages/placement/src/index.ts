export { LeaderDirectory, META_REPLICAS } from './leader-directory';
export { genesisPlacement, META_GROUP, PlacementIndex, type BucketPlacement, type PlacementMap, type ResourceManagerAddress } from './placement-map';
export { homeSlotOf, homeSlotOfKey, slotOfAccount } from './slot-of';
