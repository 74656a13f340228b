export type { Applier } from './applier';
export { GroupStopped, isGroupStopped } from './applier';
export { spreadEvenly } from './balance/preference';
export { InvalidMultiRaftConfig, multiRaftConfig, validateMultiRaftConfig, type MultiRaftConfig, type MultiRaftConfigError } from './config';
export { ReplicaUnusable } from './group/start-plan';
export type * from './host';
export type { HostFailure, HostPorts, LeaderPreference } from './host-ports';
export { LogDamaged, type LogRecovery, type LogStart, type LogStats, type LogStore, type LogWrite } from './log-store';
export { MultiRaftHost } from './multi-raft-host';
export { EMPTY_BATCH } from './peer-transport';
export type * from './peer-transport';
export type { TransportPair } from './contract/contract-parts';
export { peerTransportContract } from './contract/peer-transport-contract';
// For simulators and tests of other packages.
export { JournalApplier, JournalStore, type JournalOptions } from './testing/journal-applier';
export { MemoryLogDisk, MemoryLogStore, type MemoryLogOptions } from './testing/memory-log';
export { MemoryNetwork, MemoryTransport, type LinkState, type NetworkConditions } from './testing/memory-network';
export { ProcessClock } from './testing/process-clock';
export { VirtualClock } from './testing/virtual-clock';
