/** Everything in the help has its words, an account is named the same way everywhere, and commander's own refusals look like all others. */
import type { Command } from 'commander';
import { EXAMPLES } from './examples';
import { allCommands, createProgram } from './program';

const program = createProgram([]);
const commands = [program, ...allCommands(program)];
const pathOf = (command: Command): string => (command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim());

test.each(commands.map((command) => [pathOf(command), command] as const))('"%s": description, arguments and options are described', (_, command) => {
  expect(command.description()).not.toBe('');
  expect(command.registeredArguments.filter((argument) => argument.description === '').map((argument) => argument.name())).toEqual([]);
  expect(command.options.filter((option) => option.description === '').map((option) => option.long)).toEqual([]);
});

test('an account is an argument or --number wherever one is asked for', () => {
  const about = commands.filter(
    (command) => command.registeredArguments.some((argument) => argument.name() === 'number') || command.options.some((option) => option.long === '--number'),
  );
  expect(about.map(pathOf).sort()).toEqual([
    ...['account close', 'account create', 'account freeze', 'account get', 'account statement', 'account unfreeze', 'payment list'],
  ]);
  for (const command of about) {
    expect(command.registeredArguments.map((argument) => argument.name())).toEqual(['number']);
    expect(command.options.map((option) => option.long)).toContain('--number');
  }
});

async function refusal(args: readonly string[]): Promise<string> {
  const refusing = createProgram(args);
  let said = '';
  for (const command of [refusing, ...allCommands(refusing)]) command.configureOutput({ writeErr: (text) => (said += text) });
  await expect(refusing.parseAsync(['node', 'mas-client', ...args])).rejects.toThrow();
  return said;
}

test.each<[readonly string[], RegExp]>([
  [['acount', 'get'], /unknown command 'acount'/],
  [['payment', 'create', '--frmo', 'x'], /unknown option '--frmo'/],
  [['payment', 'authorize', '--from', 'x'], /required option '--amount <amount>' not specified/],
  [['payment', 'get'], /missing required argument 'id'/],
])('%p: one line, or with --json one document', async (args, message) => {
  expect(await refusal(args)).toMatch(/^mas-client: [^\n]+\n$/);
  expect(await refusal(args)).toMatch(message);
  expect(JSON.parse(await refusal([...args, '--json']))).toEqual({ error: { reason: 'USAGE', message: expect.stringMatching(message) as unknown } });
});

test('a token in the wrong place is not repeated', async () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoib3BlcmF0b3IifQ.c2lnbmF0dXJl';
  for (const args of [[token], ['account', 'get', 'x', `--tokne=${token}`], ['account', token], ['payment', 'get', 'x', token]])
    expect(await refusal(args)).not.toContain(token.slice(0, 20));
});

test('every command has an example, which is a right command line of it', () => {
  const leaves = commands.filter((command) => command.commands.length === 0);
  expect(leaves.map(pathOf).sort()).toEqual(Object.keys(EXAMPLES).sort());
  for (const command of leaves) {
    const words = (EXAMPLES[pathOf(command)] ?? '').match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
    const { operands, unknown } = command.parseOptions(words);
    expect([pathOf(command), unknown]).toEqual([pathOf(command), pathOf(command) === 'repl' || unknown.length === 0 || unknown[0] === '--json' ? unknown : []]);
    expect(operands.length).toBeGreaterThanOrEqual(command.registeredArguments.filter(({ required }) => required).length);
    for (const { mandatory, attributeName } of command.options.map((option) => ({ mandatory: option.mandatory, attributeName: option.attributeName() })))
      if (mandatory) expect(command.getOptionValue(attributeName)).toBeDefined();
    expect(command.helpInformation()).toContain('Usage:');
  }
});
