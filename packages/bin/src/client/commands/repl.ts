/** mas-client repl: commands line by line over one connection, on a terminal with history and completion, else from a script. */
import { CommanderError, type Command } from 'commander';
import { EXIT } from '../exit-codes';
import { completions } from '../repl/completer';
import { historyFile, MAX_LINES, readHistory, writeHistory } from '../repl/history';
import { withSession, type Session } from '../session';

type CreateProgram = (args: readonly string[], shared: Session) => Command;

const ENDS = ['exit', 'quit'];

export function addReplCommand(program: Command, createProgram: CreateProgram): void {
  program
    .command('repl')
    .description('commands line by line over one connection; also from a script: mas-client repl < commands')
    .action(withSession(program, (session) => repl(session, createProgram)));
}

/** On a terminal it ends well; a script ends with the exit code of its first command that failed. */
async function repl(session: Session, createProgram: CreateProgram): Promise<void> {
  const [{ createInterface }, { parseArgsStringToArgv }] = await Promise.all([import('node:readline'), import('string-argv')]);
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const file = historyFile(process.env);
  const lines = createInterface({
    ...{ input: process.stdin, output: process.stdout, terminal, prompt: terminal ? 'mas> ' : '' },
    ...{ historySize: MAX_LINES, removeHistoryDuplicates: true, history: terminal ? readHistory(file) : [] },
    completer: (line: string) => completions(createProgram([], session), line),
  });
  if (terminal) lines.on('history', (newestFirst) => writeHistory(file, newestFirst));
  let failed: number | undefined;
  lines.prompt();
  for await (const line of lines) {
    const args = parseArgsStringToArgv(line.trim());
    if (ENDS.includes(args[0] ?? '')) break;
    const code = args.length === 0 || line.trim().startsWith('#') ? EXIT.ok : await runLine(session, args, createProgram);
    if (code !== EXIT.ok) failed ??= code;
    lines.prompt();
  }
  lines.close();
  process.exitCode = terminal ? EXIT.ok : (failed ?? EXIT.ok);
}

/** What went wrong has been said. */
async function runLine(session: Session, args: readonly string[], createProgram: CreateProgram): Promise<number> {
  process.exitCode = EXIT.ok;
  const words = session.output.json ? ['--json', ...args] : args;
  try {
    await createProgram(words, session).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 || error.code === 'commander.help' ? EXIT.ok : EXIT.usage;
  }
  return Number(process.exitCode);
}
