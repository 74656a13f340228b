/** The port between Resource Managers: its contract, and a network in memory under it. */
export type { TransportPair } from './contract-parts';
export { MemoryNetwork, MemoryTransport, type LinkState, type NetworkConditions } from './memory-network';
export { peerTransportContract } from './peer-transport-contract';
