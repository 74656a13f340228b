/**
 * The form of a trace file: comments and empty lines, then blocks of
 *   a command line (a trailing backslash continues it), input lines, `----`, the expected output, an empty line.
 * An output that itself holds empty lines stands between two pairs of `----`.
 */
export interface TraceBlock {
  readonly command: string;
  readonly args: readonly TraceArgument[];
  readonly input: string;
  readonly expected: string;
  /** Of the command line, from 1. */
  readonly line: number;
}

/** `key`, `key=value` or `key=(value, value)`. */
export interface TraceArgument {
  readonly key: string;
  readonly values: readonly string[];
}

const SEPARATOR = '----';

/** @throws Error naming the line where the text is no trace. */
export function parseTrace(text: string): readonly TraceBlock[] {
  const lines = text.split('\n');
  const blocks: TraceBlock[] = [];
  let at = 0;
  while (at < lines.length) {
    const start = lines[at] ?? '';
    if (start.trim() === '' || start.startsWith('#')) {
      at += 1;
      continue;
    }
    const line = at + 1;
    let head = start.trim();
    at += 1;
    for (; head.endsWith('\\') && at < lines.length; at += 1) head = `${head.slice(0, -1)} ${(lines[at] ?? '').trim()}`;
    const separator = lines.indexOf(SEPARATOR, at);
    if (separator < 0) throw new Error(`line ${line}: no ${SEPARATOR} after the command`);
    const input = lines.slice(at, separator).join('\n');
    const output = readOutput(lines, separator + 1);
    at = output.next;
    blocks.push({ ...parseCommand(head, line), input, expected: output.text, line });
  }
  return blocks;
}

function readOutput(lines: readonly string[], from: number): { readonly text: string; readonly next: number } {
  if (lines[from] === SEPARATOR) {
    let end = from + 1;
    while (end < lines.length && !(lines[end] === SEPARATOR && lines[end + 1] === SEPARATOR)) end += 1;
    return { text: lines.slice(from + 1, end).join('\n'), next: end + 2 };
  }
  let end = from;
  while (end < lines.length && (lines[end] ?? '').trim() !== '') end += 1;
  return { text: lines.slice(from, end).join('\n'), next: end };
}

function parseCommand(head: string, line: number): Pick<TraceBlock, 'command' | 'args'> {
  const tokens = head.match(/[^\s=()]+(?:=(?:\([^)]*\)|\S+))?/g) ?? [];
  const [command, ...rest] = tokens;
  if (command === undefined) throw new Error(`line ${line}: no command`);
  return { command, args: rest.map(parseArgument) };
}

function parseArgument(token: string): TraceArgument {
  const equals = token.indexOf('=');
  if (equals < 0) return { key: token, values: [] };
  const value = token.slice(equals + 1);
  const values = value.startsWith('(')
    ? value
        .slice(1, -1)
        .split(',')
        .map((one) => one.trim())
    : [value];
  return { key: token.slice(0, equals), values: values.filter((one) => one !== '') };
}

/** The values of one argument; undefined when it is not given. */
export function valuesOf(block: TraceBlock, key: string): readonly string[] | undefined {
  return block.args.find((argument) => argument.key === key)?.values;
}

/** The arguments without a value, as numbers: the nodes that a command is about. */
export function numbersOf(block: TraceBlock): readonly number[] {
  return block.args.filter((argument) => argument.values.length === 0).map((argument) => Number(argument.key));
}
