/** What a command needs once it connects, and nothing before: help and completion wait for no gRPC, which is half of what there is to load. */
export { MasCallFailed, MasClient, readStatement } from '@mas/client';
export { requireModernTls } from '../platform/tls-policy';
