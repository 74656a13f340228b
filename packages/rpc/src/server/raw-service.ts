/**
 * Service definitions whose messages stay bytes: codecs run inside the handlers, where what is malformed becomes a
 * refusal with a reason instead of grpc's bare INTERNAL, and where nothing is copied twice.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

export type RawService<Definition> = { readonly [Method in keyof Definition]: MethodDefinition<Buffer, Buffer> };

const identity = (bytes: Buffer): Buffer => bytes;

export function rawService<Definition extends ServiceDefinition>(definition: Definition): RawService<Definition> {
  const raw = Object.entries(definition).map(([name, method]) => [
    name,
    { ...method, requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity, responseDeserialize: identity },
  ]);
  return Object.fromEntries(raw) as RawService<Definition>;
}
