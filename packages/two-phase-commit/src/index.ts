export type * from './participant-protocol';
