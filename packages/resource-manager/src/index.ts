export * from './applied-store';
export type * from './row-codec';
export type * from './token-verifier';
