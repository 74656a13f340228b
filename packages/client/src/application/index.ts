/** What the package exports to applications. */
export { Client } from './client';
export { digitsOf, toDecimal, toMinor } from './money';
export type { ClientError, ErrorKind, Outcome } from './outcome';
export type * from './types';
