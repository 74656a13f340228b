/** The settings and options of `mas`, as Markdown, from what `--help` prints them from. */
import type { Command } from 'commander';
import { SETTINGS, serverProgram, shownDefault } from '../program';

/** Of those who run one process; what several have alike stands once. */
export function settingsTable(): string {
  const rows = new Map<string, string[]>();
  for (const [command, settings] of Object.entries(SETTINGS)) {
    for (const one of Object.values(settings)) {
      const cells = [`\`--${one.flag} ${one.placeholder}\``, `\`${one.variable}\``, quoted(shownDefault(one)), one.help].map(escaped);
      const key = cells.join('\0');
      rows.set(key, [...(rows.get(key) ?? []), command]);
    }
  }
  const body = [...rows].map(([key, commands]) => {
    const [flag, variable, fallback, help] = key.split('\0');
    return `| ${flag} | ${variable} | ${fallback} | ${commands.join(', ')} | ${help} |`;
  });
  return ['| flag | variable | default | of | meaning |', '|---|---|---|---|---|', ...body].join('\n');
}

/** Of all other commands. The caller's environment has no `MAS_*` variables: they change defaults. */
export function optionsTable(): string {
  const body = serverProgram()
    .commands.filter((command) => !Object.hasOwn(SETTINGS, command.name()))
    .flatMap((command) => rowsOf('mas', command));
  return ['| command | option | default | meaning |', '|---|---|---|---|', ...body].join('\n');
}

function rowsOf(parent: string, command: Command): readonly string[] {
  const name = `${parent} ${command.name()}`;
  const argumentsOf = command.registeredArguments.map((one) => ({ form: shown(one.name(), one.required, one.variadic), help: one.description, fallback: '' }));
  const options = command.options.map((one) => ({
    form: one.flags,
    help: one.description,
    fallback: one.mandatory && one.defaultValue === undefined ? 'required' : String(one.defaultValue ?? ''),
  }));
  const own = [...argumentsOf, ...options].map(
    ({ form, help, fallback }) => `| \`${name}\` | \`${escaped(form)}\` | ${fallback === '' ? '' : quoted(fallback)} | ${escaped(help)} |`,
  );
  return [...own, ...command.commands.flatMap((inner) => rowsOf(name, inner))];
}

function shown(name: string, isRequired: boolean, isVariadic: boolean): string {
  const form = `${name}${isVariadic ? '...' : ''}`;
  return isRequired ? `<${form}>` : `[${form}]`;
}

function quoted(value: string): string {
  return value === 'required' || value === 'none' ? value : `\`${value}\``;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
