/**
 * A union of names as a protobuf enum. Code 0 is proto3's "unspecified": it is never written and never accepted, so
 * that a forgotten field cannot pass for a value.
 */
export interface WireEnum<Name extends string> {
  readonly codes: Readonly<Record<Name, number>>;
  readonly names: readonly (Name | undefined)[];
}

export function wireEnum<Name extends string>(codes: Readonly<Record<Name, number>>): WireEnum<Name> {
  const names: (Name | undefined)[] = [];
  for (const name of Object.keys(codes) as Name[]) names[codes[name]] = name;
  return { codes, names: Array.from(names) };
}
