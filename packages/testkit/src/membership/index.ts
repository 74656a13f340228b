/** Clusters whose identities follow from numbers. */
export { FIRST_RUN, madeUpCluster, madeUpIncarnation, type MadeUpCluster } from './made-up-cluster';
