/** What may come next on a line of the repl: commands, then the options of the one that is there. */
import type { Command } from 'commander';

/** @returns what fits, and the part of the line that it replaces; readline's form */
export function completions(program: Command, line: string): [string[], string] {
  const words = line.split(/\s+/);
  const typed = words.pop() ?? '';
  let command = program;
  for (const word of words) command = command.commands.find((inner) => inner.name() === word) ?? command;
  const names = command.commands.map((inner) => inner.name());
  const options = [...command.options, ...program.options].flatMap(({ long }) => long ?? []);
  const offered = typed.startsWith('-') ? [...new Set(options)] : names;
  return [offered.filter((name) => name.startsWith(typed)).map((name) => `${name} `), typed];
}
