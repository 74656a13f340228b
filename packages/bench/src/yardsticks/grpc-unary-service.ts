/** The method of the unary yardstick: bytes in, the same bytes out, nothing else. */
import type { MethodDefinition } from '@grpc/grpc-js';

const same = (value: Buffer): Buffer => value;

export const ECHO: MethodDefinition<Buffer, Buffer> = {
  path: '/mas.bench.Echo/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
