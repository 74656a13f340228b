/**
 * Which file of a google.protobuf.FileDescriptorSet defines a symbol, and what it imports. Reads only names, so it
 * walks the binary form itself: FileDescriptorSet.file = 1; FileDescriptorProto name = 1, package = 2, dependency = 3,
 * message_type = 4, enum_type = 5, service = 6; in each of those name = 1; nested_type = 3, enum_type = 4 in a
 * message; method = 2 in a service.
 */
import { BinaryReader } from '@bufbuild/protobuf/wire';

interface FileEntry {
  readonly bytes: Buffer;
  readonly imports: readonly string[];
}

export class DescriptorIndex {
  private readonly files = new Map<string, FileEntry>();
  private readonly fileBySymbol = new Map<string, string>();

  constructor(descriptorSet: Buffer) {
    for (const bytes of fieldsOf(descriptorSet).get(1) ?? []) this.addFile(bytes);
  }

  fileOfSymbol(symbol: string): string | undefined {
    return this.fileBySymbol.get(symbol);
  }

  /** The file first, then everything it imports, each once. Empty when there is no such file. */
  fileWithImports(name: string): readonly Buffer[] {
    const seen = new Set<string>();
    const visit = (each: string): readonly Buffer[] => {
      const file = this.files.get(each);
      if (file === undefined || seen.has(each)) return [];
      seen.add(each);
      return [file.bytes, ...file.imports.flatMap(visit)];
    };
    return visit(name);
  }

  private addFile(bytes: Buffer): void {
    const fields = fieldsOf(bytes);
    const name = textOf(fields.get(1)?.[0]);
    const prefix = textOf(fields.get(2)?.[0]);
    this.files.set(name, { bytes, imports: (fields.get(3) ?? []).map(textOf) });
    for (const message of fields.get(4) ?? []) this.addMessage(message, prefix, name);
    for (const each of fields.get(5) ?? []) this.addNamed(each, prefix, name);
    for (const service of fields.get(6) ?? []) {
      const symbol = this.addNamed(service, prefix, name);
      for (const method of fieldsOf(service).get(2) ?? []) this.addNamed(method, symbol, name);
    }
  }

  private addMessage(bytes: Buffer, prefix: string, file: string): void {
    const symbol = this.addNamed(bytes, prefix, file);
    const fields = fieldsOf(bytes);
    for (const nested of fields.get(3) ?? []) this.addMessage(nested, symbol, file);
    for (const nested of fields.get(4) ?? []) this.addNamed(nested, symbol, file);
  }

  private addNamed(bytes: Buffer, prefix: string, file: string): string {
    const symbol = `${prefix}.${textOf(fieldsOf(bytes).get(1)?.[0])}`;
    this.fileBySymbol.set(symbol, file);
    return symbol;
  }
}

/** Length-delimited fields of a message by number. */
function fieldsOf(bytes: Buffer): ReadonlyMap<number, readonly Buffer[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Buffer[]>();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === 2) {
      const values = fields.get(field) ?? [];
      values.push(Buffer.from(reader.bytes()));
      fields.set(field, values);
    } else {
      reader.skip(wireType, field);
    }
  }
  return fields;
}

function textOf(bytes: Buffer | undefined): string {
  return bytes?.toString('utf8') ?? '';
}
