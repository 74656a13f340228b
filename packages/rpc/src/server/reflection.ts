/**
 * gRPC server reflection, v1 and v1alpha (same messages), over the descriptor set that was built with the code. Answers
 * a question for a file with the file and everything it imports, so that a client needs to ask once.
 */
import type { handleBidiStreamingCall, MethodDefinition } from '@grpc/grpc-js';
import { DESCRIPTOR_SET_BASE64 } from '../generated/descriptor-set';
import { ServerReflectionRequest, ServerReflectionResponse } from '../generated/grpc/reflection/v1/reflection';
import { DescriptorIndex } from './descriptor-index';

const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const INVALID_ARGUMENT = 3;

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/** Both service definitions with their one method; mount them with `reflectionHandler`. */
export const REFLECTION_SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'].map((service) => ({ serverReflectionInfo: method(service) }));

export function reflectionHandler(services: readonly string[]): handleBidiStreamingCall<ServerReflectionRequest, ServerReflectionResponse> {
  const index = new DescriptorIndex(Buffer.from(DESCRIPTOR_SET_BASE64, 'base64'));
  return (stream) => {
    stream.on('data', (request: ServerReflectionRequest) => {
      stream.write({ validHost: request.host, originalRequest: request, messageResponse: answer(index, services, request) });
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => undefined);
  };
}

function answer(index: DescriptorIndex, services: readonly string[], { messageRequest }: ServerReflectionRequest): Answer {
  switch (messageRequest?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: services.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index.fileWithImports(messageRequest.value), messageRequest.value);
    case 'fileContainingSymbol':
      return files(index.fileWithImports(index.fileOfSymbol(messageRequest.value) ?? ''), messageRequest.value);
    case 'fileContainingExtension':
    case 'allExtensionNumbersOfType':
      return failed(UNIMPLEMENTED, 'proto3 has no extensions');
    case undefined:
      return failed(INVALID_ARGUMENT, 'the request asks nothing');
  }
}

function files(descriptors: readonly Buffer[], name: string): Answer {
  return descriptors.length === 0 ? failed(NOT_FOUND, `nothing is known of ${name}`) : { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...descriptors] } };
}

function failed(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}

function method(service: string): MethodDefinition<ServerReflectionRequest, ServerReflectionResponse> {
  return {
    path: `/${service}/ServerReflectionInfo`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (value) => Buffer.from(ServerReflectionRequest.encode(value).finish()),
    requestDeserialize: (bytes) => ServerReflectionRequest.decode(bytes),
    responseSerialize: (value) => Buffer.from(ServerReflectionResponse.encode(value).finish()),
    responseDeserialize: (bytes) => ServerReflectionResponse.decode(bytes),
  };
}
