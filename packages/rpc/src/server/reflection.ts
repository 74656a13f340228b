/**
 * gRPC server reflection, v1 and v1alpha (same messages), over the descriptor set that was built with the code. Answers
 * a question for a file with the file and everything it imports, so that a client needs to ask once.
 */
import { status as Code } from '@grpc/grpc-js';
import { everybody, type GuestLimits, type ServerStream, type StreamMethod } from '../door/methods';
import { DESCRIPTOR_SET_BASE64 } from '../generated/descriptor-set';
import { ServerReflectionRequest, ServerReflectionResponse } from '../generated/grpc/reflection/v1/reflection';
import { DescriptorIndex } from './descriptor-index';

const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const INVALID_ARGUMENT = 3;

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/** Of all strangers together: a tool asks a handful of questions and goes. */
const GUESTS: GuestLimits = { maxOpen: 20, maxOpenPerConnection: 4, maxMessageBytes: 4096, lifetimeMs: 10_000 };
const MAX_QUESTIONS = 1_000;

/** By path, under both names. */
export function reflectionMethods(services: readonly string[]): ReadonlyMap<string, StreamMethod> {
  const index = new DescriptorIndex(Buffer.from(DESCRIPTOR_SET_BASE64, 'base64'));
  const method: StreamMethod = { kind: 'stream', guests: GUESTS, begin: () => everybody((stream) => converse(stream, index, services)) };
  return new Map(['v1', 'v1alpha'].map((version) => [`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, method]));
}

/** One answer at a time: the next question is not read before the answer to the last has been taken. */
function converse(stream: ServerStream, index: DescriptorIndex, services: readonly string[]): void {
  let questions = 0;
  let ended = false;
  let answering = false;
  stream.listen({
    message: (bytes, release) => {
      questions += 1;
      if (questions > MAX_QUESTIONS) return stream.end({ code: Code.RESOURCE_EXHAUSTED, details: `One stream asks at most ${MAX_QUESTIONS} questions.` });
      const request = decoded(bytes);
      if (request === undefined) return stream.end({ code: Code.INVALID_ARGUMENT, details: 'The request is not a ServerReflectionRequest.' });
      answering = true;
      stream.pause();
      const response = ServerReflectionResponse.encode({
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(index, services, request),
      });
      stream.write(Buffer.from(response.finish()), () => {
        release();
        answering = false;
        stream.resume();
        if (ended) stream.end();
      });
    },
    end: () => {
      ended = true;
      if (!answering) stream.end();
    },
    closed: () => undefined,
  });
}

function decoded(bytes: Buffer): ServerReflectionRequest | undefined {
  try {
    return ServerReflectionRequest.decode(bytes);
  } catch {
    return undefined;
  }
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
  return descriptors.length === 0
    ? failed(NOT_FOUND, `nothing is known of ${name}`)
    : { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...descriptors] } };
}

function failed(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
