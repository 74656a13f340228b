/** The messages and methods of mas.v1, from the descriptors that the proto files compile to. */
import { createFileRegistry, fromBinary, type DescField, type DescMessage, type DescMethod, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DESCRIPTOR_SET_BASE64 } from '@mas/rpc';
import { invariant } from '@mas/values';

export const REGISTRY: FileRegistry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET_BASE64, 'base64')));

/** @param path `Service/Method` of mas.v1 */
export function methodOf(path: string): DescMethod {
  const [service = '', name = ''] = path.split('/');
  const method = REGISTRY.getService(`mas.v1.${service}`)?.methods.find((one) => one.name === name);
  invariant(method !== undefined, `the protocol has no method ${path}`);
  return method;
}

/** @param name as in JSON */
export function fieldOf(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.jsonName === name);
}
