/** What stands before a definition in the proto files: descriptors keep it by the definition's place, google.protobuf.SourceCodeInfo. */
import type { DescField, DescFile, DescMessage, DescMethod } from '@bufbuild/protobuf';

/** Field numbers in FileDescriptorProto, DescriptorProto and ServiceDescriptorProto. */
const [MESSAGES, SERVICES, NESTED, FIELDS, METHODS] = [4, 6, 3, 2, 2];

const cache = new Map<DescFile, ReadonlyMap<string, string>>();

/** One line; empty: there is none. */
export function commentOf(definition: DescMessage | DescField | DescMethod): string {
  const file = definition.kind === 'message' ? definition.file : definition.parent?.file;
  if (file === undefined) return '';
  let comments = cache.get(file);
  if (comments === undefined) {
    comments = new Map(
      (file.proto.sourceCodeInfo?.location ?? []).map(({ path, leadingComments }) => [path.join('.'), leadingComments.replace(/\s+/g, ' ').trim()]),
    );
    cache.set(file, comments);
  }
  return comments.get(placeOf(definition).join('.')) ?? '';
}

function placeOf(definition: DescMessage | DescField | DescMethod): readonly number[] {
  switch (definition.kind) {
    case 'message':
      return definition.parent === undefined
        ? [MESSAGES, definition.file.proto.messageType.indexOf(definition.proto)]
        : [...placeOf(definition.parent), NESTED, definition.parent.proto.nestedType.indexOf(definition.proto)];
    case 'field':
      return [...placeOf(definition.parent), FIELDS, definition.parent.proto.field.indexOf(definition.proto)];
    case 'rpc':
      return [
        SERVICES,
        definition.parent.file.proto.service.indexOf(definition.parent.proto),
        METHODS,
        definition.parent.proto.method.indexOf(definition.proto),
      ];
  }
}
