export type * from './applier';
export { InvalidMultiRaftConfig, multiRaftConfig, validateMultiRaftConfig, type MultiRaftConfig, type MultiRaftConfigError } from './config';
export type * from './host';
export type { HostFailure, HostPorts, LeaderPreference } from './host-ports';
export { LogDamaged, type LogRecovery, type LogStart, type LogStats, type LogStore, type LogWrite } from './log-store';
export { MultiRaftHost } from './multi-raft-host';
export type * from './peer-transport';
