export type * from './applier';
export type * from './host';
export { LogDamaged, type LogRecovery, type LogStart, type LogStats, type LogStore, type LogWrite } from './log-store';
export type * from './peer-transport';
